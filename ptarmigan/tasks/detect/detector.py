"""The game of detection: players that have seen normal samples say how abnormal others are."""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from ptarmigan.core.game import Game
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator

Maker: TypeAlias = PointGenerator | DCGANGenerator
"""A network that makes samples of latents."""
Critic: TypeAlias = PointDiscriminator | DCGANDiscriminator
"""A network of scores that has features."""


class Detector(Game):
    """A game that scores samples by how little they are like those it was trained on.

    All networks that a score needs are named in ``averaged``.

    Attributes:
        remembered: training samples, at most, from whose scores thresholds are taken.
    """

    remembered: int = 2_048

    @abstractmethod
    def abnormality(self, x: Float[Tensor, "batch *sample"]) -> Float[Tensor, " batch"]:
        """How abnormal each sample is: higher is more so, in units of the game's own.

        It is asked in evaluation mode. What a sample gets is a function of the sample alone; a search that
        wants noise draws it for one sample, and begins with the same for all.
        """

    def where(self, x: Float[Tensor, "batch *sample"]) -> Float[Tensor, "batch height width"] | None:
        """How abnormal every pixel of images is; None where the game cannot say."""
        return None


def beside(
    a: Float[Tensor, "batch first *sides"], b: Float[Tensor, "batch second *sides"]
) -> Float[Tensor, "batch both *sides"]:
    """Two vectors of each sample as one, or two images as one of all their channels."""
    return torch.cat([a, b], 1)


def pixels_apart(
    x: Float[Tensor, "batch *sample"], again: Float[Tensor, "batch *sample"]
) -> Float[Tensor, "batch height width"] | None:
    """The squared distance of every pixel from what was made instead, over the channels; of rows None."""
    return (x - again).square().mean(1) if x.dim() == 4 else None
