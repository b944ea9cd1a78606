"""Networks of your own as players."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.nets.layers import Classes


class Unconditional(nn.Module):
    """An unconditional network, such as an ``nn.Sequential``, as the generator or discriminator of a GAN.

    Args:
        network: of a generator, from ``z`` of shape (n, latent) to samples, images in [-1, 1]; of a
            discriminator, from samples to scores, which are logits: a sigmoid at the end is refused.
        latent: of a generator, the size of its ``z``; 0 of a discriminator.

    Raises:
        ValueError: scores go through a sigmoid, which is part of the losses.
    """

    def __init__(self, network: nn.Module, latent: int = 0) -> None:
        super().__init__()
        ends = isinstance(network, nn.Sequential) and len(network) and isinstance(network[-1], nn.Sigmoid)
        if ends and not latent:
            raise ValueError("the discriminator ends in a sigmoid: leave it out, the losses take logits")
        self.network, self.latent = network, latent

    def forward(self, x: Tensor, c: Classes | None = None) -> Tensor:
        """The network's output for ``x``; ``c`` is ignored."""
        return torch.as_tensor(self.network(x))
