"""CaloGAN: Paganini et al. 2018, "Simulating 3D particle showers with GANs", arXiv 1705.02355 and 1712.10321.

    ptarmigan train shower.calogan --data em-showers

A LAGAN for every layer of the calorimeter: dense, convolution, and two locally connected layers, whose
weights differ from place to place since what a shower is depends on how far it is from the axis. A layer
draws on the one before by
attention: x_i ← w · resized(x_{i−1}) + (1 − w) · x_i. ReLU at the end makes empty cells. The discriminator
has a stream of locally connected layers for every layer, and looks at energies of layers, the shares of
cells that are hit, and at how alike those and its features are in the batch (minibatch discrimination).
With t the 5 % of labels that are flipped, and λ = 0.05,

    L_D = BCE(D(x), 1 ⊕ t) + BCE(D(G), 0 ⊕ t),    L_G = BCE(D(G), 1) + λ E|Σ G − E|    (E in GeV)

Not as published: the logarithm of the incident energy is an input, where z is multiplied by the energy,
which leaves nothing of z at low ones; networks see logarithms of shares; widths are smaller. Two steps of
the generator for one of the discriminator, learning rates, β and flips are the paper's.
Cost and score: benchmarks/results/shower.json
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Conditional, Terms, Turn
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adam
from ptarmigan.modalities.shower.features import ShowerFeatures
from ptarmigan.modalities.shower.geometry import parts
from ptarmigan.modalities.shower.nets import Energies
from ptarmigan.modalities.shower.source import Showers
from ptarmigan.modalities.shower.space import ShowerSpace
from ptarmigan.nets.minibatch import MinibatchDiscrimination
from ptarmigan.nets.mlp import leaky
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

FLIPPED = 0.05
SLOPE = 0.3
"""Of leaky ReLUs."""


class Local(nn.Module):
    """A locally connected layer: a convolution, without padding, of which every place has weights of its own.

    Args:
        shape: rows and columns of the input.
        inputs: its channels.
        outputs: channels of the output.
        kernel: rows and columns of the window.
    """

    def __init__(
        self, shape: tuple[int, int], inputs: int, outputs: int, kernel: tuple[int, int] = (2, 2)
    ) -> None:
        super().__init__()
        self.kernel, self.shape = kernel, (shape[0] - kernel[0] + 1, shape[1] - kernel[1] + 1)
        size, places = inputs * kernel[0] * kernel[1], self.shape[0] * self.shape[1]
        self.weight = nn.Parameter(torch.randn(places, size, outputs) * size**-0.5)
        self.bias = nn.Parameter(torch.zeros(outputs, *self.shape))

    def forward(self, x: Tensor) -> Tensor:
        """``(n, inputs, rows, columns)`` to ``(n, outputs, …)``, smaller by the window less one."""
        windows = F.unfold(x, self.kernel).permute(2, 0, 1)
        found = torch.bmm(windows, self.weight).permute(1, 2, 0)
        return torch.as_tensor(found.unflatten(2, self.shape) + self.bias)


class Stream(nn.Module):
    """The LAGAN of one layer: ``(n, latent)`` to ``(n, 1, rows, columns)``."""

    def __init__(self, latent: int, shape: tuple[int, int], width: int) -> None:
        super().__init__()
        rows, columns = shape[0] + 2, shape[1] + 2
        first = Local((rows, columns), width, 6)
        self.layers = nn.Sequential(
            nn.Linear(latent, rows * columns * width),
            nn.Unflatten(1, (width, rows, columns)),
            nn.Conv2d(width, width, 3, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.BatchNorm2d(width),
            first,
            nn.LeakyReLU(SLOPE),
            nn.BatchNorm2d(6),
            Local(first.shape, 6, 1),
        )

    def forward(self, z: Tensor) -> Tensor:
        """A layer, before ReLU."""
        return torch.as_tensor(self.layers(z))


class Generator(Conditional):
    """A stream for every layer, each with attention to the one before."""

    def __init__(self, space: ShowerSpace, latent: int, width: int) -> None:
        super().__init__()
        self.shapes, self.energies = [layer.shape for layer in space.layers], Energies(space)
        self.shared, self.latent = latent, latent + 1
        self.streams = nn.ModuleList(Stream(latent + 1, shape, width) for shape in self.shapes)
        self.attention = nn.ModuleList(nn.Conv2d(2, 2, 3, padding=1) for _ in self.shapes[1:])

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Encoded showers; of energies as frequent as in the data where none are asked for."""
        e = self.energies(z[:, -1:]) if c is None else c.to(z)
        inputs = torch.cat([z[:, : self.shared], e], 1)
        drawn = [stream(inputs) for stream in self.streams]
        for i, attention in enumerate(self.attention, 1):
            before = F.interpolate(drawn[i - 1], self.shapes[i], mode="area")
            both = torch.cat([before, drawn[i]], 1)
            drawn[i] = (both * attention(both).softmax(1)).sum(1, keepdim=True)
        return torch.cat([e, *(layer.relu().flatten(1) for layer in drawn)], 1)


