"""Scores of samples, and comparisons of runs."""
