"""Rows of numbers: detectors of those that are not like the others."""
