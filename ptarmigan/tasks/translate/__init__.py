"""Translation of pictures."""
