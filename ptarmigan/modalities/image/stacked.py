"""Stacked MNIST: three digits as red, green and blue, so 1,000 modes to find, all of them known."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.permutation import Indices
from ptarmigan.data.samples import Source
from ptarmigan.modalities.image.arrays import Opened
from ptarmigan.modalities.image.space import ImageSpace

NAME = "stacked-mnist"
CHANNELS = 3
TRAIN, HELD_OUT = 128_000, 26_000
"""As many as VEEGAN trained on and judged (Srivastava et al. 2017, arXiv 1705.07761), and PacGAN after it."""


class Stacked:
    """Colour images whose channels are images of one channel, drawn at random; stacked as they are read.

    The class of a stack is the number that its channels' classes are the digits of, red first.

    Args:
        digits: the images of one channel, with classes.
        n: how many stacks.
        part: names the draw.

    Raises:
        ValueError: the images have no classes.

    Attributes:
        digits: the same.
        frequencies: how often each class is among them, of shape (classes,).
    """

    def __init__(self, digits: Source, n: int, part: str) -> None:
        if digits.labels is None or len(digits) == 0:
            raise ValueError("only images with classes can be stacked")
        self.digits = digits
        self.picks = np.random.default_rng(key(NAME, part)).integers(len(digits), size=(n, CHANNELS))
        base = len(digits.classes)
        self.frequencies = np.bincount(digits.labels, minlength=base)
        self.labels: Indices = digits.labels[self.picks] @ (base ** np.arange(CHANNELS)[::-1])
        self.classes = tuple("".join(names) for names in product(digits.classes, repeat=CHANNELS))

    def __len__(self) -> int:
        return len(self.picks)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The stacks at ``indices``, ``(n, height, width, 3)``."""
        picked = self.digits.read(self.picks[indices].ravel())
        return picked.reshape(len(indices), CHANNELS, *picked.shape[1:3]).transpose(0, 2, 3, 1)


def stacked(digits: Opened) -> Opened:
    """Stacks of opened images: those for training of training images, those held out of others.

    PacGAN draws from both together (Lin et al. 2018, arXiv 1712.04086, section 4.2); digits that no
    generator has seen are worth more than 10,000 more of them.
    """
    source, space, held_out = digits
    train, other = Stacked(source, TRAIN, "train"), Stacked(held_out or source, HELD_OUT, "held out")
    return train, ImageSpace(space.height, space.width, CHANNELS, space.bits, train.classes), other
