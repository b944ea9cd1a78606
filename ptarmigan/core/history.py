"""A buffer of generated samples, for the discriminator."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.game import State

Pictures = Float[Tensor, "batch *shape"]


class History(nn.Module):
    """The last generated samples: the discriminator's turn reads them, so that none is generated twice.

    Where it keeps more than a batch, half of what is read is drawn from all that are kept: a discriminator
    that is trained on earlier samples too oscillates less (Shrivastava et al. 2017, arXiv 1612.07828; the
    image pool of CycleGAN). All ranks keep the same samples.

    Args:
        batch: samples that are generated in a turn, over all ranks and micro-batches.
        shape: of one sample.
        size: how many are kept; at least the last batch.
    """

    def __init__(self, batch: int, shape: tuple[int, ...], size: int = 0) -> None:
        super().__init__()
        self.batch, self.size = batch, max(size, batch)
        self.samples = State(torch.zeros(self.size, *shape), pushed, torch.zeros(batch, *shape))
        self.filled = State(torch.zeros(()), lambda filled, new: (filled + new).clamp(max=self.size))

    def note(self, generated: Pictures) -> None:
        """Keep this shard's generated samples, once the turn ends."""
        shards = self.batch // len(generated)
        whole = torch.zeros_like(self.samples.total)
        rows = shards * generated.detach().to(whole.dtype)  # so that the mean over shards is all of them
        whole[noise.places(len(generated))] = rows
        self.samples.note(whole)
        self.filled.note(self.filled.value.new_tensor(float(self.batch)))

    def forward(self, n: int) -> Pictures:
        """The last generated samples of this shard's ``n``, or earlier ones of any shard."""
        kept = self.samples.value
        newest = self.size - self.batch + noise.places(n)
        if self.size == self.batch:
            return kept[newest]
        again, age = noise.uniform(n, 2).to(kept.device).unbind(1)
        older = self.size - 1 - (age * self.filled.value.clamp(min=1)).long()
        return kept[torch.where(again < 0.5, older, newest)]


def pushed(kept: Pictures, new: Float[Tensor, "new *shape"]) -> Pictures:
    """The kept samples with the new ones at the end; the oldest are dropped."""
    return torch.cat([kept[len(new) :], new])
