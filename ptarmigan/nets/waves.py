"""Discriminators of waveforms: Kong, Kim and Bae 2020, "HiFi-GAN", arXiv 2010.05646, section 2.3."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple, TypeVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from ptarmigan.nets.layers import WEIGHTED
from ptarmigan.nets.sides import mirror
from ptarmigan.nets.spectral import spectral_norm

PERIODS = (2, 3, 5, 7, 11)
SLOPE = 0.1
Network = TypeVar("Network", bound=nn.Module)


class Judged(NamedTuple):
    """Scores of a discriminator ``(batch, places)``, and the maps of its layers."""

    scores: Tensor
    maps: list[Tensor]


def weight_norm(network: Network) -> Network:
    """Give every convolution's and linear weight a direction and a length of its own; returns the network.

    Salimans and Kingma 2016, arXiv 1602.07868.
    """
    for layer in list(network.modules()):
        if isinstance(layer, WEIGHTED):
            parametrizations.weight_norm(layer)
    return network


def strides(hop: int, stages: int) -> list[int]:
    """Powers of two, 8 at most and as large as can be at first, whose product is the hop.

    Raises:
        ValueError: there are no such.
    """
    left = hop.bit_length() - 1
    if hop != 1 << left or not stages <= left <= 3 * stages:
        raise ValueError(f"a hop of {hop} samples is no product of {stages} strides of 2 to 8")
    found = []
    for stage in range(stages):
        bits = min(3, left - (stages - stage - 1))
        found.append(1 << bits)
        left -= bits
    return found


def upsampling(width: int, stride: int) -> nn.ConvTranspose1d:
    """A transposed convolution to half the channels, two strides wide, so that it does not whistle."""
    return nn.ConvTranspose1d(width, width // 2, 2 * stride, stride, stride // 2)


class PeriodDiscriminator(nn.Module):
    """A wave folded into rows of ``period`` samples, each column looked at by itself.

    Args:
        period: samples of a row.
        width: channels of the first layer; with 32 as published, 32, 128, 512, 1,024.
    """

    def __init__(self, period: int, width: int) -> None:
        super().__init__()
        self.period = period
        channels = (1, width, 4 * width, 16 * width, 32 * width)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, (5, 1), (3, 1), (2, 0)) for a, b in pairwise(channels))
        self.layers.append(nn.Conv2d(channels[-1], channels[-1], (5, 1), 1, (2, 0)))
        self.head = nn.Conv2d(channels[-1], 1, (3, 1), 1, (1, 0))
        weight_norm(self)

    def forward(self, x: Float[Tensor, "batch 1 length"]) -> Judged:
        """Scores at every place of every column."""
        padded = mirror(x[:, :, None], 3, 0, -x.shape[2] % self.period)[:, :, 0]
        return through(self.layers, self.head, padded.unflatten(2, (-1, self.period)))


class ScaleDiscriminator(nn.Module):
    """Grouped and strided convolutions of a wave, smoothed and thinned before: Kumar et al. 2019, MelGAN.

    Args:
        halvings: how often the rate is halved.
        width: a quarter of the channels of the first layer; with 32 as published, 128 to 1,024.
        spectral: with spectral norm instead of weight norm.
    """

    def __init__(self, halvings: int, width: int, *, spectral: bool) -> None:
        super().__init__()
        self.halvings, self.pool = halvings, nn.AvgPool1d(4, 2, 2)
        first = 4 * width
        shapes = [
            (1, first, 15, 1, 1),
            (first, first, 41, 2, 4),
            (first, 2 * first, 41, 2, 16),
            (2 * first, 4 * first, 41, 4, 16),
            (4 * first, 8 * first, 41, 4, 16),
            (8 * first, 8 * first, 41, 1, 16),
            (8 * first, 8 * first, 5, 1, 1),
        ]
        self.layers = nn.ModuleList(
            nn.Conv1d(a, b, kernel, stride, kernel // 2, groups=math.gcd(groups, a))
            for a, b, kernel, stride, groups in shapes
        )
        self.head = nn.Conv1d(8 * first, 1, 3, padding=1)
        (spectral_norm if spectral else weight_norm)(self)

    def forward(self, x: Float[Tensor, "batch 1 length"]) -> Judged:
        """Scores at every place."""
        for _ in range(self.halvings):
            x = self.pool(x)
        return through(self.layers, self.head, x)


class Together(nn.Module):
    """Several discriminators of one wave.

    Args:
        each: the discriminators.
        shares: how much each counts.
    """

    def __init__(self, each: list[nn.Module], shares: list[float]) -> None:
        super().__init__()
        self.each, self.shares = nn.ModuleList(each), tuple(shares)

    def forward(self, x: Float[Tensor, "batch 1 length"]) -> list[Judged]:
        """Scores and maps of each."""
        return [each(x) for each in self.each]


class Block(nn.Module):
    """ConvNeXt's block over time: a depthwise convolution, a norm, and two linear layers, added to the input.

    Liu et al. 2022, "A ConvNet for the 2020s", arXiv 2201.03545.

    Args:
        width: channels.
        scale: of what is added, at the start.
    """

    def __init__(self, width: int, scale: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.Sequential(nn.Linear(width, 3 * width), nn.GELU(), nn.Linear(3 * width, width))
        self.scale = nn.Parameter(torch.full((width,), scale))

    def forward(self, x: Float[Tensor, "batch channel frame"]) -> Float[Tensor, "batch channel frame"]:
        """The same number of frames."""
        added = self.scale * self.layers(self.norm(self.depthwise(x).transpose(1, 2)))
        return torch.add(x, added.transpose(1, 2))


class FrameNetwork(nn.Module):
    """ConvNeXt blocks over frames, as Vocos has them: a convolution, blocks, norms, and a linear layer.

    Args:
        inputs: numbers of a frame.
        width: channels.
        blocks: how many.
        outputs: numbers of a frame of what is made.
    """

    def __init__(self, inputs: int, width: int, blocks: int, outputs: int) -> None:
        super().__init__()
        self.input = nn.Conv1d(inputs, width, 7, padding=3)
        self.first, self.last = nn.LayerNorm(width), nn.LayerNorm(width)
        self.blocks = nn.Sequential(*(Block(width, 1 / blocks) for _ in range(blocks)))
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Float[Tensor, "batch input frame"]) -> Float[Tensor, "batch output frame"]:
        """As many frames."""
        seen = self.blocks(self.first(self.input(x).transpose(1, 2)).transpose(1, 2))
        return torch.as_tensor(self.head(self.last(seen.transpose(1, 2)))).transpose(1, 2)


def through(layers: nn.ModuleList, head: nn.Module, x: Tensor) -> Judged:
    """A map through layers with leaky ReLU, whose outputs are kept."""
    maps = []
    for layer in layers:
        x = F.leaky_relu(layer(x), SLOPE)
        maps.append(x)
    return Judged(head(x).flatten(1), maps)


def distances(real: Judged, fake: Judged) -> Tensor:
    """The mean absolute differences of maps, one a layer: feature matching (Larsen et al. 2016)."""
    return torch.stack([F.l1_loss(b, a) for a, b in zip(real.maps, fake.maps, strict=True)])
