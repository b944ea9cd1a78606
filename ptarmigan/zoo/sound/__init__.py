"""Recipes of sounds."""
