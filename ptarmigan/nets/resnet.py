"""The residual networks of WGAN-GP, SNGAN and SAGAN.

Gulrajani et al. 2017 (arXiv 1704.00028), Miyato et al. 2018 (1802.05957), Zhang et al. 2018 (1805.08318).
Spectral normalisation is added from outside: ``spectral_norm(network)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.layers import Classes, Head, initialise, required
from ptarmigan.nets.sides import Sides, crop, doubled, halved, halvings

Attention = tuple[Callable[[int], nn.Module], int]
"""The constructor of a layer (channels to module), and the longest shorter side of its feature maps."""


def narrowed(width: int, sides: Sides) -> int:
    """``width`` up to 63 pixels a side, then halved each time the longer side doubles; at least 8."""
    return max(8, width >> max(0, max(sides).bit_length() - 6))


class ConditionalBatchNorm(nn.Module):
    """Batch norm with a gain and a bias for every class (Dumoulin et al. 2017, arXiv 1610.07629).

    With no classes it is plain batch norm.
    """

    def __init__(self, features: int, classes: int = 0) -> None:
        super().__init__()
        self.classes = classes
        self.norm = nn.BatchNorm2d(features, affine=False)
        self.gain = nn.Parameter(torch.ones(max(1, classes), features))
        self.bias = nn.Parameter(torch.zeros(max(1, classes), features))

    def forward(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """Normalised, then scaled and shifted by the class's gain and bias."""
        normal: Tensor = self.norm(x)
        return normal * self.of(self.gain, c).to(x.dtype) + self.of(self.bias, c).to(x.dtype)

    def of(self, table: Tensor, c: Classes | None) -> Float[Tensor, "row channel 1 1"]:
        """The rows of ``table`` for the classes; its only row for an unconditional network."""
        rows = F.embedding(required(c), table) if self.classes else table
        return rows[:, :, None, None]


class GeneratorBlock(nn.Module):
    """Doubles the sides; normalised by (conditional) batch norm, before which a bias has no effect."""

    def __init__(self, inputs: int, outputs: int, classes: int) -> None:
        super().__init__()
        self.norm1 = ConditionalBatchNorm(inputs, classes)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm2 = ConditionalBatchNorm(outputs, classes)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, "batch channels taller wider"]:
        """Twice as tall and wide."""
        h = self.conv1(F.interpolate(F.relu(self.norm1(x, c)), scale_factor=2))
        h = self.conv2(F.relu(self.norm2(h, c)))
        # A 1×1 convolution and nearest upsampling commute; this order costs a quarter.
        shortcut = F.interpolate(self.shortcut(x), scale_factor=2)
        return torch.add(shortcut, h)


class DiscriminatorBlock(nn.Module):
    """Halves the sides (rounding up) or keeps them; no normalisation.

    The first block of a network takes an image, so there is no ReLU before its first convolution.
    """

    def __init__(self, inputs: int, outputs: int, *, halve: bool, first: bool = False) -> None:
        super().__init__()
        self.halve, self.first = halve, first
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if halve or inputs != outputs else nn.Identity()

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channels lower narrower"]:
        """Half as tall and wide, or as tall and wide."""
        h = self.conv2(F.relu(self.conv1(x if self.first else F.relu(x))))
        # A 1×1 convolution and an average commute; this order costs a quarter.
        shortcut: Tensor = self.shortcut(self.pool(x))
        return shortcut + self.pool(h)

    def pool(self, x: Tensor) -> Tensor:
        """The mean of every 2×2 pixels, where the block halves."""
        return F.avg_pool2d(x, 2, ceil_mode=True) if self.halve else x


