"""What one sample is: a folder for each kind of data."""
