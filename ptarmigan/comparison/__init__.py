"""Runs side by side: which of their differences are differences, and which are chance."""
