"""Drawings of a pen: what one is, and where they come from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from ptarmigan import Space
from ptarmigan.data.blank import Blank
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.media.pictures import grid

SIDE = 64  # pixels of one drawing's side in a picture


@dataclass(frozen=True)
class StrokeSpace(Space):
    """Drawings of ``steps`` points; raw is ``(n, steps, 2)`` float32, x and y from 0 to 1."""

    steps: int
    classes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Steps and coordinates."""
        return self.steps, 2

    @property
    def words(self) -> str:
        """``drawings of 16 points``."""
        return f"drawings of {self.steps} points"

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """Coordinates from -1 to 1."""
        return torch.from_numpy(2 * np.asarray(raw, np.float32) - 1)

    def decode(self, x: Tensor) -> NDArray[Any]:
        """The inverse of ``encode``, on the paper."""
        return ((x.detach().float().cpu().numpy() + 1) / 2).clip(0, 1)

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write ``drawings.strokes`` under ``path``: a drawing a line, as a JSON list of points."""
        path.mkdir(parents=True, exist_ok=True)
        with open(path / "drawings.strokes", "a" if first else "w", encoding="utf-8") as file:
            file.writelines(json.dumps(drawing.tolist()) + "\n" for drawing in raw)

    def render(self, raw: NDArray[Any], real: Any = None, surface: Any = None) -> Image.Image:
        """A grid of the first drawings."""
        pictures = [Image.new("L", (SIDE, SIDE), "white") for _ in raw[:64]]
        for picture, drawing in zip(pictures, raw, strict=False):
            ImageDraw.Draw(picture).line([tuple(point) for point in (SIDE - 1) * drawing], "black", 2)
        return grid(np.stack([np.asarray(picture)[:, :, None] for picture in pictures]))


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
    try:
        raw = np.array([json.loads(line) for line in Path(data).read_text("utf-8").splitlines()], np.float32)
    except ValueError as error:
        raise ValueError(f"{data} does not hold drawings of one length ({error})") from None
    if raw.ndim != 3 or raw.shape[2] != 2 or not np.isfinite(raw).all():
        raise ValueError(f"{data} holds {raw.shape}, not (drawings, steps, 2) finite numbers")
    return raw


def spirals(n: int, steps: int) -> NDArray[np.float32]:
    """Spirals about the middle, each with a size, a beginning and a number of turns of its own."""
    sizes = np.random.default_rng(0).uniform((0.3, 0, 0.7), (0.5, 6.28, 1.3), (n, 3))
    size, begin, turns = sizes.T[:, :, None]
    angle = begin + 2 * np.pi * turns * (way := np.linspace(0, 1, steps))
    return (0.5 + size * way * np.stack([np.cos(angle), np.sin(angle)])).transpose(1, 2, 0).astype(np.float32)
