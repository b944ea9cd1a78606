"""The step of training, the loop, and the run's folder."""
