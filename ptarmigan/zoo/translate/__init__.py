"""Translations: recipes whose samples are made from inputs."""
