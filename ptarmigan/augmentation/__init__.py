"""Whether making more of a rare class helps to find it, and samples with more of it."""