class ResNetGenerator(nn.Module):
    """Residual generator.

    Args:
        latent: the size of ``z``.
        shape: channels, height, width.
        width: channels up to 63 pixels a side, 256 in SNGAN; above, halved each time the sides double.
        classes: how many; 0 for no condition.
        attention: one more layer (SAGAN's), and the longest shorter side that its feature maps may have.
    """

    def __init__(
        self,
        latent: int,
        shape: tuple[int, ...],
        width: int = 256,
        classes: int = 0,
        *,
        attention: Attention | None = None,
    ) -> None:
        super().__init__()
        channels, height, across = shape
        self.latent, self.sides = latent, (height, across)
        stages = halvings(self.sides)
        start = halved(self.sides, stages)
        grids = [doubled(start, i) for i in range(stages + 1)]
        sizes = [narrowed(width, sides) for sides in grids]
        self.start = (sizes[0], *start)
        self.linear = nn.Linear(latent, math.prod(self.start))
        self.blocks = nn.ModuleList(GeneratorBlock(sizes[i], sizes[i + 1], classes) for i in range(stages))
        self.attended = attended(grids[1:], attention[1]) if attention else -1
        self.attention = attention[0](sizes[self.attended + 1]) if attention else None
        self.norm = nn.BatchNorm2d(sizes[-1])
        self.out = nn.Conv2d(sizes[-1], channels, 3, padding=1)
        xavier(self)

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """Images in [-1, 1]."""
        h = self.linear(z).unflatten(1, self.start)
        for i, block in enumerate(self.blocks):
            h = block(h, c)
            if self.attention is not None and i == self.attended:
                h = self.attention(h)
        return torch.tanh(self.out(F.relu(self.norm(crop(h, self.sides)))))


class ResNetDiscriminator(nn.Module):
    """Residual discriminator without normalisation: blocks that halve down to 7 pixels or more, then two.

    Args:
        shape: channels, height, width.
        width: channels up to 63 pixels a side, 128 in SNGAN; above, halved each time the sides double.
        classes: how many; the classes are projected (Miyato & Koyama 2018).
        attention: one more layer (SAGAN's), and the longest shorter side that its feature maps may have.
        pool: features are the sum over all positions (SNGAN) or their mean (WGAN-GP).
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int = 128,
        classes: int = 0,
        *,
        attention: Attention | None = None,
        pool: Literal["sum", "mean"] = "sum",
    ) -> None:
        super().__init__()
        channels, height, across = shape
        self.pool = pool
        stages = halvings((height, across), smallest=7)
        grids = [halved((height, across), i) for i in range(stages + 1)]
        sizes = [channels, *(narrowed(width, sides) for sides in grids)]
        halving = [
            DiscriminatorBlock(sizes[i], sizes[i + 1], halve=True, first=i == 0) for i in range(stages)
        ]
        keeping = [DiscriminatorBlock(sizes[stages + i], sizes[-1], halve=False) for i in range(2)]
        self.blocks = nn.ModuleList([*halving, *keeping])
        self.attended = attended(grids[1:], attention[1]) if attention else -1
        self.attention = attention[0](sizes[self.attended + 1]) if attention else None
        self.feature_size = sizes[-1]
        self.head = Head(self.feature_size, classes)
        xavier(self)

    def features(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, "batch feature"]:
        """The last block, pooled over all positions; ``c`` is ignored."""
        h: Tensor = x
        for i, block in enumerate(self.blocks):
            h = block(h)
            if self.attention is not None and i == self.attended:
                h = self.attention(h)
        h = F.relu(h)
        return h.sum((2, 3)) if self.pool == "sum" else h.mean((2, 3))

    def forward(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, " batch"]:
        """Raw scores."""
        scores: Tensor = self.head(self.features(x, c), c)
        return scores


def attended(grids: list[Sides], largest: int) -> int:
    """The index of the largest grid whose shorter side is at most ``largest``.

    Raises:
        ValueError: all are larger.
    """
    shorter = [min(sides) for sides in grids]
    fitting = [side for side in shorter if side <= largest]
    if not fitting:
        sides = ", ".join(map(str, shorter))
        raise ValueError(f"no layer is as small as attention={largest}: the shorter sides are {sides}")
    return shorter.index(max(fitting))


def xavier(network: nn.Module) -> None:
    """Glorot's uniform initialisation, with gain √2 for the residual convolutions (SNGAN's code)."""
    initialise(network, nn.init.xavier_uniform_)
    for block in network.modules():
        if isinstance(block, GeneratorBlock | DiscriminatorBlock):
            for conv in (block.conv1, block.conv2):
                nn.init.xavier_uniform_(conv.weight, math.sqrt(2))
