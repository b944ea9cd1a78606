"""The networks of R3GAN: Huang et al. 2024, "The GAN is dead; long live the GAN!", arXiv 2501.05441.

No normalisation: residual blocks 1×1 → grouped 3×3 → 1×1, initialised smaller the more there are (Fixup).
Only the two convolutions before an activation have biases. With ``classes``, a learned vector of the class
stands beside ``z`` in the generator, and is projected on in the discriminator.

Widths and blocks go from the smallest images to the largest in both networks; one number is for all stages.
There are as many stages as sides of images: 4, 8, 16 and 32 for 32×32; 7, 14 and 28 for 28×28.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.precision import at_least_float32
from ptarmigan.nets.layers import Classes, ClassInput, required
from ptarmigan.nets.resample import Downsample, Upsample
from ptarmigan.nets.sides import Sides, crop, doubled, halved, halvings

LEAK = 0.2
GAIN = math.sqrt(2 / (1 + LEAK**2))


def he(weight: Tensor, gain: float = 1.0) -> None:
    """He's normal initialisation: standard deviation ``gain / √fan_in``."""
    nn.init.normal_(weight, std=gain / math.sqrt(weight[0].numel()))


def pointwise(inputs: int, outputs: int) -> nn.Conv2d:
    """A 1×1 convolution without bias that keeps the variance."""
    conv = nn.Conv2d(inputs, outputs, 1, bias=False)
    he(conv.weight)
    return conv


