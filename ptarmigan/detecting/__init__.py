"""What detectors are asked about, and what of it they find abnormal."""
