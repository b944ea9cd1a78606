"""HTTP: who may ask, and a trained run that answers; the studio stands behind the same guards."""
