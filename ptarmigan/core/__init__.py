"""The engine's parts that stand on torch alone."""
