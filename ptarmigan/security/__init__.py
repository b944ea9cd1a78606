"""Who made a sample, and who was trained on: watermarks, detectors, audits of privacy."""
