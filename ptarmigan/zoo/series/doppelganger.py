"""DoppelGANger: Lin et al. 2020, "Using GANs for sharing networked time series data", arXiv 1909.13403.

    ptarmigan train series.doppelganger --data stock.csv --length 24
    ptarmigan sample runs/series.doppelganger-stock --n 1000 --where site=north --out made.csv

A series is made from the outside in: its metadata, then the level of every channel, then steps that are
scaled to these levels, several at a time, with a flag that falls where the series ends. One critic judges all
of it, another what is said of the whole alone. Networks, penalty and optimizers are the paper's, but for
these: a level is mean and deviation, not the middle and the half of the range, which two steps decide; the
levels of channels are made and judged uncorrelated, so that what belongs together does so exactly; there is
more noise, rectifiers leak, the learning rate falls in the second half, and samples are made with averaged
weights. Metadata that is asked for (``--where``) is set before the rest is made; what else there is of it is
drawn as if nothing were asked.
Cost and score: after 1,363 steps, 30 s of one core, on sines:
sliced Wasserstein distance 0.04 (real samples: 0.00788); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import adam
from ptarmigan.core.penalties import GradientPenalty, Judged
from ptarmigan.core.schedule import linear
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.series.source import Series
from ptarmigan.modalities.series.space import SeriesSpace
from ptarmigan.modalities.table.conditional import Asked
from ptarmigan.modalities.table.nets import Cells
from ptarmigan.nets.levels import Parts, White, apart, together
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.nets.recurrent import Recurrent
from ptarmigan.training.meaning import width_of
from ptarmigan.training.run import Run

LEARNT_FROM = 10_000
"""Series that levels are measured on, at most."""


class Generator(nn.Module):
    """Metadata, levels and steps, each beside what was made before.

    Args:
        space: what a series is.
        latent: the size of the noise of each of them, and of every chunk.
        width: of all hidden layers.
        chunk: steps that are made at once.
    """

    def __init__(self, space: SeriesSpace, latent: int, width: int, chunk: int) -> None:
        super().__init__()
        rows, channels, self.length = space.about.shape[0], space.channels, space.length
        self.sizes = [latent, latent, latent * -(-space.length // chunk)]
        self.latent, self.chunk, self.channels = sum(self.sizes), chunk, channels
        hidden = (width, width)
        self.cells = Cells(space.about.owners) if rows else None
        self.asked = Asked(space.about) if rows else None
        self.metadata = PointGenerator(latent, (rows,), hidden) if rows else None
        self.levels = PointGenerator(latent + rows, (2 * channels,), hidden)
        self.white = White(2 * channels)
        self.steps = Recurrent(latent + rows + 2 * channels, chunk * space.steps, width, cell=nn.LSTM)

    def forward(self, z: Tensor, c: Tensor | None = None) -> Parts:
        """Series taken apart, with what of their metadata is asked."""
        first, second, rest = z.split(self.sizes, 1)
        metadata = self.rows(first, c)
        level = self.levels(torch.cat([second, metadata], 1))
        chunks = rest.unflatten(1, (self.sizes[2] // self.sizes[0], -1))
        about = torch.cat([metadata, level], 1).unsqueeze(1).expand(-1, chunks.shape[1], -1)
        made = self.steps(torch.cat([chunks, about], 2)).unflatten(2, (self.chunk, -1)).flatten(1, 2)
        steps, flags = made[:, : self.length].tensor_split([self.channels], 2)
        if flags.shape[2]:
            lasts = torch.sigmoid(flags).cumprod(1)
            steps = torch.cat([steps * lasts, lasts], 2)
        return Parts(metadata, self.white.coloured(level), steps)

    def rows(self, z: Tensor, c: Tensor | None) -> Tensor:
        """Metadata as the space encodes it."""
        if self.metadata is None or self.cells is None or self.asked is None:
            return z[:, :0]
        said = self.cells(self.metadata(z))
        rows = torch.where(self.cells.alone, (said + 1) / 2, said)
        return rows if c is None else self.asked.fulfilled(rows, c.to(rows.dtype))


class DoppelGANger(Game):
    """A generator of series taken apart, against a critic of all and one of what is said of the whole.

    Args:
        space: what a series is.
        generator: makes them.
        discriminator: scores the whole.
        auxiliary: scores metadata and levels.
        weight: λ, of the gradient penalties.
        beside: how much the second critic counts for the generator.
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
        """How badly each tells real series from made ones, with its penalty."""
        real = apart(batch.x, self.channels, self.ends)
        fake = self.generator(noise.normal(len(batch.x), self.latent))
        terms: Terms = {}
        for name, critic, seen in (
            ("discriminator", self.discriminator, self.whole),
            ("auxiliary", self.auxiliary, self.outside),
        ):
            a, b = seen(real), seen(fake)
            scores = critic(a), critic(b)
            judged = Judged(critic, a, b, *scores, self.progress)
            terms |= {name: wasserstein.discriminator(*scores), f"{name}_penalty": self.penalty(judged)}
        return terms

    def generator_loss(self, batch: Batch) -> Terms:
        """How well made series are told from real ones, by each."""
        fake = self.generator(noise.normal(len(batch.x), self.latent))
        return {
            "generator": wasserstein.generator(self.discriminator(self.whole(fake)), None),
            "outside": self.beside * wasserstein.generator(self.auxiliary(self.outside(fake)), None),
        }

    def outside(self, parts: Parts) -> Tensor:
        """What is said of whole series, as the second critic sees it."""
        return torch.cat([parts.metadata, self.generator.white.whitened(parts.levels)], 1)

    def whole(self, parts: Parts) -> Tensor:
        """All of the series, as the first critic sees it."""
        return torch.cat([self.outside(parts), parts.steps.flatten(1)], 1)

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Series that have what is asked of their metadata."""
        return together(self.generator(z, c))


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
    half_life: float = 50_000.0,
    steps: int = 10_000,
    batch: int = 100,
    seed: int = 0,
) -> Run:
    """A DoppelGANger.

    Args:
        data: the series.
        chunk: steps of a series that are made at once; the paper wants about 50 such chunks in a long series.
        width: of the generator's layers.
        critic: of the four layers of each critic.
        latent: the size of the noise of metadata, of levels, and of every chunk; where steps vary by
            themselves, about as much as there are numbers in a chunk.
        lr: Adam's learning rate.
        weight: λ, of the gradient penalties.
        beside: how much the critic of metadata and levels counts for the generator.
        half_life: of the averaged weights, in series.
        steps: the length of the run.
        batch: series in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    space = samples.space
    assert isinstance(space, SeriesSpace)
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
        generator.white.fit(apart(some(samples), space.channels, space.ends).levels)
    players = ("discriminator", "auxiliary", "generator")
    optimizers = {name: adam(getattr(game, name), lr, (0.5, 0.9)) for name in players}
    return Run(
        game, samples, optimizers, steps=steps, seed=seed, half_life=half_life, rate=linear(1.0, 0.0, 0.5)
    )


def some(samples: Samples) -> Tensor:
    """Real series, evenly spread over the data."""
    n = len(samples)
    chosen = np.unique(np.linspace(0, n - 1, min(n, LEARNT_FROM)).astype(np.int64))
    return samples.space.encode(samples.source.read(chosen)).to(torch.get_default_dtype())


small = dict(length=6, width=8, critic=8, latent=2, steps=4, batch=16)
