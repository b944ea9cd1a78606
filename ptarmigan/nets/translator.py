"""The ResNet generator of CycleGAN: Johnson et al. 2016, arXiv 1603.08155; Zhu et al. 2017, 1703.10593."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.layers import initialise
from ptarmigan.nets.sides import mirror
from ptarmigan.nets.unet import enlarged, to_multiple

NINE_BLOCKS_FROM = 256
"""Pictures of at least this many pixels a side have nine blocks, smaller ones six."""
FEATURES = 5
"""Layers whose outputs are features: pixels, both halvings, the first and the fifth block."""

Pictures = Float[Tensor, "batch channel height width"]


class Translator(nn.Module):
    """A stem, two halvings, residual blocks, two doublings; instance norm and reflection padding.

    Inputs whose sides are not multiples of 4 are reflection-padded, and outputs cropped.

    Args:
        inputs: channels, height and width of an input; once built, it takes other heights and widths too.
        shape: of the output; where it is larger or smaller than the input, that is resized first.
        width: channels of the first layer; 64 as published.

    Attributes:
        channels: of each of the features, a list.

    Raises:
        ValueError: the sides of one are not whole multiples of the other's.
    """

    def __init__(self, inputs: tuple[int, ...], shape: tuple[int, ...], width: int = 64) -> None:
        super().__init__()
        self.times, self.part = ratio(inputs, shape)
        deep = 4 * width
        self.channels = (inputs[0], 2 * width, deep, deep, deep)
        self.stem = nn.Sequential(ReflectionConv(inputs[0], width, 7), nn.InstanceNorm2d(width), nn.ReLU())
        self.halve = nn.Conv2d(width, 2 * width, 3, 2, 1, bias=False)
        self.halve_again = nn.Conv2d(2 * width, deep, 3, 2, 1, bias=False)
        self.blocks = nn.ModuleList(
            Block(deep) for _ in range(9 if min(shape[1:]) >= NINE_BLOCKS_FROM else 6)
        )
        self.rise = nn.Sequential(
            *doubling(deep, 2 * width),
            *doubling(2 * width, width),
            ReflectionConv(width, shape[0], 7, bias=True),
        )
        initialise(self, partial(nn.init.normal_, std=0.02))

    def forward(self, a: Float[Tensor, "batch input high wide"]) -> Pictures:
        """Pictures in [-1, 1]."""
        return self.finish(self.features(a))

    def features(self, a: Float[Tensor, "batch input high wide"]) -> list[Tensor]:
        """Outputs of its encoder's layers: pixels, both halvings, the first and the fifth block."""
        a = scaled(a, self.times, self.part)
        half = self.halve(self.stem(to_multiple(a, 4 if min(a.shape[2:]) >= 8 else 8)))
        quarter = self.halve_again(F.relu(F.instance_norm(half)))
        first = self.blocks[0](F.relu(F.instance_norm(quarter)))
        fifth = first
        for block in self.blocks[1:FEATURES]:
            fifth = block(fifth)
        return [a, half, quarter, first, fifth]

    def finish(self, features: list[Tensor]) -> Pictures:
        """The picture for an input with these features."""
        height, width = features[0].shape[2:]
        x = features[-1]
        for block in self.blocks[FEATURES:]:
            x = block(x)
        return torch.tanh(self.rise(x)[:, :, :height, :width])


class InputAdapter(nn.Module):
    """From the form of a translator's outputs to that of its inputs: the size and the number of channels.

    Where these differ, the picture is resized, and a learned linear map gives the channels.

    Args:
        shape: of an output.
        inputs: of an input.
    """

    def __init__(self, shape: tuple[int, ...], inputs: tuple[int, ...]) -> None:
        super().__init__()
        self.times, self.part = ratio(shape, inputs)
        self.channels = nn.Identity() if shape[0] == inputs[0] else nn.Conv2d(shape[0], inputs[0], 1)

    def forward(self, b: Float[Tensor, "batch output high wide"]) -> Pictures:
        """Pictures in the form of inputs."""
        return torch.as_tensor(self.channels(scaled(b, self.times, self.part)))


class ReflectionConv(nn.Module):
    """A convolution with reflection padding that keeps the sides."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, *, bias: bool = False) -> None:
        super().__init__()
        self.reach = size // 2
        self.conv = nn.Conv2d(inputs, outputs, size, bias=bias)

    def forward(self, x: Float[Tensor, "batch input height width"]) -> Pictures:
        """As high and wide as before."""
        for dim in (2, 3):
            x = mirror(x, dim, self.reach, self.reach)
        return torch.as_tensor(self.conv(x))


class Block(nn.Module):
    """A residual block of two convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            ReflectionConv(width, width),
            nn.InstanceNorm2d(width),
            nn.ReLU(),
            ReflectionConv(width, width),
            nn.InstanceNorm2d(width),
        )

    def forward(self, x: Pictures) -> Pictures:
        """As many channels, as high and wide."""
        return x + torch.as_tensor(self.layers(x))


def doubling(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    """Layers that double the sides."""
    up = nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, 1, bias=False)
    return up, nn.InstanceNorm2d(outputs), nn.ReLU()


def ratio(inputs: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, int]:
    """The factors by which inputs are enlarged and reduced to the size of outputs; one of them is 1.

    Raises:
        ValueError: neither is whole.
    """
    times, part = max(1, shape[1] // inputs[1]), max(1, inputs[1] // shape[1])
    if any(side * times != other * part for side, other in zip(inputs[1:], shape[1:], strict=True)):
        raise ValueError(
            f"pictures of {inputs[1]}x{inputs[2]} pixels cannot be made into ones of {shape[1]}x{shape[2]}: "
            "the sides of one must be whole multiples of the other's (--size)"
        )
    return times, part


def scaled(a: Float[Tensor, "batch input high wide"], times: int, part: int) -> Pictures:
    """Pictures enlarged by ``times``, or reduced by ``part``."""
    return enlarged(a, times) if part == 1 else F.avg_pool2d(a, part)
