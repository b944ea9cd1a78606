"""Files of pictures through a trained translation."""
