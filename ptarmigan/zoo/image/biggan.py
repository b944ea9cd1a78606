"""BigGAN: Brock et al. 2019, "Large scale GAN training for high fidelity ... synthesis", arXiv 1809.11096.

    ptarmigan train image.biggan --data cifar10
    ptarmigan sample runs/image.biggan-cifar10 --truncation 0.5

SAGAN made large. All of the generator's batch norms have their gains and biases, linearly, from one embedding
of the class (shared embedding) and a part of z of their own (hierarchical latents: appendix B). Its weights
are nearly orthogonal, so that z truncated to be nearer to its mean gives fewer, better samples:

    L_G = −E[D(G(z, c), c)] + β Σ_W ‖Wᵀ W ⊙ (1 − I)‖²    (eq. 3)

The loss is the hinge loss, the class is projected in the discriminator, both networks have spectral norm and
self-attention, and start from orthogonal weights. The defaults are those of the authors' script for CIFAR-10
(4 discriminator steps in batches of 50), which has no shared embedding and no hierarchical latents; on
ImageNet they train in batches of 2,048 with 2 steps, and a generator_lr of 5e-5. Above 63 pixels a side the
width is halved with every doubling, as in SNGAN, and residual blocks are those of it.
Cost and score: benchmarks/results/zoo.json
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import hinge
from ptarmigan.core.optim import adam
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.attention import SelfAttention
from ptarmigan.nets.layers import Classes, initialise, required
from ptarmigan.nets.players import Generator
from ptarmigan.nets.resnet import ResNetDiscriminator, attended, narrowed
from ptarmigan.nets.sides import crop, doubled, halved, halvings
from ptarmigan.nets.spectral import spectral_norm
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

EMBEDDING = 128
"""The size of a class's embedding."""


