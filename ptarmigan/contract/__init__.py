"""The contracts of recipes and of modalities: tests that all must pass."""
