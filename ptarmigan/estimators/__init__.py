"""Adversarial learning behind the interfaces of scikit-learn and of those who follow it."""
