"""One page for a person: what a run was, how it went and what came out."""
