"""Measures of samples: features, statistics of features, and distances between statistics."""
