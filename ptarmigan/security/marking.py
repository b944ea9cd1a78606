"""Learning to hide bits in pictures and to read them again, whatever happens on the way.

As Yu et al. 2021 (arXiv 2007.08457), with an additive mark: bits b in {-1, 1} are hidden as

    x + s Σ b_i P_i / ‖Σ b_i P_i‖,

a sum of learnt patterns P of a fixed strength s, so that nothing is weighed against the quality of pictures.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.security.approximations import some_changes
from ptarmigan.security.key import Decoder, Key

STRENGTH = 0.1
"""The root mean square of a mark, where pictures are in [-1, 1]: 26 decibels below the range."""
BATCH = 64
WHITENED = 2_048
LR = 2e-3

Draw = Callable[[int], Tensor]
"""Step to a batch of pictures without a mark."""


class Marker(nn.Module):
    """Hides bits in pictures.

    Args:
        shape: of the pictures.
        bits: how many.
    """

    def __init__(self, shape: tuple[int, ...], bits: int) -> None:
        super().__init__()
        self.patterns = nn.Parameter(torch.randn(bits, *shape))

    def mark(self, bits: Tensor) -> Tensor:
        """The marks ``(n, *shape)`` of bits ``(n, bits)`` of 0 and 1."""
        summed = torch.einsum("nb,bchw->nchw", 2 * bits - 1, self.patterns)
        size = summed.square().mean((1, 2, 3), keepdim=True).sqrt()
        return STRENGTH * summed / size

    def forward(self, x: Tensor, bits: Tensor) -> Tensor:
        """Pictures with a mark."""
        return (x + self.mark(bits)).clamp(-1, 1)


def learn(
    draw: Draw, bits: Tensor, steps: int, seed: int = 0, tell: Callable[[str], None] = lambda _: None
) -> tuple[Marker, Key]:
    """A marker and the key with its decoder.

    Bits are other ones for each picture: a decoder that only ever saw those of the key would read them
    everywhere.

    Args:
        draw: pictures without a mark.
        bits: of the key.
        steps: of training.
        seed: the random seed.
        tell: is told how far it is.
    """
    first = draw(0)
    shape = first.shape[1], first.shape[2], first.shape[3]
    rng = np.random.default_rng(noise.key(seed, "marking"))
    with noise.isolated():
        noise.at(seed, "marking", "weights")
        marker, decoder = Marker(shape, len(bits)).to(first), Decoder(shape, len(bits)).to(first)
    groups = [
        {"params": marker.parameters(), "lr": 10 * LR},
        {"params": decoder.parameters(), "lr": LR},
    ]
    optimizer = torch.optim.Adam(groups)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [10 * LR, LR], total_steps=steps)
    for step in range(steps):
        x = draw(step)
        hidden = torch.from_numpy(rng.integers(0, 2, (len(x), len(bits)))).to(x)
        marked = marker(x, hidden)
        changed = some_changes(marked, rng) if step > steps // 10 else marked
        found = decoder(changed)
        loss = F.binary_cross_entropy_with_logits(found, hidden)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            right = ((found > 0) == (hidden > 0.5)).float().mean()
            tell(f"hiding bits: {step:,} of {steps:,} steps, {right:.1%} right")
    decoder.eval().requires_grad_(False)
    marker.requires_grad_(False)
    plain = (some_changes(draw(steps + i), rng) for i in range(-(-WHITENED // len(first))))
    decoder.whiten(torch.cat([decoder(x) for x in plain]))
    return marker, Key(bits.cpu(), shape, decoder)
