"""CTGAN: Xu et al. 2019, "Modeling tabular data using conditional GAN", arXiv 1907.00503.

    ptarmigan train table.ctgan --data adult.csv
    ptarmigan sample runs/table.ctgan-adult --n 1000 --where sex=Female --out women.csv

A generator of rows is asked for a value of one of the columns, chosen so that rare values come up often, and
is judged beside real rows that have that value, ten rows at a time. Networks and options are the paper's,
with four differences: the mode of a number is its likeliest one, not drawn; numbers that many rows share are
modes of their own; what samples are made with are averaged weights; and these allow a higher rate (2e-4
there) for fewer steps (300 epochs). A row that is asked for a value has it: the generator is told so, and
that column is set.
Cost and score: after 1,499 steps, 30 s of one core, on iris:
column shapes 0.868 (real samples: 0.856); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import adam, adamw
from ptarmigan.core.penalties import GradientPenalty, Judged
from ptarmigan.modalities.table.conditional import Asked
from ptarmigan.modalities.table.nets import RowGenerator
from ptarmigan.modalities.table.source import Table
from ptarmigan.modalities.table.space import TableSpace
from ptarmigan.nets.mlp import MLPDiscriminator
from ptarmigan.training.run import Run


class CTGAN(Game):
    """A generator of rows that are asked for a value, against a critic of packs of such rows.

    Args:
        generator: makes rows, given what they are asked to be.
        discriminator: scores packs, rows and conditions side by side.
        asked: draws conditions, and makes rows fulfil them.
        pack: rows in a pack.
        weight: λ, of the gradient penalty.
    """

    def __init__(
        self,
        generator: RowGenerator,
        discriminator: MLPDiscriminator,
        asked: Asked,
        pack: int,
        weight: float,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.asked = generator, discriminator, asked
        self.latent, self.pack, self.penalty = generator.latent, pack, GradientPenalty(weight)

    def turns(self) -> tuple[Turn, ...]:
        """The critic, then the generator."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("generator",), self.generator_loss, reads=False),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly the critic tells packs of real rows from packs made for the same conditions."""
        made = self.generator(noise.normal(len(batch.x), self.latent), batch.c)
        real, fake = self.packed(batch.x, batch.c), self.packed(made, batch.c)
        scores = self.discriminator(real), self.discriminator(fake)
        judged = Judged(self.discriminator, real, fake, *scores, self.progress)
        return {
            "discriminator": wasserstein.discriminator(*scores),
            self.penalty.name: self.penalty(judged),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """How well; and how far rows are from what was asked."""
        said = self.generator.said(noise.normal(len(batch.x), self.latent), batch.c)
        scores = self.discriminator(self.packed(self.generator.cells(said), batch.c))
        terms = {"generator": wasserstein.generator(scores, None)}
        return terms if batch.c is None else {**terms, "condition": self.asked.gap(said, batch.c)}

    def packed(self, x: Tensor, c: Tensor | None) -> Tensor:
        """Consecutive rows and their conditions side by side.

        Raises:
            ValueError: the rows cannot be packed evenly.
        """
        if len(x) % self.pack:
            raise ValueError(f"{len(x)} rows make no packs of {self.pack}: choose another --batch")
        rows = x if c is None else torch.cat([x, c.to(x.dtype)], 1)
        return rows.reshape(len(x) // self.pack, -1)

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Rows that have what is asked of them; of any column's values, as often as the data has them."""
        c = self.asked.draw(len(z)) if c is None else c.to(z.dtype)
        x: Tensor = self.generator(z, c)
        return x if c is None else self.asked.fulfilled(x, c)


def recipe(
    data: Table = Table(),
    *,
    width: int = 256,
    latent: int = 128,
    pack: int = 10,
    lr: float = 1e-3,
    weight: float = 10.0,
    half_life: float = 10_000.0,
    steps: int = 4_000,
    batch: int = 500,
    seed: int = 0,
) -> Run:
    """A CTGAN.

    Args:
        data: the table.
        width: of the two hidden layers of both networks.
        latent: the size of z.
        pack: rows that are judged together.
        lr: Adam's learning rate.
        weight: λ, of the gradient penalty.
        half_life: of the averaged weights, in rows.
        steps: the length of the run.
        batch: rows in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed, balanced=True)
    space = samples.space
    assert isinstance(space, TableSpace)
    asked = Asked(space)
    generator = RowGenerator(latent, asked.size, space.owners, (width, width))
    size = pack * (space.shape[0] + asked.size)
    discriminator = MLPDiscriminator((size,), (width, width), dropout=0.5)
    optimizers = {
        "discriminator": adam(discriminator, lr, (0.5, 0.9)),
        "generator": adamw(generator, lr, (0.5, 0.9), weight_decay=1e-6),
    }
    game = CTGAN(generator, discriminator, asked, pack, weight)
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=8, latent=4, pack=2, steps=4, batch=16)
