"""Detection: networks that learnt from normal samples score how anomalous others are."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.game import Game
from ptarmigan.tasks.detect.scores import scored
from ptarmigan.tasks.generate import Generate

QUANTILES = 1_001
"""That the weights file remembers of the anomaly scores of training samples."""


class Detect(Generate):
    """Generation, and thresholds from the anomaly scores of training samples."""

    def described(self, game: Game) -> dict[str, Any]:
        """Also how anomalous the game finds what it was trained on, from the least to the most."""
        assert isinstance(game, Detector)
        samples = self.samples
        some = np.linspace(0, len(samples) - 1, min(len(samples), game.remembered)).astype(np.int64)
        raw = samples.source.read(some)
        scores = scored(game.anomaly_score, game, self.space, raw, precision=self.precision)
        quantiles = np.quantile(scores, np.linspace(0, 1, QUANTILES)).tolist()
        return {**super().described(game), "abnormality": quantiles}


class Detector(Game):
    """A game that scores samples by how little they are like those it was trained on.

    All networks that a score needs are named in ``ema``.

    Attributes:
        remembered: training samples, at most, from whose scores thresholds are taken.
    """

    task = Detect
    remembered: int = 2_048
    generator: nn.Module
    encoder: nn.Module

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z); ``c`` is ignored."""
        return torch.as_tensor(self.generator(z))

    @abstractmethod
    def anomaly_score(self, x: Float[Tensor, "batch *sample"]) -> Float[Tensor, " batch"]:
        """How abnormal each sample is: higher is more so, in units of the game's own.

        It is asked in evaluation mode. What a sample gets is a function of the sample alone; a search that
        wants noise draws it for one sample, and begins with the same for all.
        """

    def reconstruct(self, x: Float[Tensor, "batch *sample"]) -> Float[Tensor, "batch *sample"]:
        """G(E(x)), samples as the networks reconstruct them."""
        return torch.as_tensor(self.generator(self.encoder(x)))

    def anomaly_map(self, x: Float[Tensor, "batch *sample"]) -> Float[Tensor, "batch height width"] | None:
        """The squared error of every pixel's reconstruction, a mean over channels; None for other samples."""
        return (x - self.reconstruct(x)).square().mean(1) if x.dim() == 4 else None
