"""ALAD: Zenati et al. 2018, "Adversarially learned anomaly detection", arXiv 1812.02288, for rows.

    ptarmigan train anomaly.alad --data breast-cancer
    ptarmigan detect runs/anomaly.alad-breast-cancer rows.csv

Beside the discriminator of a BiGAN, which tells (x, E(x)) from (G(z), z), one tells (x, x) from (x, G(E(x)))
and one (z, z) from (z, E(G(z))), so that encoder and generator invert each other; all weights of the three
are spectrally normalised. Abnormal is a row whose (x, x) looks unlike (x, G(E(x))) to the second of them, in
its last hidden layer. Losses, score and dropout are the paper's. Not so: hidden layers are two everywhere,
no batch norm is in the first discriminator, batches are larger and Adam's rate is higher (1e-5 there), for
fewer steps.
Cost and score: after 126 steps, 6 s of one core, on breast-cancer:
sliced Wasserstein distance 44.4 (real samples: 12.7); benchmarks/results/zoo.json
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from ptarmigan import noise
from ptarmigan.batch import Batch
from ptarmigan.data.vectors import vectors
from ptarmigan.game import Terms, Turn
from ptarmigan.games.detector import Detector, beside
from ptarmigan.losses import non_saturating as loss
from ptarmigan.nets.layers import Dropout
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.nets.spectral import spectral_norm
from ptarmigan.optim import adam
from ptarmigan.run import Run


class ALAD(Detector):
    """A generator ``z -> x`` and an encoder ``x -> z`` against three discriminators of pairs.

    Args:
        generator: makes rows of latents.
        encoder: finds the latents of rows.
        discriminator: scores rows beside latents.
        row_discriminator: scores rows beside rows; what it sees says how abnormal a row is.
        latent_discriminator: scores latents beside latents.
    """

    averaged = ("generator", "encoder", "row_discriminator")

    def __init__(
        self,
        generator: PointGenerator,
        encoder: PointGenerator,
        discriminator: PointDiscriminator,
        row_discriminator: PointDiscriminator,
        latent_discriminator: PointDiscriminator,
    ) -> None:
        super().__init__()
        self.generator, self.encoder = generator, encoder
        self.discriminator = discriminator
        self.row_discriminator, self.latent_discriminator = row_discriminator, latent_discriminator
        self.latent = generator.latent

    def turns(self) -> tuple[Turn, ...]:
        """The discriminators together, then the generator and the encoder together."""
        discriminators = ("discriminator", "row discriminator", "latent discriminator")
        return (
            Turn(discriminators, self.discriminators_loss),
            Turn(("generator", "encoder"), self.pair_loss),
        )

    def discriminators_loss(self, batch: Batch) -> Terms:
        """How badly the first pair of each kind is told from the second."""
        return {name: loss.discriminator(*scores) for name, scores in self.scores(batch).items()}

    def pair_loss(self, batch: Batch) -> Terms:
        """How well each pair is told for what it is."""
        scores = self.scores(batch)
        return {
            name: loss.generator(second, None) + loss.generator(-first, None)
            for name, (first, second) in scores.items()
        }

    def scores(self, batch: Batch) -> dict[str, tuple[Tensor, Tensor]]:
        """What each discriminator says of pairs of the first and of the second kind."""
        x, z = batch.x, noise.normal(len(batch.x), self.latent)
        encoded, made = self.encoder(x), self.sample(z)
        x_again, z_again = self.sample(encoded), self.encoder(made)
        return {
            "pairs": (self.discriminator(beside(x, encoded)), self.discriminator(beside(made, z))),
            "rows": (self.row_discriminator(beside(x, x)), self.row_discriminator(beside(x, x_again))),
            "latents": (
                self.latent_discriminator(beside(z, z)),
                self.latent_discriminator(beside(z, z_again)),
            ),
        }

    def abnormality(self, x: Tensor) -> Tensor:
        """|f(x, x) - f(x, G(E(x)))|, f the last hidden layer of the discriminator of rows beside rows."""
        features = self.row_discriminator.features
        again = self.sample(self.encoder(x))
        return (features(beside(x, x)) - features(beside(x, again))).abs().sum(1)

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Generated rows; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(z))


def recipe(
    data: str = "breast-cancer",
    *,
    width: int = 64,
    latent: int = 32,
    lr: float = 1e-4,
    half_life: float = 10_000.0,
    steps: int = 2_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """An ALAD.

    Args:
        data: breast-cancer, or a .csv, .npy or .npz file of rows of numbers: normal ones, or mostly.
        width: of the hidden layer next to the latent; those next to the row are twice as wide.
        latent: the size of z.
        lr: Adam's learning rate.
        half_life: of the averaged weights, in rows.
        steps: the length of the run.
        batch: rows in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = vectors(data, batch=batch, seed=seed)
    size = samples.space.shape[0]
    smooth = dense(leaky)
    game = ALAD(
        PointGenerator(latent, (size,), (width, 2 * width)),
        PointGenerator(size, (latent,), (2 * width, width), layer=smooth),
        discriminator(size + latent, (4 * width, 2 * width), dropout=0.5),
        discriminator(2 * size, (4 * width, 2 * width), dropout=0.2),
        discriminator(2 * latent, (width, width), dropout=0.2),
    )
    player = partial(adam, lr=lr, betas=(0.5, 0.999))
    optimizers = {
        "discriminator": player(game.discriminator),
        "row discriminator": player(game.row_discriminator),
        "latent discriminator": player(game.latent_discriminator),
        "generator": player(game.generator),
        "encoder": player(game.encoder),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


def discriminator(size: int, hidden: tuple[int, ...], dropout: float) -> PointDiscriminator:
    """Of ``size`` numbers, its weights spectrally normalised."""
    layer = dense(lambda: nn.Sequential(leaky(), Dropout(dropout)))
    return spectral_norm(PointDiscriminator((size,), hidden, layer=layer))


small = dict(width=8, latent=4, steps=4, batch=16)
