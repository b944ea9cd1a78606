"""Text GANs, and maximum likelihood beside them."""
