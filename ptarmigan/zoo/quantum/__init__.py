"""Circuits that generate: a quantum GAN, the same circuit without an adversary, and patches of pictures."""
