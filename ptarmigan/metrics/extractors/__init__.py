"""Networks that others trained, as features: where their weights come from, and how they are shown images."""
