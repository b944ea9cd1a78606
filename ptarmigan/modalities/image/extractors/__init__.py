"""Networks whose features publications compare images in."""
