"""Strokes: a pen's path over paper, as so many steps."""

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
from ptarmigan.media.pictures import grid

SIDE = 64
"""Pixels of one drawing's side in a picture."""


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

    def planes(self, x: Tensor) -> Tensor:
        """Coordinates are channels, steps are places."""
        return x.transpose(1, 2)

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
