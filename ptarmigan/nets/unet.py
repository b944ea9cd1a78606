"""The U-Net of pix2pix: Isola et al. 2017, arXiv 1611.07004, for any sides."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.dcgan import Norm, widths
from ptarmigan.nets.layers import Dropout, initialise
from ptarmigan.nets.sides import halvings

DEEPEST = 8
DROPPED = 3
"""Layers after the innermost that drop half of what they make."""

Pictures = Float[Tensor, "batch channel height width"]


class UNet(nn.Module):
    """Strided convolutions down, transposed ones up, and every layer's output beside its mirror's input.

    Inputs whose sides are not multiples of ``2**stages`` are mirrored at their borders, and outputs cut.

    Args:
        inputs: channels, height and width of an input; of other heights and widths, too, once built.
        shape: of the output; where it is larger than the input, that is enlarged first.
        width: channels of the first layer; 64 as published.
        latent: numbers that are laid beside the input, everywhere the same; which translation is wanted.
        dropout: how much is dropped, in training.
        norm: what normalises a hidden layer.
        smallest: the least the innermost layer's shorter side may be.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        shape: tuple[int, ...],
        width: int = 64,
        *,
        latent: int = 0,
        dropout: float = 0.5,
        norm: Norm = nn.BatchNorm2d,
        smallest: int = 1,
    ) -> None:
        super().__init__()
        self.latent, self.scale = latent, shape[1] // inputs[1]
        self.stages = min(DEEPEST, max(1, halvings((shape[1], shape[2]), smallest)))
        sizes = widths(width, self.stages)
        block: nn.Module | None = None
        for depth in reversed(range(self.stages)):
            above = inputs[0] + latent if depth == 0 else sizes[depth - 1]
            out = shape[0] if depth == 0 else above
            deep = 0 < self.stages - 1 - depth <= DROPPED
            block = Level(above, sizes[depth], out, block, depth == 0, dropout if deep else 0.0, norm)
        assert block is not None
        self.levels = block
        initialise(self, partial(nn.init.normal_, std=0.02))

    def forward(
        self, a: Float[Tensor, "batch input high wide"], z: Float[Tensor, "batch latent"] | None = None
    ) -> Pictures:
        """Pictures in [-1, 1]."""
        a = enlarged(a, self.scale)
        if self.latent and z is not None:
            a = torch.cat([a, z[:, :, None, None].expand(-1, -1, *a.shape[2:])], 1)
        made = self.levels(to_multiple(a, 2**self.stages))
        return torch.tanh(made[:, :, : a.shape[2], : a.shape[3]])


class Level(nn.Module):
    """One level of a U-Net: down, what is below, and up; beside it, what came in."""

    def __init__(
        self,
        inputs: int,
        inner: int,
        outputs: int,
        below: nn.Module | None,
        outermost: bool,
        dropout: float,
        norm: Norm,
    ) -> None:
        super().__init__()
        self.outermost = outermost
        down: list[nn.Module] = [] if outermost else [nn.LeakyReLU(0.2)]
        down.append(nn.Conv2d(inputs, inner, 4, 2, 1))
        if below is not None and not outermost:
            down.append(norm(inner))
        up: list[nn.Module] = [nn.ReLU(), nn.ConvTranspose2d(inner * (2 if below else 1), outputs, 4, 2, 1)]
        if not outermost:
            up += [norm(outputs)] + ([Dropout(dropout)] if dropout else [])
        self.down, self.below, self.up = nn.Sequential(*down), below, nn.Sequential(*up)

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """What is made of ``x``, with ``x`` beside it unless this is the outermost level."""
        y = self.down(x)
        y = self.up(y if self.below is None else self.below(y))
        return y if self.outermost else torch.cat([x, y], 1)


def enlarged(a: Float[Tensor, "batch channel high wide"], times: int) -> Pictures:
    """Pictures so many times as high and wide, by cubic interpolation."""
    if times == 1:
        return a
    return F.interpolate(a, scale_factor=times, mode="bicubic", align_corners=False)


def to_multiple(a: Float[Tensor, "batch channel high wide"], of: int) -> Pictures:
    """Pictures whose sides are multiples of a number: more of them at the right and the bottom, mirrored."""
    while a.shape[2] % of or a.shape[3] % of:  # a mirror shows no more than the picture
        down, right = (min(-side % of, max(1, side - 1)) for side in a.shape[2:])
        a = F.pad(a, (0, right, 0, down), mode="reflect" if min(a.shape[2:]) > 1 else "replicate")
    return a
