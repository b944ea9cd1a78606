"""Where drawings come from: ``.strokes`` files, or spirals that are drawn here."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.blank import Blank
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan_strokes.space import StrokeSpace


@dataclass(frozen=True)
class Strokes:
    """The drawings to learn from."""

    data: Any = "spirals"
    """spirals, or a .strokes file. In Python also an array (n, steps, 2), or a Blank."""

    def open(self, *, batch: int, seed: int = 0) -> Samples:
        """The drawings, shuffled by ``seed`` and cut into batches."""
        if isinstance(self.data, Blank):
            return Samples(self.data, self.data.space, batch=batch, seed=seed)
        raw = self.data if isinstance(self.data, np.ndarray) else read(self.data)
        return Samples(ArraySource(raw), StrokeSpace(raw.shape[1]), batch=batch, seed=seed)


def read(data: str | Path) -> NDArray[np.float32]:
    """The drawings of that name or file, ``(n, steps, 2)``."""
    if data == "spirals":
        return spirals(512, 16)
    if not str(data).endswith(".strokes"):
        raise ValueError(f"{data} is no .strokes file: expected spirals, or one")
    try:
        raw = np.array([json.loads(line) for line in Path(data).read_text("utf-8").splitlines()], np.float32)
    except ValueError as error:
        raise ValueError(f"{data} does not hold drawings of one length ({error})") from None
    if raw.ndim != 3 or raw.shape[2] != 2 or not np.isfinite(raw).all():
        raise ValueError(f"{data} holds {raw.shape}, not (drawings, steps, 2) finite numbers")
    return raw


def spirals(n: int, steps: int) -> NDArray[np.float32]:
    """Spirals about the middle, each with a size, a beginning and a number of turns of its own."""
    rng = np.random.default_rng(0)
    size, begin, turns = rng.uniform((0.3, 0, 0.7), (0.5, 6.28, 1.3), (n, 3)).T[:, :, None]
    way = np.linspace(0, 1, steps)
    angle = begin + 2 * np.pi * turns * way
    return (0.5 + size * way * np.stack([np.cos(angle), np.sin(angle)])).transpose(1, 2, 0).astype(np.float32)
