"""VAE-GAN: Larsen et al. 2016, "Autoencoding beyond pixels", arXiv 1512.09300, for rows.

    ptarmigan train anomaly.vaegan --data breast-cancer
    ptarmigan detect runs/anomaly.vaegan-breast-cancer rows.csv

A VAE whose reconstruction error is one of a discriminator's last hidden layer f, and whose decoder is a GAN's
generator too. With x̃ = G(z), z ~ q(z | x), and x_p = G(z_p), z_p ~ N(0, I):

    L_llike = E[½ ‖f(x) − f(x̃)‖²],    L_prior = KL(q(z | x) ‖ N(0, I))
    encoder: L_prior + L_llike,    decoder: γ L_llike − log D(x̃) − log D(x_p)
    discriminator: −log D(x) − log(1 − D(x̃)) − log(1 − D(x_p))

The anomaly score of a row is its reconstruction error, in the discriminator's features and in the row, and
L_prior; the paper does not detect anomalies.
Cost and score: after 6,666 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.243 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.latents import kl_divergence, reparameterise
from ptarmigan.core.losses import non_saturating as loss
from ptarmigan.core.optim import adams
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.players import Discriminator, Generator
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class VAEGAN(TwoPlayerGame, Detector):
    """An encoder of Gaussians of latents, a decoder, and a discriminator of rows.

    Args:
        generator: G.
        encoder: x to μ and the logarithm of the variance of z.
        discriminator: D, with features f.
        gamma: γ, of L_llike in the decoder's loss.
    """

    ema = ("generator", "encoder", "discriminator")
    discriminator: Discriminator

    discriminate = Game.discriminate  # rows have anomaly scores instead

    def __init__(
        self, generator: Generator, encoder: nn.Module, discriminator: Discriminator, gamma: float
    ) -> None:
        super().__init__(generator, discriminator)
        self.encoder, self.gamma = encoder, gamma

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, the encoder, the decoder."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("encoder",), self.encoder_loss),
            Turn(("generator",), self.generator_loss),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−log D(x) − log(1 − D(x̃)) − log(1 − D(x_p)), the last two a mean."""
        again, generated = self.decoded(batch)
        real, fake = self.discriminator(batch.x), self.discriminator(torch.cat([again, generated]))
        return {"discriminator": loss.discriminator(real, fake)}

    def encoder_loss(self, batch: Batch) -> Terms:
        """L_llike + L_prior."""
        mean, log_variance = self.encoder(batch.x).chunk(2, 1)
        again = self.generator(reparameterise(mean, log_variance))
        likeness = self.feature_error(batch.x, again).mean()
        return {"likeness": likeness, "divergence": kl_divergence(mean, log_variance).mean()}

    def generator_loss(self, batch: Batch) -> Terms:
        """γ L_llike − log D(x̃) − log D(x_p), the last two a mean."""
        again, generated = self.decoded(batch)
        scores = self.discriminator(torch.cat([again, generated]))
        likeness = self.gamma * self.feature_error(batch.x, again).mean()
        return {"likeness": likeness, "generator": loss.generator(scores, None)}

    def decoded(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """x̃ and x_p."""
        again = self.generator(reparameterise(*self.encoder(batch.x).chunk(2, 1)))
        return again, self.generator(noise.normal(len(batch.x), self.latent).to(again))

    def feature_error(self, x: Tensor, again: Tensor) -> Tensor:
        """½ ‖f(x) − f(x̃)‖²."""
        features = self.discriminator.features
        return (features(x) - features(again)).square().sum(1) / 2

    def reconstruct(self, x: Tensor) -> Tensor:
        """G(μ), μ the mean of q(z | x)."""
        return torch.as_tensor(self.generator(self.encoder(x).chunk(2, 1)[0]))

    def anomaly_score(self, x: Tensor) -> Tensor:
        """½ ‖f(x) − f(x̃)‖² + ‖x − x̃‖² + KL(q(z | x) ‖ N(0, I)), x̃ decoded from the mean of q."""
        mean, log_variance = self.encoder(x).chunk(2, 1)
        again = self.generator(mean)
        error = (x - again).square().sum(1)
        return torch.as_tensor(self.feature_error(x, again) + error + kl_divergence(mean, log_variance))


@configurable
def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    gamma: float = 1.0,
    training: Training = Training(steps=1_000, batch=128),
) -> Run:
    """A VAE-GAN of rows.

    Args:
        gamma: γ, of the error in features in the decoder's loss.
    """
    samples, networks = training.open_with_networks(data)
    generator, encoder = networks.generator(latent, width), networks.encoder(2 * latent, width)
    game = VAEGAN(generator, encoder, networks.discriminator(width), gamma)
    optimizers = adams(game, lr, players=("discriminator", "encoder", "generator"))
    return training.run(game, samples, optimizers)


small = dict(width=8, latent=4, steps=4, batch=16)
