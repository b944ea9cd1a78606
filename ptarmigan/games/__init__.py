"""Games that several variants share."""
