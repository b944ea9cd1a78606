"""TableGAN: Park et al. 2018, "Data synthesis based on generative adversarial networks", arXiv 1806.03384.

    ptarmigan train table.tablegan --data adult.csv --target income

A DCGAN of rows that are laid out as a square, with two more losses for its generator. The information loss is
how far the mean and the deviation of the discriminator's features of made rows are from those of real ones,
beyond δ: a larger δ asks for less, so that rows stay farther from the real ones. The classification loss is
how far the target column of made rows is from what a classifier, which learns real rows, tells from the other
columns. Rows are encoded as for ``table.ctgan``, not as one number a column; features' moments are those of
the batch and not followed over batches; the classifier goes by cross entropy, as a target may have many
values; what samples are made with are averaged weights.
Cost and score: after 587 steps, 30 s of one core, on iris:
column shapes 0.953 (real samples: 0.904); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.losses import non_saturating as loss
from ptarmigan.core.optim import adam
from ptarmigan.modalities.table.conditional import Target
from ptarmigan.modalities.table.source import Table
from ptarmigan.modalities.table.space import TableSpace
from ptarmigan.nets.square import SquareClassifier, SquareDiscriminator, SquareGenerator
from ptarmigan.training.meaning import KEPT
from ptarmigan.training.run import Run

EPS = 1e-8
"""Added to variances, whose roots have slopes then."""


class TableGAN(Game):
    """A generator of rows against a discriminator, and beside a classifier that learns real rows.

    Args:
        generator: makes rows.
        discriminator: scores them, and has features of them.
        classifier: tells the target from the other columns; None where no column is learnt by value.
        target: where the target is in a row.
        near: δ of the features' mean and of their deviation.
    """

    def __init__(
        self,
        generator: SquareGenerator,
        discriminator: SquareDiscriminator,
        classifier: SquareClassifier | None,
        target: Target | None,
        near: tuple[float, float],
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.classifier = generator, discriminator, classifier
        self.latent, self.target, self.near = generator.latent, target, near

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, the classifier if there is one, and the generator."""
        others = () if self.classifier is None else (Turn(("classifier",), self.classifier_loss),)
        return (
            Turn(("discriminator",), self.discriminator_loss),
            *others,
            Turn(("generator",), self.generator_loss),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly real rows are told from made ones."""
        scores = self.discriminator(batch.x), self.discriminator(self.made(len(batch.x)))
        return {"discriminator": loss.discriminator(*scores)}

    def classifier_loss(self, batch: Batch) -> Terms:
        """How badly the target of real rows is told from their other columns."""
        return {"classifier": self.told(batch.x)}

    def generator_loss(self, batch: Batch) -> Terms:
        """How well made rows are told; how far their features' moments are; how badly their target fits."""
        made = self.made(len(batch.x))
        mine, theirs = self.discriminator.features(made), self.discriminator.features(batch.x)
        terms = {
            "generator": loss.generator(self.discriminator.image.head(mine), None),
            "information": information(mine, theirs, *self.near),
        }
        return terms if self.target is None else {**terms, "classification": self.told(made)}

    def told(self, x: Tensor) -> Tensor:
        """The cross entropy between the target of rows and what the classifier says of the other columns."""
        assert self.classifier is not None
        assert self.target is not None
        return self.target.surprise(self.classifier(self.target.removed(x)), x)

    def made(self, n: int) -> Tensor:
        """So many rows."""
        return self.sample(noise.normal(n, self.latent))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Rows."""
        return torch.as_tensor(self.generator(z))


def information(mine: Tensor, theirs: Tensor, mean: float, deviation: float) -> Tensor:
    """How far apart means and deviations of features ``(n, features)`` are, beyond what is allowed."""
    apart = (mine.mean(0) - theirs.mean(0)).norm()
    spread = ((mine.var(0, False) + EPS).sqrt() - (theirs.var(0, False) + EPS).sqrt()).norm()
    return F.relu(apart - mean) + F.relu(spread - deviation)


def recipe(
    data: Table = Table(),
    *,
    target: Annotated[str, KEPT] = "",
    width: int = 64,
    latent: int = 100,
    lr: float = 2e-4,
    delta_mean: Annotated[float, KEPT] = 0.0,
    delta_deviation: Annotated[float, KEPT] = 0.0,
    half_life: float = 10_000.0,
    steps: int = 10_000,
    batch: int = 500,
    seed: int = 0,
) -> Run:
    """A TableGAN.

    Args:
        data: the table.
        target: the column that is to follow from the others, one that is learnt by value; the last such when
            empty.
        width: channels of the layer next to the square, in all networks.
        latent: the size of z.
        lr: Adam's learning rate.
        delta_mean: how far the mean of the features may be from that of real rows.
        delta_deviation: how far their deviation may be.
        half_life: of the averaged weights, in rows.
        steps: the length of the run.
        batch: rows in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    space = samples.space
    assert isinstance(space, TableSpace)
    (size,) = space.shape
    column = Target.of(space, target)
    game = TableGAN(
        SquareGenerator(latent, space.owners, width),
        SquareDiscriminator(size, width),
        None if column is None else SquareClassifier(size, column.size, width),
        column,
        (delta_mean, delta_deviation),
    )
    networks = {
        "discriminator": game.discriminator,
        "generator": game.generator,
        **({} if game.classifier is None else {"classifier": game.classifier}),
    }
    optimizers = {name: adam(network, lr, (0.5, 0.999)) for name, network in networks.items()}
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=4, latent=4, steps=4, batch=16)
