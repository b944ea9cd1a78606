"""A page for people, on this machine and without a network: runs, training as it goes on, comparison."""
