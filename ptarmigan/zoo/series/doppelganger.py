"""DoppelGANger: Lin et al. 2020, "Using GANs for sharing networked time series data", arXiv 1909.13403.

    ptarmigan train series.doppelganger --data stock.csv --length 24
    ptarmigan sample runs/series.doppelganger-stock --n 1000 --where site=north --out made.csv

A series is generated from the outside in: its metadata, then the level of every channel, then steps that are
scaled to these levels, several at a time by an LSTM, with a flag that falls where the series ends. One critic
D₁ scores all of it, an auxiliary one D₂ metadata and levels alone:

    min_G max_{D₁,D₂} L₁(G, D₁) + α L₂(G, D₂),    L_i = E[D_i(x)] − E[D_i(G(z))] − λ E[(‖∇D_i(x̂)‖ − 1)²]

Networks, penalty and optimizers are the paper's, except for these: a level is mean and standard deviation,
not the middle and half of the range, which depend on two steps only; the levels of channels are generated and
scored whitened, so that their correlations are exact; there is more noise, ReLU is leaky, the learning rate
falls in the second half, and samples come from the EMA weights. Conditional metadata (``--where``) is set
before the rest is generated; metadata without a condition is sampled unconditionally.
Cost and score: after 1,363 steps, 30 s of one core, on sines:
sliced Wasserstein distance 0.04 (real samples: 0.00788); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import GradientPenalty, PenaltyInputs
from ptarmigan.core.schedule import linear
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.series.source import Series
from ptarmigan.modalities.series.space import SeriesSpace
from ptarmigan.modalities.table.conditional import RowConditions
from ptarmigan.modalities.table.nets import RowActivations
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.nets.recurrent import Recurrent
from ptarmigan.training.meaning import width_of
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

FITTED = 10_000
"""Series to which the whitening of levels is fitted, at most."""
EPS = 1e-4
"""Added to standard deviations, of numbers that go from 0 to 1."""
FAINT = 1e-3
"""Directions with less than this share of the largest standard deviation count as constant."""


class Generator(nn.Module):
    """Metadata, levels and steps, each conditioned on what was generated before.

    Args:
        space: what a series is.
        latent: the size of the noise of each of them, and of every chunk.
        width: of all hidden layers.
        chunk: steps that are generated at once.
    """

    def __init__(self, space: SeriesSpace, latent: int, width: int, chunk: int) -> None:
        super().__init__()
        rows, channels, self.length = space.about.shape[0], space.channels, space.length
        self.sizes = [latent, latent, latent * -(-space.length // chunk)]
        self.latent, self.chunk, self.channels = sum(self.sizes), chunk, channels
        hidden = (width, width)
        self.activations = RowActivations(space.about.owners) if rows else None
        self.conditions = RowConditions(space.about) if rows else None
        self.metadata = PointGenerator(latent, (rows,), hidden) if rows else None
        self.levels = PointGenerator(latent + rows, (2 * channels,), hidden)
        self.white = White(2 * channels)
        self.steps = Recurrent(latent + rows + 2 * channels, chunk * space.steps, width, cell=nn.LSTM)

    def forward(self, z: Tensor, c: Tensor | None = None) -> Parts:
        """Series as parts, with the metadata that the condition ``c`` sets."""
        first, second, rest = z.split(self.sizes, 1)
        metadata = self.rows(first, c)
        level = self.levels(torch.cat([second, metadata], 1))
        chunks = rest.unflatten(1, (self.sizes[2] // self.sizes[0], -1))
        about = torch.cat([metadata, level], 1).unsqueeze(1).expand(-1, chunks.shape[1], -1)
        generated = self.steps(torch.cat([chunks, about], 2)).unflatten(2, (self.chunk, -1)).flatten(1, 2)
        steps, flags = generated[:, : self.length].tensor_split([self.channels], 2)
        if flags.shape[2]:
            lasts = torch.sigmoid(flags).cumprod(1)
            steps = torch.cat([steps * lasts, lasts], 2)
        return Parts(metadata, self.white.unwhiten(level), steps)

    def rows(self, z: Tensor, c: Tensor | None) -> Tensor:
        """Metadata as the space encodes it."""
        if self.metadata is None or self.activations is None or self.conditions is None:
            return z[:, :0]
        rows = self.activations(self.metadata(z))
        rows = torch.where(self.activations.alone, (rows + 1) / 2, rows)
        return rows if c is None else self.conditions.impose(rows, c.to(rows.dtype))


class DoppelGANger(Game):
    """A generator of series as parts, against a critic of all parts and one of metadata and levels.

    Args:
        space: what a series is.
        generator: G.
        discriminator: D₁.
        auxiliary: D₂, of metadata and levels.
        weight: λ, of the gradient penalties.
        beside: α.
    """

    def __init__(
        self,
        space: SeriesSpace,
        generator: Generator,
        discriminator: nn.Module,
        auxiliary: nn.Module,
        weight: float,
        beside: float,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.auxiliary = generator, discriminator, auxiliary
        self.latent, self.channels, self.ends = generator.latent, space.channels, space.ends
        self.penalty, self.beside = GradientPenalty(weight), beside

    def turns(self) -> tuple[Turn, ...]:
        """Both critics, then the generator."""
        return (
            Turn(("discriminator", "auxiliary"), self.critics_loss),
            Turn(("generator",), self.generator_loss, reads=False),
        )

    def critics_loss(self, batch: Batch) -> Terms:
        """−L₁ and −L₂."""
        real = split_parts(batch.x, self.channels, self.ends)
        fake = self.generator(noise.normal(len(batch.x), self.latent))
        terms: Terms = {}
        for name, critic, view in (
            ("discriminator", self.discriminator, self.whole),
            ("auxiliary", self.auxiliary, self.outside),
        ):
            a, b = view(real), view(fake)
            scores = critic(a), critic(b)
            inputs = PenaltyInputs(critic, a, b, *scores, self.progress)
            terms |= {name: wasserstein.discriminator(*scores), f"{name}_penalty": self.penalty(inputs)}
        return terms

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[D₁(G(z))] − α E[D₂(G(z))]."""
        fake = self.generator(noise.normal(len(batch.x), self.latent))
        return {
            "generator": wasserstein.generator(self.discriminator(self.whole(fake)), None),
            "outside": self.beside * wasserstein.generator(self.auxiliary(self.outside(fake)), None),
        }

    def outside(self, parts: Parts) -> Tensor:
        """Metadata and whitened levels: the input of D₂."""
        return torch.cat([parts.metadata, self.generator.white.whiten(parts.levels)], 1)

    def whole(self, parts: Parts) -> Tensor:
        """All parts of the series: the input of D₁."""
        return torch.cat([self.outside(parts), parts.steps.flatten(1)], 1)

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Series with the metadata that the condition ``c`` sets."""
        return join_parts(self.generator(z, c))


class Parts(NamedTuple):
    """The parts of series.

    Attributes:
        metadata: a row for each, ``(n, width)``.
        levels: the mean of every channel, then the logarithm of its standard deviation, ``(n, 2 channels)``.
        steps: channels with mean 0 and standard deviation 1, and where some series end early one that flags
            their end, ``(n, length, ...)``.
    """

    metadata: Tensor
    levels: Tensor
    steps: Tensor


def split_parts(x: Float[Tensor, "batch length number"], channels: int, ends: bool) -> Parts:
    """The parts of series that ``SeriesSpace`` encoded."""
    values = x[:, :, :channels]
    lasts = x[:, :, channels : channels + 1] if ends else torch.ones_like(x[:, :, :1])
    count = lasts.sum(1, keepdim=True)
    mean = (values * lasts).sum(1, keepdim=True) / count
    off = (values - mean) * lasts
    deviation = (off.square().sum(1, keepdim=True) / count).sqrt() + EPS
    steps = off / deviation
    levels = torch.cat([mean, deviation.log()], 2)[:, 0]
    return Parts(x[:, 0, channels + ends :], levels, torch.cat([steps, lasts], 2) if ends else steps)


def join_parts(parts: Parts) -> Float[Tensor, "batch length number"]:
    """The inverse of ``split_parts``."""
    mean, logarithm = parts.levels.unsqueeze(1).chunk(2, 2)
    off, lasts = parts.steps.tensor_split([mean.shape[2]], 2)
    values = mean + off * logarithm.exp()
    if lasts.shape[2]:
        values = torch.cat([values * lasts, lasts], 2)
    rows = parts.metadata.unsqueeze(1).expand(-1, values.shape[1], -1)
    return torch.cat([values, rows], 2)


class White(nn.Module):
    """Whitening of vectors, and its inverse. Constant directions are always 0 when whitened.

    Args:
        size: of a vector.
    """

    mean: Tensor
    root: Tensor
    inverse: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("root", torch.eye(size))
        self.register_buffer("inverse", torch.eye(size))

    @torch.no_grad()
    def fit(self, x: Float[Tensor, "batch number"]) -> None:
        """Estimate mean and covariance."""
        rows = x.double()
        mean = rows.mean(0)
        off = rows - mean
        variances, directions = torch.linalg.eigh(off.T @ off / len(rows))
        deviations = variances.clamp(min=0).sqrt()
        known = deviations > FAINT * deviations.max()
        # symmetric, so that it does not depend on the signs of the directions
        self.mean.copy_(mean)
        self.root.copy_(directions * torch.where(known, deviations, 0) @ directions.T)
        self.inverse.copy_(directions / torch.where(known, deviations, torch.inf) @ directions.T)

    def whiten(self, x: Float[Tensor, "batch number"]) -> Float[Tensor, "batch number"]:
        """Vectors with covariance 1."""
        return (x - self.mean) @ self.inverse

    def unwhiten(self, u: Float[Tensor, "batch number"]) -> Float[Tensor, "batch number"]:
        """Vectors with the covariance that was fitted."""
        return self.mean + u @ self.root


@configurable
def recipe(
    data: Series = Series(),
    *,
    chunk: int = 4,
    width: int = 100,
    critic: Annotated[int, width_of("discriminator")] = 200,
    latent: int = 20,
    lr: float = 1e-3,
    weight: float = 10.0,
    beside: float = 1.0,
    training: Training = Training(half_life=50_000.0, steps=10_000, batch=100),
) -> Run:
    """A DoppelGANger.

    Args:
        chunk: steps that are generated at once; the paper recommends about 50 chunks in a long series.
        width: of the generator's layers.
        critic: of the four layers of each critic.
        latent: the size of the noise of metadata, of levels, and of every chunk; for noisy series, about as
            large as a chunk.
        weight: λ, of the gradient penalties.
        beside: α, the weight of the critic of metadata and levels in the generator's loss.
    """
    samples = training.open(data)
    space = samples.space
    generator = Generator(space, latent, width, chunk)
    outside = space.about.shape[0] + 2 * space.channels
    whole = outside + space.length * space.steps
    hidden, layer = (critic,) * 4, dense(leaky)
    game = DoppelGANger(
        space,
        generator,
        PointDiscriminator((whole,), hidden, layer=layer),
        PointDiscriminator((outside,), hidden, layer=layer),
        weight,
        beside,
    )
    if len(samples):
        generator.white.fit(split_parts(some(samples), space.channels, space.ends).levels)
    optimizers = adams(game, lr, (0.5, 0.9), ("discriminator", "auxiliary", "generator"))
    return training.run(game, samples, optimizers, rate=linear(1.0, 0.0, 0.5))


def some(samples: Samples[SeriesSpace]) -> Tensor:
    """Real series, evenly spread over the data."""
    n = len(samples)
    chosen = np.unique(np.linspace(0, n - 1, min(n, FITTED)).astype(np.int64))
    return samples.space.encode(samples.source.read(chosen)).to(torch.get_default_dtype())


small = dict(length=6, width=8, critic=8, latent=2, steps=4, batch=16)
