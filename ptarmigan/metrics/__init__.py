"""How good samples are: features of them, statistics of those, and distances between statistics."""
