"""Published systems for series."""
