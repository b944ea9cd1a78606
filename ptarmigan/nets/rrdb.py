"""Residuals in residual dense blocks: ESRGAN, Wang et al. 2018, arXiv 1809.00219."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.layers import initialise
from ptarmigan.nets.unet import enlarged

SHARE = 0.2
"""Of what a block makes, added to what came in."""
SLOPE = 0.2
START = 0.1
"""What He et al.'s initial weights are multiplied by, so that deep networks begin near the identity."""

Pictures = Float[Tensor, "batch channel height width"]


class RRDBNet(nn.Module):
    """Blocks at the size of the inputs, then enlargements, nearest neighbour before a convolution.

    Nothing is normalised, so pictures keep their contrast. Of pictures of one size nothing is enlarged. Where
    inputs have as many channels, or are the greys of colours, what is made is added to the enlarged input
    (Kim et al. 2016, arXiv 1511.04587), so that it begins as a cubic interpolation: ESRGAN learns that too,
    but in hours.

    Args:
        inputs: channels, height and width of an input; of other heights and widths, too, once built.
        shape: of the output.
        width: channels; 64 as published.
        growth: channels that each layer of a dense block adds; 32 as published.
        blocks: 23 as published.

    Raises:
        ValueError: the output's sides are not the same whole multiple of the input's.
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        shape: tuple[int, ...],
        width: int = 64,
        growth: int = 32,
        blocks: int = 23,
    ) -> None:
        super().__init__()
        times = shape[1] // inputs[1]
        if (times * inputs[1], times * inputs[2]) != tuple(shape[1:]):
            raise ValueError(
                f"pictures of {inputs[1]}x{inputs[2]} cannot be made into {shape[1]}x{shape[2]}: "
                "super-resolution enlarges both sides by one whole number"
            )
        self.times, self.added = times, (inputs[0], shape[0]) == (1, 3) or inputs[0] == shape[0]
        self.first = convolution(inputs[0], width)
        body = [nn.Sequential(*(Dense(width, growth) for _ in range(3))) for _ in range(blocks)]
        self.body = nn.ModuleList(body)
        self.trunk = convolution(width, width)
        self.factors = factors(times)
        self.rise = nn.ModuleList(convolution(width, width) for _ in self.factors)
        self.last = nn.Sequential(
            convolution(width, width), nn.LeakyReLU(SLOPE), convolution(width, shape[0])
        )
        initialise(self, _begin)

    def forward(self, a: Float[Tensor, "batch input high wide"]) -> Pictures:
        """Pictures, near [-1, 1]."""
        x = first = self.first(a)
        for block in self.body:
            x = x + SHARE * block(x)
        x = first + self.trunk(x)
        for times, layer in zip(self.factors, self.rise, strict=True):
            x = F.leaky_relu(layer(F.interpolate(x, scale_factor=times, mode="nearest")), SLOPE)
        made: Tensor = self.last(x)
        return made + enlarged(a, self.times) if self.added else made


class Dense(nn.Module):
    """Five convolutions, each of which sees what came in and what all before it made."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(convolution(width + i * growth, growth) for i in range(4))
        self.last = convolution(width + 4 * growth, width)

    def forward(self, x: Pictures) -> Pictures:
        """As many channels, as high and wide."""
        seen = x
        for layer in self.layers:
            seen = torch.cat([seen, F.leaky_relu(layer(seen), SLOPE)], 1)
        return x + SHARE * torch.as_tensor(self.last(seen))


def convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """A 3 × 3 convolution that keeps the sides."""
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def factors(n: int) -> list[int]:
    """The prime factors of ``n``, the smallest first."""
    found, prime = [], 2
    while n > 1:
        if n % prime:
            prime += 1
        else:
            found.append(prime)
            n //= prime
    return found


def _begin(weight: Tensor) -> None:
    nn.init.kaiming_normal_(weight)
    with torch.no_grad():
        weight.mul_(START)
