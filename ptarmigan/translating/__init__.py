"""Pictures of any size and kind through a trained translation."""
