"""What is asked of the judge, for every kind of samples, and how its answers are written."""
