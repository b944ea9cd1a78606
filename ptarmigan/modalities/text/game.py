"""Games whose generator is a language model: what samples are drawn by, and its likelihood."""

from __future__ import annotations

import torch
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms
from ptarmigan.modalities.text.nets import LanguageModel
from ptarmigan.modalities.text.tokens import PAD


class LanguageGame(Game):
    """Sentences of a language model, whose latent is one number a token."""

    def __init__(self, generator: LanguageModel) -> None:
        super().__init__()
        self.generator, self.latent = generator, generator.latent

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z, c)."""
        return torch.as_tensor(self.generator(z, c))

    def fake(self, batch: Batch) -> Tensor:
        """As many sentences, of the same classes, drawn without gradients: numbers of tokens."""
        return self.sample(noise.normal(len(batch.x), self.latent), batch.c).long()

    def log_likelihood(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """Log p of every token and of the end, NaN at padding."""
        ids = x.long()
        return self.generator.log_probabilities(ids, c).masked_fill(ids == PAD, torch.nan)

    def likelihood_loss(self, batch: Batch) -> Terms:
        """−E[log p(x)], in nats a sentence."""
        return {"likelihood": -self.generator.log_probabilities(batch.x.long(), batch.c).sum(1).mean()}
