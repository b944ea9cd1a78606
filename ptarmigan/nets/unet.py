"""The U-Net of pix2pix: Isola et al. 2017, arXiv 1611.07004, for any size."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.dcgan import widths
from ptarmigan.nets.layers import Dropout, initialise
from ptarmigan.nets.sides import halvings, mirror

DEEPEST = 8
DROPOUT_LEVELS = 3
"""How many of the upsampling layers have dropout: the innermost, and those after it."""

Pictures = Float[Tensor, "batch channel height width"]


class UNet(nn.Module):
    """Strided convolutions down, transposed ones up, with skip connections between levels of one size.

    Instance norm, in training and in evaluation mode, as batch norm is at the paper's batch of 1. The
    outermost level is not normalised, nor is the innermost on its way down: a feature map of one position is
    0 after its mean is subtracted (the paper's errata). Inputs whose sides are not multiples of
    ``2**stages`` are reflection-padded, and outputs cropped.

    Args:
        inputs: channels, height and width of an input; once built, it takes other heights and widths too.
        shape: of the output; where it is larger than the input, that is enlarged first.
        width: channels of the first layer; 64 as published.
        dropout: the probability, in the inner upsampling layers.
        always: dropout in evaluation mode too.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        shape: tuple[int, ...],
        width: int = 64,
        *,
        dropout: float = 0.5,
        always: bool = False,
    ) -> None:
        super().__init__()
        self.scale = shape[1] // inputs[1]
        self.stages = min(DEEPEST, halvings((shape[1], shape[2]), 1))
        sizes = widths(width, self.stages)
        block: nn.Module | None = None
        for depth in reversed(range(self.stages)):
            above = inputs[0] if depth == 0 else sizes[depth - 1]
            out = shape[0] if depth == 0 else above
            drop = Dropout(dropout if self.stages - depth <= DROPOUT_LEVELS else 0.0, always)
            block = Level(above, sizes[depth], out, block, drop, outermost=depth == 0)
        assert block is not None
        self.levels = block
        initialise(self, partial(nn.init.normal_, std=0.02))

    def forward(self, a: Float[Tensor, "batch input high wide"]) -> Pictures:
        """Pictures in [-1, 1]."""
        a = enlarged(a, self.scale)
        outputs = self.levels(to_multiple(a, 2**self.stages))
        return torch.tanh(outputs[:, :, : a.shape[2], : a.shape[3]])


class Level(nn.Module):
    """One level of a U-Net: down, the levels below, and up; with a skip connection."""

    def __init__(
        self,
        inputs: int,
        inner: int,
        outputs: int,
        below: nn.Module | None,
        drop: nn.Module,
        *,
        outermost: bool,
    ) -> None:
        super().__init__()
        self.outermost = outermost
        down: list[nn.Module] = [] if outermost else [nn.LeakyReLU(0.2)]
        down.append(nn.Conv2d(inputs, inner, 4, 2, 1))
        if below is not None and not outermost:
            down.append(nn.InstanceNorm2d(inner, affine=True))
        up: list[nn.Module] = [nn.ReLU(), nn.ConvTranspose2d(inner * (2 if below else 1), outputs, 4, 2, 1)]
        if not outermost:
            up += [nn.InstanceNorm2d(outputs, affine=True), drop]
        self.down, self.below, self.up = nn.Sequential(*down), below, nn.Sequential(*up)

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """The level's output, with ``x`` concatenated unless this is the outermost level."""
        y = self.down(x)
        y = self.up(y if self.below is None else self.below(y))
        return y if self.outermost else torch.cat([x, y], 1)


def enlarged(a: Float[Tensor, "batch channel high wide"], times: int) -> Pictures:
    """Pictures enlarged by ``times``, with bicubic interpolation."""
    if times == 1:
        return a
    return F.interpolate(a, scale_factor=times, mode="bicubic", align_corners=False)


def to_multiple(a: Float[Tensor, "batch channel high wide"], of: int) -> Pictures:
    """Pictures reflection-padded at the right and the bottom to sides that are multiples of ``of``."""
    while a.shape[2] % of or a.shape[3] % of:  # reflection padding is at most the picture's size
        for dim in (2, 3):
            a = mirror(a, dim, 0, min(-a.shape[dim] % of, max(1, a.shape[dim] - 1)))
    return a
