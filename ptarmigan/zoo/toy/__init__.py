"""The plane: two-dimensional examples whose every sample can be seen."""
