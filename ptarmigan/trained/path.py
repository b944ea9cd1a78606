"""The perceptual path length of a trained generator, as a score."""

from __future__ import annotations

from ptarmigan.core.game import Game
from ptarmigan.data.permutation import Indices
from ptarmigan.metrics.features import Features, TensorFeatures
from ptarmigan.metrics.measure import Scale
from ptarmigan.metrics.panel import Score
from ptarmigan.metrics.path import flatten, path_length

PATH = "path"
"""The measure of a generator itself, not of samples."""
STEPS = 10_000
"""Steps of a path length, at most."""


def path_score(game: Game, features: Features, classes: Indices | None, n: int, seed: int) -> Score:
    """The perceptual path length of a game, in features that take encoded samples, else in their values.

    Args:
        game: generates samples from latents.
        features: of the samples.
        classes: of the samples ``(n,)``, or None.
        n: how many steps.
        seed: the random seed.
    """
    network, name = flatten, "pixels"
    if isinstance(features, TensorFeatures):
        network, name = features.of_encoded, features.name
    found = path_length(
        game.sample,
        game.latent,
        n=n,
        features=network,
        classes=classes,
        seed=seed,
        device=next(game.parameters()).device,
    )
    scale = Scale("perceptual path length", "squared features", True)
    said = f"features {name}; {n:,} steps on great circles in z; seed {seed}"
    return Score(scale, found, None, {}, said)
