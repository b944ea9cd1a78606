"""CTGAN: Xu et al. 2019, "Modeling tabular data using conditional GAN", arXiv 1907.00503.

    ptarmigan train table.ctgan --data adult.csv
    ptarmigan sample runs/table.ctgan-adult --n 1000 --where sex=Female --out women.csv

A conditional generator: the condition is a value of one of the columns, sampled by its log-frequency so that
rare values come up often, and the critic compares rows with real ones that have that value, ten rows at a
time (PacGAN). The loss is WGAN-GP's, and the generator also minimises the cross-entropy between the condition
m and its column d̂:

    L_D = E[C(r̂, m)] − E[C(r, m)] + λ E[(‖∇C‖ − 1)²],    L_G = −E[C(r̂, m)] + H(m, d̂)

Networks and options are the paper's, with four differences: the mode of a number is its likeliest one, not
drawn; numbers that many rows share are modes of their own; samples come from the EMA weights; and these allow
a higher learning rate (2e-4 there) for fewer steps (300 epochs). A conditional row has its value: that column
is set.
Cost and score: after 1,499 steps, 30 s of one core, on iris:
column shapes 0.868 (real samples: 0.856); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import adam, adamw
from ptarmigan.core.penalties import GradientPenalty, PenaltyInputs
from ptarmigan.modalities.table.conditional import RowConditions
from ptarmigan.modalities.table.nets import RowGenerator
from ptarmigan.modalities.table.source import Table
from ptarmigan.nets.mlp import MLPDiscriminator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class CTGAN(TwoPlayerGame):
    """A conditional generator of rows, against a critic of packs of rows and their conditions.

    Args:
        generator: generates rows, given conditions.
        discriminator: C, of packs of rows and conditions, concatenated.
        conditions: draws conditions, and imposes them on rows.
        pack: rows in a pack.
    """

    generator: RowGenerator

    discriminate = Game.discriminate  # packs are scored, not rows

    def __init__(
        self,
        generator: RowGenerator,
        discriminator: MLPDiscriminator,
        conditions: RowConditions,
        pack: int,
        weight: float,
    ) -> None:
        super().__init__(generator, discriminator)
        self.conditions, self.pack, self.penalty = conditions, pack, GradientPenalty(weight)

    def discriminator_loss(self, batch: Batch) -> Terms:
        """E[C(r̂, m)] − E[C(r, m)] + λ E[(‖∇C‖ − 1)²]."""
        generated = self.generator(noise.normal(len(batch.x), self.latent), batch.c)
        real, fake = self.packed(batch.x, batch.c), self.packed(generated, batch.c)
        scores = self.discriminator(real), self.discriminator(fake)
        inputs = PenaltyInputs(self.discriminator, real, fake, *scores, self.progress)
        return {
            "discriminator": wasserstein.discriminator(*scores),
            self.penalty.name: self.penalty(inputs),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[C(r̂, m)] + H(m, d̂)."""
        logits = self.generator.logits(noise.normal(len(batch.x), self.latent), batch.c)
        scores = self.discriminator(self.packed(self.generator.activations(logits), batch.c))
        terms = {"generator": wasserstein.generator(scores, None)}
        return (
            terms
            if batch.c is None
            else {**terms, "condition": self.conditions.cross_entropy(logits, batch.c)}
        )

    def packed(self, x: Tensor, c: Tensor | None) -> Tensor:
        """Consecutive rows and their conditions, concatenated.

        Raises:
            ValueError: the rows cannot be packed evenly.
        """
        if len(x) % self.pack:
            raise ValueError(f"{len(x)} rows make no packs of {self.pack}: choose another --batch")
        rows = x if c is None else torch.cat([x, c.to(x.dtype)], 1)
        return rows.reshape(len(x) // self.pack, -1)

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Rows that fulfil their conditions; without ``c``, of conditions as frequent as in the data."""
        c = self.conditions.draw(z.shape[0]) if c is None else c.to(z.dtype)
        x: Tensor = self.generator(z, c)
        return x if c is None else self.conditions.impose(x, c)


@configurable
def recipe(
    data: Table = Table(),
    *,
    width: int = 256,
    latent: int = 128,
    pack: int = 10,
    lr: float = 1e-3,
    weight: float = 10.0,
    training: Training = Training(steps=4_000, batch=500),
) -> Run:
    """A CTGAN.

    Args:
        pack: rows that are scored together.
    """
    samples = training.open(data, balanced=True)
    space, conditions = samples.space, RowConditions(samples.space)
    generator = RowGenerator(latent, conditions.size, space.owners, (width, width))
    size = pack * (space.shape[0] + conditions.size)
    critic = MLPDiscriminator((size,), (width, width), dropout=0.5)
    optimizers = {
        "discriminator": adam(critic, lr, (0.5, 0.9)),
        "generator": adamw(generator, lr, (0.5, 0.9), weight_decay=1e-6),
    }
    return training.run(CTGAN(generator, critic, conditions, pack, weight), samples, optimizers)


small = dict(width=8, latent=4, pack=2, steps=4, batch=16)
