"""The likelihood of held-out samples under a game that has one."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan.core.game import Game
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.estimate import TIMES, Estimate, bootstrap
from ptarmigan.metrics.measure import Scale
from ptarmigan.metrics.panel import Score

LIKELIHOOD = "likelihood"
"""The measure of a game itself, not of its samples."""
NLL = "held-out NLL"
MOST, CHUNK = 10_000, 128


@torch.no_grad()
def negative_log_likelihoods(game: Game, samples: Samples, most: int = MOST) -> NDArray[np.float64] | None:
    """−log p of held-out samples, ``(n, 2)``: the sum over a sample's parts, and how many these are.

    None where the game has no likelihood.

    Args:
        game: in evaluation mode.
        samples: the real ones.
        most: how many are looked at.
    """
    source, like = samples.held_out, next(game.parameters())
    rows = np.sort(permute(np.arange(min(most, len(source))), len(source), LIKELIHOOD))
    found = []
    for start in range(0, len(rows), CHUNK):
        some = rows[start : start + CHUNK]
        c = samples.conditions(some, held_out=True)
        logs = game.log_likelihood(
            samples.space.encode(source.read(some)).to(like), None if c is None else c.to(like.device)
        )
        if logs is None:
            return None
        found.append(torch.stack([-logs.nansum(1), (~logs.isnan()).sum(1)], 1).double().cpu().numpy())
    return np.concatenate(found)


def held_out_nll(game: Game, samples: Samples, most: int = MOST) -> dict[str, float]:
    """The mean of −log p over all parts of held-out samples; nothing where there is no likelihood."""
    found = negative_log_likelihoods(game, samples, most)
    return {} if found is None else {NLL: mean(found)}


def likelihood_score(game: Game, samples: Samples) -> Score | None:
    """The same with its error, as a score."""
    found = negative_log_likelihoods(game, samples)
    if found is None:
        return None
    error = bootstrap(lambda rows: mean(found[rows]), len(found), TIMES, 0)
    held_out = "held-out" if samples.held_out is not samples.source else "training"
    words = f"a mean over the parts of {len(found):,} {held_out} samples, at a temperature of 1"
    return Score(Scale(NLL, "nats a part", True), Estimate(mean(found), error), None, {}, words)


def mean(found: NDArray[np.float64]) -> float:
    """The sum over all parts by their number."""
    total, parts = found.sum(0)
    return float(total / max(parts, 1))
