"""The laboratory: runs of the plane trained step by step while somebody looks at every part."""
