"""Attacks by which an outsider guesses whether a sample was trained on: a score for every sample.

Scores are higher for members. The two sets are shuffled into the same batches and networks are in evaluation
mode: an attack that scores members and others apart reads the statistics of its own batches.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core.game import Game
from ptarmigan.core.inference import inference
from ptarmigan.data.permutation import permute
from ptarmigan.metrics.search import nearest
from ptarmigan.security.rates import Scores

BATCH = 64
COMPONENTS = 40
"""Principal components in which samples are compared, at most (PoPETs 2019)."""
BLOCK = 256
DISCRIMINATOR, NEAREST, MONTE_CARLO = "discriminator's score", "nearest generated", "Monte-Carlo"
CALIBRATED = "nearest generated, calibrated by a reference"

Discriminate = Callable[[Tensor, Tensor | None], Tensor]
Vectors = NDArray[np.float64]


def by_discriminator(game: Game, x: Tensor, c: Tensor | None) -> Scores | None:
    """The discriminator's scores, in mixed batches: Hayes et al. 2019 (LOGAN), arXiv 1705.07663.

    Args:
        game: in evaluation mode.
        x: encoded samples, members and others.
        c: their conditions, where the discriminator takes any.

    Returns:
        None where no discriminator scores single samples.
    """
    order, found = permute(np.arange(len(x)), len(x), "audit", "mixed"), np.zeros(len(x))
    device = next(game.parameters()).device
    for start in range(0, len(x), BATCH):
        rows = np.take(order, np.arange(start, start + BATCH), mode="wrap")
        with inference(game, 0, "audit", samples=BATCH):
            scores = game.discriminate(x[rows].to(device), None if c is None else c[rows].to(device))
        if scores is None:
            return None
        found[rows] = scores.flatten(1).mean(1).double().cpu().numpy() if scores.ndim > 1 else scores.cpu()
    return found


def by_nearest(samples: Vectors, generated: Vectors) -> Scores:
    """Less the distance to the nearest generated sample: Chen et al. 2020 (GAN-Leaks), arXiv 1909.03935."""
    return -nearest(generated, samples)[1][:, 0]


def by_monte_carlo(samples: Vectors, generated: Vectors) -> Scores:
    """The share of generated samples within ε: Hilprecht et al. 2019, PoPETs.

    In principal components of the generated samples; ε is the median of the distances to the nearest one.
    """
    mean = generated.mean(0)
    axes = torch.linalg.svd(torch.from_numpy(generated - mean), full_matrices=False)[2][:COMPONENTS].numpy()
    mine, theirs = (samples - mean) @ axes.T, (generated - mean) @ axes.T
    epsilon = float(np.median(nearest(theirs, mine)[1][:, 0]))
    squares = np.square(theirs).sum(1)
    shares = []
    for start in range(0, len(mine), BLOCK):
        some = mine[start : start + BLOCK]
        apart = np.square(some).sum(1)[:, None] + squares - 2 * some @ theirs.T
        shares.append((apart <= epsilon**2).mean(1))
    return np.concatenate(shares)


def attacks(
    samples: Vectors,
    generated: Vectors,
    reference: Vectors | None,
    scores: Scores | None,
) -> dict[str, Scores]:
    """The scores of every attack that can be made.

    Args:
        samples: embedded members and others.
        generated: embedded samples of the run.
        reference: of a run of the same kind that was trained on neither; its distance is what a sample has by
            being hard or easy to make, and is subtracted.
        scores: the discriminator's.
    """
    near = by_nearest(samples, generated)
    found = {} if scores is None else {DISCRIMINATOR: scores}
    found |= {NEAREST: near, MONTE_CARLO: by_monte_carlo(samples, generated)}
    if reference is not None:
        found[CALIBRATED] = near - by_nearest(samples, reference)
    return found


def tensor_of(labels: NDArray[np.int64] | None) -> Tensor | None:
    """Classes as a tensor."""
    return None if labels is None else torch.from_numpy(labels)
