"""ALAD: Zenati et al. 2018, "Adversarially learned anomaly detection", arXiv 1812.02288, for rows.

    ptarmigan train anomaly.alad --data breast-cancer
    ptarmigan detect runs/anomaly.alad-breast-cancer rows.csv

Besides the discriminator D_xz of a BiGAN there are two that make generator and encoder inverse to each other;
each discriminates between two pairs:

    D_xz: (x, E(x)) from (G(z), z),    D_xx: (x, x) from (x, G(E(x))),    D_zz: (z, z) from (z, E(G(z)))

All weights of the three are spectrally normalised. The anomaly score is the distance of f, the last hidden
layer of D_xx, between its two pairs: A(x) = ‖f(x, x) − f(x, G(E(x)))‖₁. Losses, score and dropout are the
paper's. Not as published: all networks have two hidden layers, the first discriminator has no batch norm,
batches are larger and Adam's learning rate is higher (1e-5 there), for fewer steps.
Cost and score: after 2,123 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.334 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import non_saturating as loss
from ptarmigan.core.optim import adam
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.mlp import PointDiscriminator
from ptarmigan.nets.pairs import PairDiscriminator
from ptarmigan.nets.players import Discriminator, Generator
from ptarmigan.nets.spectral import spectral_norm
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.training.meaning import OTHER
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class ALAD(Detector):
    """A generator ``z -> x`` and an encoder ``x -> z`` against three discriminators of pairs.

    Args:
        generator: G.
        encoder: E.
        discriminator: D_xz.
        sample_discriminator: D_xx.
        latent_discriminator: D_zz.
    """

    ema = ("generator", "encoder", "sample_discriminator")

    def __init__(
        self,
        generator: Generator,
        encoder: nn.Module,
        discriminator: PairDiscriminator,
        sample_discriminator: Discriminator,
        latent_discriminator: PointDiscriminator,
    ) -> None:
        super().__init__()
        self.generator, self.encoder = generator, encoder
        self.discriminator = discriminator
        self.sample_discriminator, self.latent_discriminator = sample_discriminator, latent_discriminator
        self.latent = generator.latent

    def turns(self) -> tuple[Turn, ...]:
        """The discriminators together, then the generator and the encoder together."""
        discriminators = ("discriminator", "sample discriminator", "latent discriminator")
        return (
            Turn(discriminators, self.discriminators_loss),
            Turn(("generator", "encoder"), self.pair_loss),
        )

    def discriminators_loss(self, batch: Batch) -> Terms:
        """−E[log D(first)] − E[log(1 − D(second))], of each."""
        return {name: loss.discriminator(*scores) for name, scores in self.scores(batch).items()}

    def pair_loss(self, batch: Batch) -> Terms:
        """−E[log D(second)] − E[log(1 − D(first))], against each."""
        scores = self.scores(batch)
        return {
            name: loss.generator(second, None) + loss.generator(-first, None)
            for name, (first, second) in scores.items()
        }

    def scores(self, batch: Batch) -> dict[str, tuple[Tensor, Tensor]]:
        """Each discriminator's scores of its first and of its second pairs."""
        x, z = batch.x, noise.normal(len(batch.x), self.latent)
        encoded, generated = self.encoder(x), self.sample(z)
        x_again, z_again = self.sample(encoded), self.encoder(generated)
        d_xz, d_xx, d_zz = self.discriminator, self.sample_discriminator, self.latent_discriminator
        return {
            "pairs": (d_xz(x, encoded), d_xz(generated, z)),
            "samples": (d_xx(concatenated(x, x)), d_xx(concatenated(x, x_again))),
            "latents": (d_zz(concatenated(z, z)), d_zz(concatenated(z, z_again))),
        }

    def anomaly_score(self, x: Tensor) -> Tensor:
        """A(x) = ‖f(x, x) − f(x, G(E(x)))‖₁."""
        features, again = self.sample_discriminator.features, self.reconstruct(x)
        return (features(concatenated(x, x)) - features(concatenated(x, again))).abs().sum(1)


def concatenated(
    a: Float[Tensor, "batch first *sides"], b: Float[Tensor, "batch second *sides"]
) -> Float[Tensor, "batch both *sides"]:
    """Two vectors of each sample concatenated, or two images by their channels."""
    return torch.cat([a, b], 1)


@configurable
def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 32,
    lr: float = 1e-4,
    dropout: float = 0.2,
    pair_dropout: Annotated[float, OTHER] = 0.5,
    training: Training = Training(steps=2_000, batch=128),
) -> Run:
    """An ALAD.

    Args:
        dropout: the probability, in fully connected layers of the discriminators.
        pair_dropout: the same in that of samples with latents; ``dropout`` where 0.
    """
    samples, networks = training.open_with_networks(data)
    game = ALAD(
        networks.generator(latent, width, tapered=True),
        networks.encoder(latent, width, tapered=True),
        spectral_norm(networks.pair_discriminator(latent, width, dropout=pair_dropout or dropout)),
        spectral_norm(networks.discriminator(width, copies=2, tapered=True, dropout=dropout)),
        spectral_norm(networks.latent_discriminator(2 * latent, width, dropout=dropout)),
    )
    players = {
        "discriminator": game.discriminator,
        "sample discriminator": game.sample_discriminator,
        "latent discriminator": game.latent_discriminator,
        "generator": game.generator,
        "encoder": game.encoder,
    }
    optimizers = {player: adam(network, lr, (0.5, 0.999)) for player, network in players.items()}
    return training.run(game, samples, optimizers)


small = dict(width=8, latent=4, steps=4, batch=16)