class Discriminator(nn.Module):
    """Streams of locally connected layers, and what physicists look at, each also within the batch."""

    def __init__(self, space: ShowerSpace, width: int) -> None:
        super().__init__()
        self.space, self.parts = space, parts(space.layers)
        self.shapes = [layer.shape for layer in space.layers]
        self.physics = ShowerFeatures(space.layers, max(space.threshold, 1e-6), smooth=True)
        self.streams = nn.ModuleList(layers_of(shape, width) for shape in self.shapes)
        sizes = (16 * len(self.shapes), len(self.shapes), len(self.shapes))
        self.alike = nn.ModuleList(MinibatchDiscrimination(size, 10, 10) for size in sizes)
        self.head = nn.Linear(sum(sizes) + 30 + 2, 1)

    def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """Raw scores ``(n,)`` of encoded showers."""
        energy = self.space.energy(x[:, :1])
        cells = self.space.share(x[:, 1:]) * energy
        layers = [
            stream(x[:, 1:][:, part].unflatten(1, (1, *shape)))
            for stream, part, shape in zip(self.streams, self.parts, self.shapes, strict=True)
        ]
        shares = torch.stack([cells[:, part].sum(1) for part in self.parts], 1) / energy
        views: Sequence[Tensor] = (torch.cat(layers, 1), self.physics.hit(cells), shares)
        seen = [alike(view) for alike, view in zip(self.alike, views, strict=True)]
        gap = (cells.sum(1, keepdim=True) - energy).abs()
        return torch.as_tensor(self.head(torch.cat([*seen, gap / energy, (gap > 5).to(x.dtype)], 1)))[:, 0]


def layers_of(shape: tuple[int, int], width: int) -> nn.Sequential:
    """The discriminator's stream of one layer: ``(n, 1, rows, columns)`` to ``(n, 16)``."""
    kernel = (min(3, shape[0]), min(3, shape[1]))
    local = Local(shape, width, 8, kernel)
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1),
        nn.LeakyReLU(SLOPE),
        local,
        nn.LeakyReLU(SLOPE),
        nn.Flatten(),
        nn.Linear(8 * local.shape[0] * local.shape[1], 16),
        leaky(),
    )


class CaloGAN(TwoPlayerGame):
    """Layered generator and discriminator, and a term for the sum of energies.

    Args:
        generator: encoded showers of encoded energies.
        discriminator: scores of encoded showers.
        weight: λ, of the difference of deposited and incident energy.
    """

    generator_reads = True

    def __init__(self, generator: Generator, discriminator: Discriminator, weight: float) -> None:
        super().__init__(generator, discriminator)
        self.space, self.weight = discriminator.space, weight

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, then the generator twice."""
        first, second = super().turns()
        return first, Turn(second.players, second.loss, times=2)

    def discriminator_loss(self, batch: Batch) -> Terms:
        """BCE, with some labels flipped."""
        real, fake = self.discriminator(batch.x), self.discriminator(self.fake(batch))
        signs = [1 - 2 * (noise.uniform(len(real)) < FLIPPED).to(real) for _ in range(2)]
        return {"discriminator": non_saturating.discriminator(signs[0] * real, signs[1] * fake)}

    def generator_loss(self, batch: Batch) -> Terms:
        """BCE, and λ E|Σ G − E|."""
        x = self.fake(batch)
        energy = self.space.energy(x[:, 0])
        gap = (self.space.share(x[:, 1:]).sum(1) * energy - energy).abs().mean()
        scores = self.discriminator(x)
        return {"generator": non_saturating.generator(scores, None), "energy": self.weight * gap}

    def fake(self, batch: Batch) -> Tensor:
        """Generated showers of the energies of the real ones."""
        return self.sample(noise.normal(len(batch.x), self.latent), batch.x[:, :1])


@configurable
def recipe(
    data: Showers = Showers(),
    *,
    width: int = 8,
    latent: int = 64,
    generator_lr: float = 2e-4,
    discriminator_lr: float = 2e-5,
    weight: float = 0.05,
    training: Training = Training(steps=10_000, batch=128, half_life=50_000),
) -> Run:
    """A CaloGAN, asked for by the incident energy.

    Args:
        width: channels of convolutions.
        weight: λ, of the difference of deposited and incident energy.
    """
    samples = training.open(data)
    generator = Generator(samples.space, latent, width)
    game = CaloGAN(generator, Discriminator(samples.space, width), weight)
    optimizers = {
        "discriminator": adam(game.discriminator, discriminator_lr, (0.5, 0.999)),
        "generator": adam(game.generator, generator_lr, (0.5, 0.999)),
    }
    return training.run(game, samples, optimizers)


small = dict(count=32, width=2, latent=4, steps=4, batch=8)
