"""Whether a GAN's samples of a rare class help a classifier."""
