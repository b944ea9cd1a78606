"""Tuning: the options of a recipe with the best score, by successive halving over runs that go on."""
