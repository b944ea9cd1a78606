"""Detection of anomalies."""