class Block(nn.Module):
    """A residual block; starts as the identity.

    Args:
        width: channels outside.
        expansion: channels inside are so many times more.
        group_size: channels in a group of the 3×3 convolution; None for a dense one.
        depth: how many blocks the network has.

    Raises:
        ValueError: the groups do not divide the channels inside.
    """

    def __init__(self, width: int, expansion: int, group_size: int | None, depth: int) -> None:
        super().__init__()
        inside = width * expansion
        group_size = group_size or inside
        if inside % group_size:
            raise ValueError(f"groups of {group_size} channels do not divide {width} x {expansion} channels")
        self.conv1 = nn.Conv2d(width, inside, 1)
        self.conv2 = nn.Conv2d(inside, inside, 3, padding=1, groups=inside // group_size)
        self.conv3 = nn.Conv2d(inside, width, 1, bias=False)
        for conv in (self.conv1, self.conv2):
            he(conv.weight, GAIN * depth**-0.25)
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
        nn.init.zeros_(self.conv3.weight)
        self.activation = nn.LeakyReLU(LEAK)

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channel height width"]:
        """``x`` plus what the three convolutions make of it."""
        change: Tensor = self.conv3(self.activation(self.conv2(self.activation(self.conv1(x)))))
        return x + change


class R3GANGenerator(nn.Module):
    """R3GAN's generator: a learned start, then stages of blocks at ever larger sides.

    The published one for CIFAR-10 is width 768, 2 blocks, groups of 16, latent 64.

    Args:
        latent: the size of ``z``.
        shape: channels, height, width.
        width: channels of every stage, or of each.
        classes: how many; 0 for no condition.
        blocks: residual blocks of every stage, or of each.
        group_size: channels in a group of the 3×3 convolutions; None for dense ones, 1 for depthwise.
        expansion: channels inside a block over those outside.

    Raises:
        ValueError: widths or blocks are given for another number of stages, or groups do not divide channels.
    """

    def __init__(
        self,
        latent: int,
        shape: tuple[int, ...],
        width: int | Sequence[int],
        classes: int = 0,
        *,
        blocks: int | Sequence[int] = 2,
        group_size: int | None = 16,
        expansion: int = 2,
    ) -> None:
        super().__init__()
        channels, height, across = shape
        self.latent, self.sides = latent, (height, across)
        stages = halvings(self.sides) + 1
        start = halved(self.sides, stages - 1)
        widths, counts = per_stage("width", width, stages), per_stage("blocks", blocks, stages)
        self.input = ClassInput(latent, classes)
        if self.input.embedding is not None:
            nn.init.normal_(self.input.embedding.weight, std=classes**-0.5)
        self.linear = nn.Linear(self.input.size, widths[0], bias=False)
        he(self.linear.weight)
        self.basis = nn.Parameter(torch.randn(widths[0], *start))
        layers: list[nn.Module] = []
        for i in range(stages):
            if i:
                layers += [projected(widths[i - 1], widths[i]), Upsample(doubled(start, i - 1))]
            layers += [Block(widths[i], expansion, group_size, sum(counts)) for _ in range(counts[i])]
        self.layers = nn.Sequential(*layers)
        self.out = pointwise(widths[-1], channels)

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """Images, not bounded: the paper has no tanh."""
        h = self.linear(self.input(z, c))[:, :, None, None] * self.basis
        images: Tensor = self.out(crop(self.layers(h), self.sides))
        return images


class R3GANDiscriminator(nn.Module):
    """R3GAN's discriminator: the generator's mirror.

    Args:
        shape: channels, height, width.
        width: channels of every stage, or of each, the smallest images first.
        classes: how many; 0 for no condition.
        blocks: residual blocks of every stage, or of each, the smallest images first.
        group_size: channels in a group of the 3×3 convolutions; None for dense ones, 1 for depthwise.
        expansion: channels inside a block over those outside.
        embedding: the size of a class's vector.

    Raises:
        ValueError: widths or blocks are given for another number of stages, or groups do not divide channels.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int | Sequence[int],
        classes: int = 0,
        *,
        blocks: int | Sequence[int] = 2,
        group_size: int | None = 16,
        expansion: int = 2,
        embedding: int = 64,
    ) -> None:
        super().__init__()
        channels, height, across = shape
        sides: Sides = (height, across)
        stages = halvings(sides) + 1
        widths, counts = per_stage("width", width, stages), per_stage("blocks", blocks, stages)
        self.extract = pointwise(channels, widths[-1])
        layers: list[nn.Module] = []
        for i in reversed(range(stages)):
            layers += [Block(widths[i], expansion, group_size, sum(counts)) for _ in range(counts[i])]
            if i:
                now = halved(sides, stages - 1 - i)
                layers += [Downsample(now), projected(widths[i], widths[i - 1])]
        self.layers = nn.Sequential(*layers)
        end = halved(sides, stages - 1)
        self.basis = nn.Parameter(torch.randn(widths[0], *end) / math.sqrt(math.prod(end)))
        self.feature_size = widths[0]
        self.head = ProductHead(self.feature_size, classes, embedding)

    def features(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, "batch feature"]:
        """Each channel's product with its learned basis; ``c`` is not looked at."""
        h: Tensor = self.layers(self.extract(x))
        return (h * self.basis).sum((2, 3))

    def forward(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, " batch"]:
        """Raw scores."""
        scores: Tensor = self.head(self.features(x, c), c)
        return scores


class ProductHead(nn.Module):
    """Features to scores, linear; with classes, to a vector whose product with the class's is the score."""

    def __init__(self, feature_size: int, classes: int, embedding: int) -> None:
        super().__init__()
        self.linear = nn.Linear(feature_size, embedding if classes else 1, bias=False)
        he(self.linear.weight)
        self.embedding = nn.Embedding(classes, embedding) if classes else None
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, std=classes**-0.5)

    def forward(
        self, features: Float[Tensor, "batch feature"], c: Classes | None = None
    ) -> Float[Tensor, " batch"]:
        """Raw scores, in 32 bits under autocast."""
        with torch.autocast(features.device.type, enabled=False):
            h: Tensor = self.linear(at_least_float32(features))
            return h.squeeze(1) if self.embedding is None else (h * self.embedding(required(c))).sum(1)


def projected(inputs: int, outputs: int) -> nn.Module:
    """A 1×1 convolution where the widths differ."""
    return nn.Identity() if inputs == outputs else pointwise(inputs, outputs)


def per_stage(name: str, given: int | Sequence[int], stages: int) -> list[int]:
    """One number a stage.

    Raises:
        ValueError: there is another number of them.
    """
    numbers = [given] * stages if isinstance(given, int) else list(given)
    if len(numbers) != stages:
        raise ValueError(f"{name} names {len(numbers)} stages where images of this size have {stages}")
    return numbers
