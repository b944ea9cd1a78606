"""Detection: networks that learnt from normal samples score how anomalous others are."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ptarmigan.core.game import Game
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator
from ptarmigan.tasks.detect.scores import scored
from ptarmigan.tasks.generate import Generate

QUANTILES = 1_001
"""That the weights file remembers of the anomaly scores of training samples."""

Maker: TypeAlias = PointGenerator | DCGANGenerator
"""A network that makes samples of latents."""
Critic: TypeAlias = PointDiscriminator | DCGANDiscriminator
"""A network of scores that has features."""


class Detect(Generate):
    """Generation, and thresholds from the anomaly scores of training samples."""

    def described(self, game: Game) -> dict[str, Any]:
        """Also how anomalous the game finds what it was trained on, from the least to the most."""
        assert isinstance(game, Detector)
        samples = self.samples
        some = np.linspace(0, len(samples) - 1, min(len(samples), game.remembered)).astype(np.int64)
        raw = samples.source.read(some)
        scores = scored(game.abnormality, game, self.space, raw, precision=self.precision)
        quantiles = np.quantile(scores, np.linspace(0, 1, QUANTILES)).tolist()
        return {**super().described(game), "abnormality": quantiles}


class Detector(Game):
    """A game that scores samples by how little they are like those it was trained on.

    All networks that a score needs are named in ``averaged``.

    Attributes:
        remembered: training samples, at most, from whose scores thresholds are taken.
    """

    task = Detect
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
