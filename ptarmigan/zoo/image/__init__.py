"""Images from many examples."""
