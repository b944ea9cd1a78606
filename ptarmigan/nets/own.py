"""Anybody's networks as players."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.nets.layers import Classes


class Unconditional(nn.Module):
    """A network that learns no classes, such as a tutorial's ``nn.Sequential``, as a player of a GAN.

    Args:
        network: of a generator, from ``z`` of shape (n, latent) to samples, images in [-1, 1]; of a
            discriminator, from samples to scores, which are logits: a sigmoid at the end is refused.
        latent: of a generator, how many numbers its ``z`` has; 0 of a discriminator.

    Raises:
        ValueError: scores go through a sigmoid, which the losses have in themselves.
    """

    def __init__(self, network: nn.Module, latent: int = 0) -> None:
        super().__init__()
        ends = isinstance(network, nn.Sequential) and len(network) and isinstance(network[-1], nn.Sigmoid)
        if ends and not latent:
            raise ValueError("the discriminator ends in a sigmoid: leave it out, the losses take logits")
        self.network, self.latent = network, latent

    def forward(self, x: Tensor, c: Classes | None = None) -> Tensor:
        """What the network makes of ``x``, whatever its class."""
        return torch.as_tensor(self.network(x))
