"""Recipes of videos."""
