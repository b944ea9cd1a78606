"""The step, the loop, and what a run's folder holds."""
