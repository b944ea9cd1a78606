"""Anomaly scores of raw samples, independent of the other samples to the bit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core.game import Game
from ptarmigan.core.inference import inference
from ptarmigan.data.space import Space

FENCE = 1.5
"""Interquartile ranges above the third quartile from which Tukey calls a number an outlier."""
CHUNK = 256
"""The batch size. Fixed, and the last chunk is padded, because the rounding of a matrix product depends on
the number of its rows."""


def score_in_chunks(
    score: Callable[[Tensor], Tensor],
    game: Game,
    space: Space,
    raw: NDArray[Any],
    *,
    seed: int = 0,
    precision: torch.dtype | None = None,
) -> NDArray[np.float64]:
    """Apply a function of a game in evaluation mode to raw samples, in chunks; ``(n, …)``.

    Args:
        score: of encoded samples: anomaly scores, or anomaly maps.
        game: the networks that it uses.
        space: encodes the samples.
        raw: the samples, one a row.
        seed: of the noise of a game that searches: the same for all samples.
        precision: the dtype of autocast, or None.
    """
    device = next(game.parameters()).device
    found = []
    for start in range(0, len(raw), CHUNK):
        some = raw[start : start + CHUNK]
        whole = np.concatenate([some, np.repeat(some[-1:], CHUNK - len(some), axis=0)])
        with inference(game, seed, "abnormality", samples=CHUNK, precision=precision):
            scores = score(space.encode(whole).to(device, torch.get_default_dtype()))
        found.append(scores.double().cpu().numpy()[: len(some)])
    return np.concatenate(found)


def check_contamination(value: Any) -> None:
    """See that a threshold can be set so.

    Raises:
        ValueError: it is neither a fraction above 0 and at most 0.5, nor ``"auto"``.
    """
    if isinstance(value, str) and value == "auto":
        return
    if not isinstance(value, float | np.floating) or not 0 < value <= 0.5:
        raise ValueError(f"contamination is above 0 and at most 0.5, or 'auto', not {value!r}")


def fence(scores: Sequence[float] | NDArray[np.float64]) -> float:
    """The threshold that scores set themselves: Tukey's upper fence (1977, "Exploratory data analysis")."""
    low, high = np.quantile(scores, [0.25, 0.75])
    return float(high + FENCE * (high - low))
