"""What a generator made lately, kept for the discriminator."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.game import State

Pictures = Float[Tensor, "batch *shape"]


class History(nn.Module):
    """The samples made last: a discriminator's turn reads them, so that nothing is made twice.

    Where it keeps more than a batch, half of what is read is any of those kept: a discriminator that does not
    forget what it has seen oscillates less (Shrivastava et al. 2017, arXiv 1612.07828). All ranks keep the
    same samples.

    Args:
        batch: samples that are made in a turn, over all ranks and micro-batches.
        shape: of one.
        size: how many are kept; at least the last batch.
    """

    def __init__(self, batch: int, shape: tuple[int, ...], size: int = 0) -> None:
        super().__init__()
        self.batch, self.size = batch, max(size, batch)
        self.samples = State(torch.zeros(self.size, *shape), pushed, torch.zeros(batch, *shape))
        self.filled = State(torch.zeros(()), lambda filled, new: (filled + new).clamp(max=self.size))

    def note(self, made: Pictures) -> None:
        """Keep what was made of this shard's samples, once the turn ends."""
        shards = self.batch // len(made)
        whole = torch.zeros_like(self.samples.total)
        whole[noise.places(len(made))] = shards * made.detach().to(whole.dtype)  # the mean over shards is all
        self.samples.note(whole)
        self.filled.note(self.filled.value.new_tensor(float(self.batch)))

    def forward(self, n: int) -> Pictures:
        """What was made last of this shard's ``n`` samples, or earlier of any."""
        kept = self.samples.value
        newest = self.size - self.batch + noise.places(n)
        if self.size == self.batch:
            return kept[newest]
        again, age = noise.uniform(n, 2).to(kept.device).unbind(1)
        older = self.size - 1 - (age * self.filled.value.clamp(min=1)).long()
        return kept[torch.where(again < 0.5, older, newest)]


def pushed(kept: Pictures, new: Float[Tensor, "new *shape"]) -> Pictures:
    """The latest are last, and the oldest fall out."""
    return torch.cat([kept[len(new) :], new])
