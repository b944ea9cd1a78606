"""Anomaly detectors: games that are trained on normal samples and score how anomalous others are."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.game import Game
from ptarmigan.tasks.detect.scores import score_in_chunks
from ptarmigan.tasks.generate import Generate

QUANTILES = 1_001
"""Quantiles of the training samples' anomaly scores in the weights file."""


class Detect(Generate):
    """Generation, and thresholds from the anomaly scores of training samples."""

    use = "detect"

    def described(self, game: Game) -> dict[str, Any]:
        """Also the quantiles of the training samples' anomaly scores."""
        assert isinstance(game, Detector)
        samples = self.samples
        some = np.linspace(0, len(samples) - 1, min(len(samples), game.remembered)).astype(np.int64)
        raw = samples.source.read(some)
        scores = score_in_chunks(game.anomaly_score, game, self.space, raw, precision=self.precision)
        quantiles = np.quantile(scores, np.linspace(0, 1, QUANTILES)).tolist()
        return {**super().described(game), "abnormality": quantiles}


class Detector(Game):
    """A game with an anomaly score for each sample.

    All networks that a score needs are named in ``ema``.

    Attributes:
        remembered: training samples whose scores give the thresholds, at most.
        searches: a score is found by a search down gradients.
    """

    task = Detect
    remembered: int = 2_048
    searches: bool = False
    generator: nn.Module
    encoder: nn.Module

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z); ``c`` is ignored."""
        return torch.as_tensor(self.generator(z))

    @abstractmethod
    def anomaly_score(self, x: Float[Tensor, "batch *sample"]) -> Float[Tensor, " batch"]:
        """The anomaly score of each sample, ``(n,)``: higher is more anomalous, in units of the game.

        It is called in evaluation mode. The score is a function of the sample alone; a search that needs
        noise uses the same for all samples.
        """

    def reconstruct(self, x: Float[Tensor, "batch *sample"]) -> Float[Tensor, "batch *sample"]:
        """G(E(x)), the reconstructions of samples."""
        return torch.as_tensor(self.generator(self.encoder(x)))

    def anomaly_map(self, x: Float[Tensor, "batch *sample"]) -> Float[Tensor, "batch height width"] | None:
        """The squared reconstruction error of every pixel, a mean over channels; None for other samples."""
        return (x - self.reconstruct(x)).square().mean(1) if x.dim() == 4 else None
