"""TableGAN: Park et al. 2018, "Data synthesis based on generative adversarial networks", arXiv 1806.03384.

    ptarmigan train table.tablegan --data adult.csv --target income

A DCGAN of rows that are laid out as a square, whose generator has two more losses. The information loss
compares mean and standard deviation of the discriminator's features f of generated rows with those of real
ones; a larger δ asks for less, so that rows stay farther from the real ones. The classification loss compares
the target column of generated rows with the prediction of a classifier, which is trained on real rows, from
their other columns:

    L_info = max(0, ‖E[f(x)] − E[f(G(z))]‖ − δ_mean) + max(0, ‖SD[f(x)] − SD[f(G(z))]‖ − δ_sd)
    L_class = E[H(target(G(z)), C(rest(G(z))))]

Rows are encoded as for ``table.ctgan``, not as one number a column; the moments of features are those of the
batch and not running ones; the classifier minimises a cross-entropy, as a target may have many values;
samples come from the EMA weights.
Cost and score: after 587 steps, 30 s of one core, on iris:
column shapes 0.953 (real samples: 0.904); benchmarks/results/zoo.json
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.losses import non_saturating as loss
from ptarmigan.core.optim import adams
from ptarmigan.modalities.table.conditional import Target
from ptarmigan.modalities.table.nets import RowActivations, Rows
from ptarmigan.modalities.table.source import Table
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANEncoder, DCGANGenerator
from ptarmigan.nets.layers import Classes
from ptarmigan.training.meaning import FIXED
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

EPS = 1e-8
"""Added to variances, whose roots are differentiable then."""


class TableGAN(TwoPlayerGame):
    """A generator of rows against a discriminator, and a classifier that is trained on real rows.

    Args:
        generator: generates rows.
        discriminator: scores them, and has features f of them.
        classifier: C, which predicts the target from the other columns; None where no column is categorical.
        target: where the target is in a row.
        near: δ_mean and δ_sd.
    """

    discriminator: SquareDiscriminator

    discriminate = Game.discriminate  # batch norm

    def __init__(
        self,
        generator: SquareGenerator,
        discriminator: SquareDiscriminator,
        classifier: SquareClassifier | None,
        target: Target | None,
        near: tuple[float, float],
    ) -> None:
        super().__init__(generator, discriminator)
        self.classifier, self.target, self.near = classifier, target, near

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, the classifier if there is one, and the generator."""
        others = () if self.classifier is None else (Turn(("classifier",), self.classifier_loss),)
        return (
            Turn(("discriminator",), self.discriminator_loss),
            *others,
            Turn(("generator",), self.generator_loss),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−E[log D(x)] − E[log(1 − D(G(z)))]."""
        scores = self.discriminator(batch.x), self.discriminator(self.fake(batch))
        return {"discriminator": loss.discriminator(*scores)}

    def classifier_loss(self, batch: Batch) -> Terms:
        """E[H(target(x), C(rest(x)))]."""
        return {"classifier": self.class_error(batch.x)}

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[log D(G(z))] + L_info + L_class."""
        fake = self.fake(batch)
        fake_features, real_features = self.discriminator.features(fake), self.discriminator.features(batch.x)
        terms = {
            "generator": loss.generator(self.discriminator.image.head(fake_features), None),
            "information": information(fake_features, real_features, *self.near),
        }
        return terms if self.target is None else {**terms, "classification": self.class_error(fake)}

    def class_error(self, x: Tensor) -> Tensor:
        """The cross-entropy of the classifier's prediction of the target from the other columns."""
        assert self.classifier is not None
        assert self.target is not None
        return self.target.cross_entropy(self.classifier(self.target.remove(x)), x)


def information(fake: Tensor, real: Tensor, mean: float, deviation: float) -> Tensor:
    """L_info of features ``(n, features)``, with δ_mean and δ_sd."""
    means = (fake.mean(0) - real.mean(0)).norm()
    deviations = ((fake.var(0, False) + EPS).sqrt() - (real.var(0, False) + EPS).sqrt()).norm()
    return F.relu(means - mean) + F.relu(deviations - deviation)


SMALLEST = 8
"""The side of the least square that the convolutions take."""


def square_of(size: int) -> tuple[int, int, int]:
    """The shape of the square, one channel, that has room for rows of so many numbers."""
    side = max(SMALLEST, math.isqrt(size - 1) + 1)
    return 1, side, side


def laid_out(x: Rows) -> Float[Tensor, "batch 1 side side"]:
    """Rows as squares."""
    shape = square_of(x.shape[1])
    return F.pad(x, (0, math.prod(shape) - x.shape[1])).reshape(-1, *shape)


class SquareGenerator(nn.Module):
    """A DCGAN's generator, whose image is read as a row.

    Args:
        latent: the size of ``z``.
        owners: see ``RowActivations``.
        width: channels of the last hidden layer.
    """

    def __init__(self, latent: int, owners: Sequence[int], width: int = 64) -> None:
        super().__init__()
        self.latent, self.size = latent, len(owners)
        self.image = DCGANGenerator(latent, square_of(self.size), width)
        self.activations = RowActivations(owners)

    def forward(self, z: Float[Tensor, "batch latent"], c: Classes | None = None) -> Rows:
        """Rows, as the space encodes them; ``c`` is ignored."""
        rows: Tensor = self.activations(self.image.pre_activation(z).flatten(1)[:, : self.size])
        return rows


class SquareDiscriminator(nn.Module):
    """A DCGAN's discriminator of rows.

    Args:
        size: of an encoded row.
        width: channels of the first layer.
    """

    def __init__(self, size: int, width: int = 64) -> None:
        super().__init__()
        self.image = DCGANDiscriminator(square_of(size), width)
        self.feature_size = self.image.feature_size

    def features(self, x: Rows, c: Classes | None = None) -> Float[Tensor, "batch feature"]:
        """The last convolution, flattened; ``c`` is ignored."""
        return self.image.features(laid_out(x))

    def forward(self, x: Rows, c: Classes | None = None) -> Float[Tensor, " batch"]:
        """Raw scores."""
        scores: Tensor = self.image(laid_out(x))
        return scores


class SquareClassifier(nn.Module):
    """The discriminator's convolutions, which predict the numbers of one column.

    Args:
        size: of an encoded row.
        outputs: how many numbers the column takes.
        width: channels of the first layer.
    """

    def __init__(self, size: int, outputs: int, width: int = 64) -> None:
        super().__init__()
        self.image = DCGANEncoder(square_of(size), outputs, width)

    def forward(self, x: Rows) -> Float[Tensor, "batch output"]:
        """Logarithms of shares, up to a constant."""
        logits: Tensor = self.image(laid_out(x))
        return logits


@configurable
def recipe(
    data: Table = Table(),
    *,
    target: Annotated[str, FIXED] = "",
    width: int = 64,
    latent: int = 100,
    lr: float = 2e-4,
    delta_mean: Annotated[float, FIXED] = 0.0,
    delta_deviation: Annotated[float, FIXED] = 0.0,
    training: Training = Training(steps=10_000, batch=500),
) -> Run:
    """A TableGAN.

    Args:
        target: the column that is predicted from the others, a categorical one; the last such when empty.
        width: channels of the layer next to the square, in all networks.
        delta_mean: δ_mean, how much the mean of the features may differ from that of real rows.
        delta_deviation: δ_sd, how much their standard deviation may.
    """
    samples = training.open(data)
    space = samples.space
    (size,) = space.shape
    column = Target.of(space, target)
    game = TableGAN(
        SquareGenerator(latent, space.owners, width),
        SquareDiscriminator(size, width),
        None if column is None else SquareClassifier(size, column.size, width),
        column,
        (delta_mean, delta_deviation),
    )
    players = ("discriminator", "generator", *(() if column is None else ("classifier",)))
    return training.run(game, samples, adams(game, lr, players=players))


small = dict(width=4, latent=4, steps=4, batch=16)
