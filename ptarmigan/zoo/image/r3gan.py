"""R3GAN: Huang et al. 2024, "The GAN is dead; long live the GAN! A modern GAN baseline", arXiv 2501.05441.

    ptarmigan train image.r3gan --data fashion-mnist
    ptarmigan train image.r3gan_cifar --data cifar10 --conditional

A relativistic pairing loss (RpGAN) with zero-centred gradient penalties on real and on generated samples:

    L_D = E[f(D(G(z)) − D(x))] + γ/2 E[‖∇D(x)‖²] + γ/2 E[‖∇D(G(z))‖²]
    L_G = E[f(D(x) − D(G(z)))],    f(t) = log(1 + eᵗ)

and residual networks without normalisation: blocks of convolutions 1×1 → grouped 3×3 → 1×1, whose
initialisation is smaller in deeper networks (Fixup), and of which only the two before an activation have
biases. With classes, an embedding of the class is concatenated to ``z``, and there is a projection in the
discriminator. All schedules are the paper's: the learning rate, γ, Adam's β₂ and the half-life of the EMA
follow a cosine. The published networks and settings are image.r3gan_cifar, image.r3gan_64 and
image.r3gan_256; the default is smaller. Grouped convolutions (--group-size) are as published; their second
derivatives are very slow on a CPU, so the default is dense ones and lazy penalties.
Cost and score: after 454 steps, 30 s of one core, on digits:
Fréchet distance 94.5 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.augment import Augment
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import relativistic
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import R1, R2
from ptarmigan.core.precision import at_least_float32
from ptarmigan.core.schedule import cosine
from ptarmigan.core.transforms import blit, cutout, tint, warp
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.layers import Classes, ClassInput, required
from ptarmigan.nets.resample import Downsample, Upsample
from ptarmigan.nets.resnet import narrowed
from ptarmigan.nets.sides import Sides, crop, doubled, halved, halvings
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

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
        expansion: channels inside over those outside.
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
        """``x`` plus the output of the three convolutions."""
        change: Tensor = self.conv3(self.activation(self.conv2(self.activation(self.conv1(x)))))
        return x + change


class R3GANGenerator(nn.Module):
    """A learned constant, then stages of blocks of doubled sides: 4, 8, 16 and 32, or 7, 14 and 28.

    The published one for CIFAR-10 is width 768, 2 blocks, groups of 16, latent 64. Widths and blocks go from
    the smallest images to the largest; one number is for all stages.

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
    """The generator's mirror.

    Args:
        shape: channels, height, width.
        width: channels of every stage, or of each, the smallest images first.
        classes: how many; 0 for no condition.
        blocks: residual blocks of every stage, or of each, the smallest images first.
        group_size: channels in a group of the 3×3 convolutions; None for dense ones, 1 for depthwise.
        expansion: channels inside a block over those outside.
        embedding: the size of a class's embedding.

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
        """Each channel's product with its learned basis; ``c`` is ignored."""
        h: Tensor = self.layers(self.extract(x))
        return (h * self.basis).sum((2, 3))

    def forward(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, " batch"]:
        """Raw scores."""
        scores: Tensor = self.head(self.features(x, c), c)
        return scores


class ProductHead(nn.Module):
    """Features to scores, linear; with classes, by the product with an embedding of the class."""

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


def narrowing(width: int, shape: Sequence[int]) -> list[int]:
    """The width of every stage, as published: 768 four times, then 384, 192 and 96 for 256 pixels."""
    sides: Sides = (shape[1], shape[2])
    stages = halvings(sides)
    return [narrowed(width, doubled(halved(sides, stages), i)) for i in range(stages + 1)]


def per_stage(name: str, given: int | Sequence[int], stages: int) -> list[int]:
    """One number per stage.

    Raises:
        ValueError: there is another number of them.
    """
    numbers = [given] * stages if isinstance(given, int) else list(given)
    if len(numbers) != stages:
        raise ValueError(f"{name} has {len(numbers)} numbers, and images of this size have {stages} stages")
    return numbers


@configurable
def recipe(
    data: Images = Images(),
    *,
    conditional: bool = False,
    width: int = 48,
    blocks: int = 1,
    group_size: int = 0,
    latent: int = 64,
    lr: float = 2e-4,
    gamma: float = 0.5,
    lazy: int = 8,
    augment: float = 0.0,
    narrow: bool = False,
    schedule: float = 0.0,
    training: Training = Training(half_life=20_000.0),
) -> Run:
    """An R3GAN.

    Args:
        width: channels of every stage.
        blocks: residual blocks of every stage.
        group_size: channels in a group of the 3×3 convolutions; 0 for dense ones.
        lr: Adam's learning rate at the start; a quarter of it at the end.
        gamma: γ at the start; a tenth of it at the end.
        lazy: the penalties are added at every ``lazy``-th step (1 in the paper).
        augment: probability of each augmentation at the end (0.55 for CIFAR-10).
        narrow: from 64 pixels a side on, the width is halved with every doubling of the sides.
        schedule: images after which all schedules have come to their end; 0 for those of the whole run.
    """
    samples = training.open(data)
    shape, classes = samples.shape, samples.require_classes() if conditional else 0
    until = min(1.0, schedule / (training.steps * training.batch)) if schedule else 1.0
    penalty, probability = cosine(gamma, gamma / 10, until), cosine(0.0, augment, until)
    widths = narrowing(width, shape) if narrow else width
    augmented = Augment(blit, warp, half_tint, cutout, probability=probability) if augment else None
    game = GAN(
        R3GANGenerator(latent, shape, widths, classes, blocks=blocks, group_size=group_size or None),
        R3GANDiscriminator(shape, widths, classes, blocks=blocks, group_size=group_size or None),
        loss=relativistic,
        penalties=(R1(penalty), R2(penalty)),
        lazy=lazy,
        augment=augmented,
    )
    return training.run(
        game,
        samples,
        adams(game, lr, (0.0, 0.9)),
        half_life=cosine(0.0, training.half_life, until),
        rate=cosine(1.0, 0.25, until),
        beta2=cosine(0.9, 0.99, until),
    )


def half_tint(x: Tensor, p: float | Tensor) -> Tensor:
    """Colour changes with half of the probability, as published."""
    return tint(x, p * 0.5)


small = dict(conditional=True, width=8, latent=8, lazy=2, augment=0.5, steps=4, batch=8)
