"""Discriminators of pairs whose parts may differ in shape."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.mlp import PointDiscriminator


class PairDiscriminator(nn.Module):
    """A discriminator of pairs: a network for each part, and one for their concatenated outputs.

    Args:
        first: from the first part to a vector; ``nn.Identity`` where it is one.
        second: from the second part to a vector.
        both: from the two vectors, concatenated, to a score.
    """

    def __init__(self, first: nn.Module, second: nn.Module, both: PointDiscriminator) -> None:
        super().__init__()
        self.first, self.second, self.both = first, second, both

    def features(self, a: Float[Tensor, "batch *one"], b: Float[Tensor, "batch *other"]) -> Tensor:
        """The last hidden layer, ``(batch, feature)``."""
        return self.both.features(self.concatenated(a, b))

    def forward(
        self, a: Float[Tensor, "batch *one"], b: Float[Tensor, "batch *other"]
    ) -> Float[Tensor, " batch"]:
        """Raw scores."""
        return torch.as_tensor(self.both(self.concatenated(a, b)))

    def concatenated(self, a: Tensor, b: Tensor) -> Tensor:
        """The vectors of both parts, concatenated."""
        return torch.cat([self.first(a), self.second(b)], 1)
