"""PatchGANs, with a score for every patch of a picture: Isola et al. 2017, arXiv 1611.07004."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.precision import at_least_float32
from ptarmigan.nets.dcgan import Norm, widths
from ptarmigan.nets.layers import initialise
from ptarmigan.nets.unet import enlarged

STAGES = 3


class PatchGAN(nn.Module):
    """Strided convolutions, then two of stride 1: with three stages the receptive field is 70 × 70 pixels.

    Args:
        shape: of a picture.
        inputs: the shape of the input that it is conditioned on; None for no condition.
        width: channels of the first layer; 64 as published.
        stages: how often the sides are halved, at most; fewer for small pictures.
        norm: the normalisation of all but the first and the last layer.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        inputs: tuple[int, ...] | None = None,
        width: int = 64,
        *,
        stages: int = STAGES,
        norm: Norm = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        channels = shape[0] + (inputs[0] if inputs else 0)
        self.scale = shape[1] // inputs[1] if inputs else 1
        stages = max(1, min(stages, (min(shape[1:]) // 8).bit_length()))
        layers: list[nn.Module] = []
        last = channels
        for i, size in enumerate(widths(width, stages + 1)):
            layers.append(nn.Conv2d(last, size, 4, 2 if i < stages else 1, 1))
            layers += ([norm(size)] if i else []) + [nn.LeakyReLU(0.2)]
            last = size
        layers.append(nn.Conv2d(last, 1, 4, 1, 1))
        self.layers = nn.Sequential(*layers)
        initialise(self, partial(nn.init.normal_, std=0.02))

    def forward(
        self,
        x: Float[Tensor, "batch channel height width"],
        a: Float[Tensor, "batch input high wide"] | None = None,
    ) -> Float[Tensor, "batch down right"]:
        """A raw score for every patch."""
        both = x if a is None else torch.cat([enlarged(a, self.scale), x], 1)
        scores: Tensor = self.layers(both)
        return at_least_float32(scores.squeeze(1))


class MultiScale(nn.Module):
    """PatchGANs for pictures of full, half and a quarter of the size: Wang et al. 2018, arXiv 1711.11585.

    Args:
        shape: of a picture; small ones are looked at fewer times.
        width: channels of each one's first layer.
        scales: at most.
        inputs: the shape of the input that they are conditioned on; None for no condition.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int = 64,
        scales: int = 3,
        *,
        inputs: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__()
        scales = max(1, min(scales, (min(shape[1:]) // 8).bit_length()))
        self.nets = nn.ModuleList(
            PatchGAN(smaller(shape, i), inputs and smaller(inputs, i), width, norm=nn.Identity)
            for i in range(scales)
        )

    def forward(
        self,
        x: Float[Tensor, "batch channel height width"],
        a: Float[Tensor, "batch input high wide"] | None = None,
    ) -> list[Float[Tensor, "batch down right"]]:
        """Raw scores of patches, a map for each scale."""
        found = []
        for i, net in enumerate(self.nets):
            if i:
                x, a = F.avg_pool2d(x, 2), None if a is None else F.avg_pool2d(a, 2)
            found.append(net(x, a))
        return found


def smaller(shape: tuple[int, ...], halvings: int) -> tuple[int, ...]:
    """The shape of a picture whose sides are halved so often."""
    return shape[0], *(side >> halvings for side in shape[1:])