class Conditioned(nn.Module):
    """Batch norm whose gain and bias are linear in a vector.

    Args:
        features: channels.
        size: of the vector.
    """

    def __init__(self, features: int, size: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(features, affine=False)
        self.gain = nn.Linear(size, features, bias=False)
        self.bias = nn.Linear(size, features, bias=False)

    def forward(
        self, x: Float[Tensor, "batch channel height width"], y: Float[Tensor, "batch size"]
    ) -> Float[Tensor, "batch channel height width"]:
        """Normalised, then scaled by one plus the gain, and shifted."""
        normal, gain, bias = self.norm(x), self.gain(y), self.bias(y)
        return torch.as_tensor(normal * (1 + gain[:, :, None, None]) + bias[:, :, None, None])


class BigGANBlock(nn.Module):
    """Doubles the sides; both of its norms have the same vector."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(Conditioned(features, size) for features in (inputs, outputs))
        self.enter = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.leave = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.beside = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(
        self, x: Float[Tensor, "batch channel height width"], y: Float[Tensor, "batch size"]
    ) -> Float[Tensor, "batch channels taller wider"]:
        """Twice as tall and wide."""
        first, second = self.norms
        h = self.enter(F.interpolate(first(x, y).relu(), scale_factor=2))
        shortcut = F.interpolate(self.beside(x), scale_factor=2)
        return torch.add(shortcut, self.leave(second(h, y).relu()))


class BigGANGenerator(Generator):
    """A linear layer of the first part of z, then a block for each of the others.

    Args:
        latent: the size of ``z``.
        shape: channels, height, width.
        width: channels up to 63 pixels a side; above, halved each time the sides double.
        classes: how many; 0 for no condition.
        attention: the longest shorter side of the feature maps that have self-attention.

    Raises:
        ValueError: ``z`` has fewer numbers than parts, or no layer is as small as ``attention``.
    """

    def __init__(
        self, latent: int, shape: tuple[int, ...], width: int = 256, classes: int = 0, *, attention: int = 32
    ) -> None:
        super().__init__()
        channels, height, across = shape
        self.latent, self.sides = latent, (height, across)
        stages = halvings(self.sides)
        self.parts = [len(part) for part in torch.arange(latent).tensor_split(stages + 1)]
        if not self.parts[-1]:
            raise ValueError(
                f"z is split into {stages + 1} parts for images of this size: latent is {latent}"
            )
        start = halved(self.sides, stages)
        grids = [doubled(start, i) for i in range(stages + 1)]
        sizes = [narrowed(width, sides) for sides in grids]
        self.start = (sizes[0], *start)
        # no nn.Embedding, which would be normalised by its largest singular value
        self.embedding = nn.Parameter(torch.randn(classes, EMBEDDING)) if classes else None
        given = EMBEDDING if classes else 0
        self.linear = nn.Linear(self.parts[0], math.prod(self.start))
        self.blocks = nn.ModuleList(
            BigGANBlock(sizes[i], sizes[i + 1], self.parts[i + 1] + given) for i in range(stages)
        )
        self.attended = attended(grids[1:], attention)
        self.attention = SelfAttention(sizes[self.attended + 1])
        self.norm = nn.BatchNorm2d(sizes[-1])
        self.out = nn.Conv2d(sizes[-1], channels, 3, padding=1)
        initialise(self, nn.init.orthogonal_)

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """Images in [-1, 1]."""
        first, *others = z.split(self.parts, 1)
        shared = [] if self.embedding is None else [F.embedding(required(c), self.embedding)]
        h = self.linear(first).unflatten(1, self.start)
        for i, (block, part) in enumerate(zip(self.blocks, others, strict=True)):
            h = block(h, torch.cat([part, *shared], 1))
            if i == self.attended:
                h = self.attention(h)
        return torch.tanh(self.out(F.relu(self.norm(crop(h, self.sides)))))

    def matrices(self) -> Iterable[Float[Tensor, "output input"]]:
        """All weights as they are before their normalisation, but for the embedding of classes."""
        return (p.flatten(1) for p in self.parameters() if p.ndim > 1 and p is not self.embedding)


def correlation(weight: Float[Tensor, "output input"]) -> Float[Tensor, ""]:
    """‖W Wᵀ ⊙ (1 − I)‖²: 0 where all rows are orthogonal."""
    products = weight @ weight.T
    return products.square().sum() - products.diagonal().square().sum()


class BigGAN(GAN):
    """A GAN with a hinge loss, whose generator is regularised to be orthogonal.

    Args:
        generator: G.
        discriminator: D.
        steps: discriminator steps for one of the generator.
        weight: β.
    """

    generator: BigGANGenerator

    def __init__(
        self, generator: BigGANGenerator, discriminator: nn.Module, *, steps: int, weight: float
    ) -> None:
        super().__init__(generator, discriminator, loss=hinge, steps=steps)
        self.weight = weight

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[D(G(z, c), c)], and eq. 3."""
        correlations = torch.stack([correlation(weight) for weight in self.generator.matrices()])
        return {**super().generator_loss(batch), "orthogonality": self.weight * correlations.sum()}


@configurable
def recipe(
    data: Images = Images(),
    *,
    width: int = 256,
    attention: int = 32,
    latent: int = 128,
    generator_lr: float = 2e-4,
    discriminator_lr: float = 2e-4,
    discriminator_steps: int = 4,
    weight: float = 1e-4,
    training: Training = Training(steps=100_000, batch=50, half_life=350_000.0),
) -> Run:
    """A BigGAN.

    Args:
        width: channels of both networks up to 63 pixels a side.
        attention: the longest side of the feature maps that have self-attention.
        discriminator_steps: discriminator steps for one of the generator.
        weight: β, of orthogonal regularisation.

    Raises:
        ValueError: the data has no classes, z is too small to be split, or no layer is as small as
            ``attention``.
    """
    samples = training.open(data)
    shape, classes = samples.shape, samples.require_classes()
    discriminator = ResNetDiscriminator(shape, width, classes, attention=(SelfAttention, attention))
    initialise(discriminator, nn.init.orthogonal_)
    generator = BigGANGenerator(latent, shape, width, classes, attention=attention)
    game = BigGAN(
        spectral_norm(generator), spectral_norm(discriminator), steps=discriminator_steps, weight=weight
    )
    optimizers = {
        "discriminator": adam(game.discriminator, discriminator_lr, (0.0, 0.999)),
        "generator": adam(game.generator, generator_lr, (0.0, 0.999)),
    }
    return training.run(game, samples, optimizers)


small = dict(width=8, latent=8, discriminator_steps=2, steps=4, batch=8)
