"""Recipes for rows of tables."""
