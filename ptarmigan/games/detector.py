"""The game of detection: players that have seen normal samples say how abnormal others are."""

from __future__ import annotations

from abc import abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor

from ptarmigan.game import Game


class Detector(Game):
    """A game that scores samples by how little they are like those it was trained on.

    All networks that a score needs are named in ``averaged``.
    """

    @abstractmethod
    def abnormality(self, x: Float[Tensor, "batch *sample"]) -> Float[Tensor, " batch"]:
        """How abnormal each sample is: higher is more so, in units of the game's own.

        It is asked in evaluation mode. What a sample gets is a function of the sample alone; a search that
        wants noise draws it for one sample, and begins with the same for all.
        """

    def where(self, x: Float[Tensor, "batch *sample"]) -> Float[Tensor, "batch height width"] | None:
        """How abnormal every pixel of images is; None where the game cannot say."""
        return None


def beside(a: Float[Tensor, "batch first"], b: Float[Tensor, "batch second"]) -> Float[Tensor, "batch both"]:
    """Two vectors of each sample as one."""
    return torch.cat([a, b], 1)
