"""Anomaly detectors, for rows of numbers and for images."""
