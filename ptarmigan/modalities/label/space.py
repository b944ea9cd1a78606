"""Label maps: for every pixel, the number of its class."""

from __future__ import annotations

import colorsys
import io
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptarmigan.modalities.image.raster import RasterSpace

GOLDEN = 0.618033988749895
SHARP = 5.0
"""What outputs, from -1 to 1, are multiplied by to be logits."""


@dataclass(frozen=True)
class LabelSpace(RasterSpace):
    """Maps of ``height`` × ``width`` class numbers; raw is ``(n, height, width, 1)`` uint8.

    Encoded they have a channel for each of the ``labels`` classes: 1 where a pixel is of that class, else -1.
    Where files mean by the number ``void`` that a pixel is of no class, its raw number is ``labels``, all of
    its channels are -1, and it is neither learnt nor counted; networks make no such pixels.
    People see each class in a colour of ``palette`` (red, green and blue of every class, one after another),
    or in one of its own where that is empty.

    Files name a class by its own number, or by another of ``numbers`` (such as 0 and 255 for two classes),
    or, where ``by_colour``, by its colour alone.
    """

    smooth: ClassVar[bool] = False  # between two classes there is nothing

    height: int
    width: int
    labels: int
    palette: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()
    by_colour: bool = False
    classes: tuple[str, ...] = ()
    void: int | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Classes, height, width."""
        return self.labels, self.height, self.width

    @property
    def words(self) -> str:
        """``label maps of 28×28 with 10 classes``."""
        return f"label maps of {self.height}×{self.width} with {self.labels} classes"

    @property
    def raw_shape(self) -> tuple[int, int, int]:
        """Height, width, and one number."""
        return self.height, self.width, 1

    def distance(self, generated: Tensor, target: Tensor) -> Tensor:
        """The cross-entropy of outputs from -1 to 1, a channel for each class, against label maps.

        Pixels that are of no class have no part in it. L1 would be minimised by the median of labels, which
        knows no rare class.
        """
        void = target.amax(1) < 0
        found = F.cross_entropy(SHARP * generated, target.argmax(1), reduction="none")
        return found.masked_fill(void, 0).sum() / (~void).sum().clamp(min=1)

    @property
    def colours(self) -> NDArray[np.uint8]:
        """The colour of every class, ``(labels, 3)``."""
        if self.palette:
            return np.array(self.palette, np.uint8).reshape(-1, 3)
        return distinct(self.labels)

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """``(n, height, width, 1)`` class numbers to ``(n, labels, height, width)`` of 1 and -1.

        Raises:
            ValueError: a number is no class.
        """
        if raw.size and int(raw.max()) >= self.labels + (self.void is not None):
            raise ValueError(f"a label map holds class {int(raw.max())}, but there are {self.labels} classes")
        x = np.equal(raw, np.arange(self.labels, dtype=raw.dtype)).astype(np.float32)
        x *= 2
        x -= 1
        return torch.from_numpy(x).permute(0, 3, 1, 2)

    def decoded(self, x: Tensor) -> Tensor:
        """The likeliest class of every pixel."""
        return x.float().argmax(1, keepdim=True).permute(0, 2, 3, 1).to(torch.uint8)

    def pixels(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Maps in the colours of their classes, ``(n, height, width, 3)`` uint8."""
        nothing = np.zeros((1, 3), np.uint8)
        painted: NDArray[np.uint8] = np.concatenate([self.colours, nothing])[raw[..., 0]]
        return painted

    def png(self, raw: NDArray[Any]) -> bytes:
        """One map as a PNG of the numbers that files have: grey, or with the palette where there is one."""
        file = io.BytesIO()
        self.picture(raw).save(file, "PNG")
        return file.getvalue()

    def picture(self, labels: NDArray[Any]) -> Image.Image:
        """One map ``(height, width, 1)`` as its file would hold it."""
        known = self.numbers or tuple(range(self.labels))
        numbers = np.array(known if self.void is None else (*known, self.void))
        stored = numbers[labels[..., 0]]
        if stored.size == 0 or numbers.max() > 255:
            return Image.fromarray(stored.astype(np.uint16))
        image = Image.fromarray(stored.astype(np.uint8))
        if self.palette:
            colours = np.zeros((256, 3), np.uint8)
            colours[list(known)] = self.colours
            image.putpalette(colours.tobytes())
        return image


def distinct(n: int) -> NDArray[np.uint8]:
    """``n`` colours that are told apart: hues by the golden angle, the first one nearly black."""
    hues = [
        colorsys.hsv_to_rgb((i * GOLDEN) % 1, 0.45 + 0.4 * (i % 2), 0.95 - 0.25 * (i % 3)) for i in range(n)
    ]
    colours = (np.array(hues).reshape(-1, 3) * 255).round().astype(np.uint8)
    colours[:1] = 30
    return colours
