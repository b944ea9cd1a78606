"""Recipes of drawings."""
