"""VAE-GAN: Larsen et al. 2016, "Autoencoding beyond pixels", arXiv 1512.09300, for rows.

    ptarmigan train anomaly.vaegan --data breast-cancer
    ptarmigan detect runs/anomaly.vaegan-breast-cancer rows.csv

A VAE whose rows are to be like the original in what a discriminator sees, its last hidden layer, and whose
decoder is a GAN's generator too. A row is abnormal by how far it is from what is decoded, in the
discriminator's features and in the row, and by how far its latents are from normal ones; the paper detects
nothing.
Cost and score: after 6,666 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.243 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.latents import divergence, drawn
from ptarmigan.core.losses import non_saturating as loss
from ptarmigan.core.optim import adam
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.training.run import Run


class VAEGAN(Detector):
    """An encoder of Gaussians of latents, a decoder, and a discriminator of rows.

    Args:
        generator: the decoder.
        encoder: gives twice as many numbers as there are latents.
        discriminator: tells rows from decoded ones.
        gamma: γ, of the likeness of features in the decoder's loss.
    """

    averaged = ("generator", "encoder", "discriminator")

    def __init__(
        self,
        generator: PointGenerator,
        encoder: PointGenerator,
        discriminator: PointDiscriminator,
        gamma: float,
    ) -> None:
        super().__init__()
        self.generator, self.encoder, self.discriminator = generator, encoder, discriminator
        self.latent, self.gamma = generator.latent, gamma

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, the encoder, the decoder."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("encoder",), self.encoder_loss),
            Turn(("generator",), self.generator_loss),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly rows are told from decoded ones, of their own latents and of normal ones."""
        again, made = self.decoded(batch)
        real, scores = self.discriminator(batch.x), self.discriminator(torch.cat([again, made]))
        return {"discriminator": loss.discriminator(real, scores)}

    def encoder_loss(self, batch: Batch) -> Terms:
        """How far rows are from what is decoded, as features, and latents from standard normal ones."""
        mean, variance = self.encoder(batch.x).chunk(2, 1)
        again = self.generator(drawn(mean, variance))
        likeness = self.apart(batch.x, again).mean()
        return {"likeness": likeness, "divergence": divergence(mean, variance).mean()}

    def generator_loss(self, batch: Batch) -> Terms:
        """The same distance, and how well the discriminator is deceived."""
        again, made = self.decoded(batch)
        scores = self.discriminator(torch.cat([again, made]))
        likeness = self.gamma * self.apart(batch.x, again).mean()
        return {"likeness": likeness, "generator": loss.generator(scores, None)}

    def decoded(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Rows made again, and rows made of normal latents."""
        again = self.generator(drawn(*self.encoder(batch.x).chunk(2, 1)))
        return again, self.generator(noise.normal(len(batch.x), self.latent).to(again))

    def apart(self, x: Tensor, again: Tensor) -> Tensor:
        """Half the squared distance in the discriminator's features."""
        features = self.discriminator.features
        return (features(x) - features(again)).square().sum(1) / 2

    def abnormality(self, x: Tensor) -> Tensor:
        """The distance in features and in the row, and the divergence, at the mean of the latents."""
        mean, variance = self.encoder(x).chunk(2, 1)
        again = self.generator(mean)
        lost = (x - again).square().sum(1)
        return torch.as_tensor(self.apart(x, again) + lost + divergence(mean, variance))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Decoded rows; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(z))


def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    gamma: float = 1.0,
    half_life: float = 10_000.0,
    steps: int = 1_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """A VAE-GAN of rows.

    Args:
        data: normal rows, or mostly.
        width: of the two hidden layers of all networks.
        latent: the size of z.
        lr: Adam's learning rate.
        gamma: γ, of the likeness of features in the decoder's loss.
        half_life: of the averaged weights, in rows.
        steps: the length of the run.
        batch: rows in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    size, hidden = samples.space.shape[0], (width, width)
    layer = dense(leaky)
    generator = PointGenerator(latent, (size,), hidden)
    encoder = PointGenerator(size, (2 * latent,), hidden, layer=layer)
    game = VAEGAN(generator, encoder, PointDiscriminator((size,), hidden, layer=layer), gamma)
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.5, 0.999)),
        "encoder": adam(encoder, lr, (0.5, 0.999)),
        "generator": adam(generator, lr, (0.5, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=8, latent=4, steps=4, batch=16)
