"""Detectors of anomalies, among rows of numbers and among images."""
