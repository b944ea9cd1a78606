"""Anomaly scores of raw samples, independent of the other samples to the bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.data.space import Space

CHUNK = 256
"""The batch size. Fixed, and the last chunk is padded, because the rounding of a matrix product depends on
the number of its rows."""


@torch.no_grad()
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
        x = space.encode(whole).to(device, torch.get_default_dtype())
        noise.at(seed, "abnormality", device=device)
        with torch.autocast(device.type, precision, enabled=precision is not None):
            scores = score(x)
        found.append(scores.double().cpu().numpy()[: len(some)])
    return np.concatenate(found)
