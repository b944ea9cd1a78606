"""EGBAD: Zenati et al. 2018, "Efficient GAN-based anomaly detection", arXiv 1802.06222, for rows.

    ptarmigan train anomaly.bigan --data breast-cancer
    ptarmigan detect runs/anomaly.bigan-breast-cancer rows.csv

A BiGAN (Donahue et al. 2017, arXiv 1605.09782) has an encoder beside the generator, and a discriminator of
pairs:

    min_{G,E} max_D E[log D(x, E(x))] + E[log(1 − D(G(z), z))]

At the optimum E inverts G, so that G(E(x)) is near x for what was trained on. The anomaly score is the
distance, in the row and in the discriminator's last hidden layer f:

    A(x) = α ‖x − G(E(x))‖₁ + (1 − α) ‖f(x, E(x)) − f(G(E(x)), E(x))‖₁

The score, α and the sizes are the paper's for KDD-99. Not as published: the discriminator takes row and
latent concatenated, batches are larger and Adam's learning rate is higher (the paper has 1e-5), for fewer
steps.
Cost and score: after 5,767 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.329 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Annotated

from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import non_saturating as loss
from ptarmigan.core.optim import adams
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.pairs import PairDiscriminator
from ptarmigan.nets.players import Generator
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.training.meaning import OTHER
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class BiGAN(Detector):
    """A generator ``z -> x`` and an encoder ``x -> z`` against a discriminator of pairs.

    Args:
        generator: G.
        encoder: E.
        discriminator: scores pairs, and has features f of them.
        weight: α.
    """

    ema = ("generator", "encoder", "discriminator")

    def __init__(
        self, generator: Generator, encoder: nn.Module, discriminator: PairDiscriminator, weight: float
    ) -> None:
        super().__init__()
        self.generator, self.encoder, self.discriminator = generator, encoder, discriminator
        self.latent, self.weight = generator.latent, weight

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, then the generator and the encoder together."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("generator", "encoder"), self.pair_loss),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−E[log D(x, E(x))] − E[log(1 − D(G(z), z))]."""
        return {"discriminator": loss.discriminator(*self.scores(batch))}

    def pair_loss(self, batch: Batch) -> Terms:
        """−E[log D(G(z), z)] − E[log(1 − D(x, E(x)))], which does not saturate."""
        encoded, generated = self.scores(batch)
        return {"generator": loss.generator(generated, None), "encoder": loss.generator(-encoded, None)}

    def scores(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Of pairs (x, E(x)), and of pairs (G(z), z)."""
        z = noise.normal(len(batch.x), self.latent)
        encoded, generated = (batch.x, self.encoder(batch.x)), (self.sample(z), z)
        return self.discriminator(*encoded), self.discriminator(*generated)

    def anomaly_score(self, x: Tensor) -> Tensor:
        """A(x) = α ‖x − G(E(x))‖₁ + (1 − α) ‖f(x, E(x)) − f(G(E(x)), E(x))‖₁."""
        z, features = self.encoder(x), self.discriminator.features
        again = self.sample(z)
        in_features = (features(x, z) - features(again, z)).abs().sum(1)
        return self.weight * (x - again).abs().flatten(1).sum(1) + (1 - self.weight) * in_features


@configurable
def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    weight: Annotated[float, OTHER] = 0.9,
    dropout: float = 0.5,
    training: Training = Training(steps=2_000, batch=128),
) -> Run:
    """A BiGAN that detects anomalies.

    Args:
        weight: α, of the distance in the sample against that in the discriminator's features.
        dropout: the probability, in the discriminator's fully connected layers.
    """
    samples, networks = training.open_with_networks(data)
    game = BiGAN(
        networks.generator(latent, width, tapered=True),
        networks.encoder(latent, width, tapered=True),
        networks.pair_discriminator(latent, width, dropout=dropout),
        weight,
    )
    optimizers = adams(game, lr, players=("discriminator", "generator", "encoder"))
    return training.run(game, samples, optimizers)


small = dict(width=8, latent=4, steps=4, batch=16)
