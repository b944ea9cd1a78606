"""Image-to-image translation."""
