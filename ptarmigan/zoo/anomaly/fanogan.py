"""f-AnoGAN: Schlegl et al. 2019, "f-AnoGAN: fast unsupervised anomaly detection", for rows.

    ptarmigan train anomaly.fanogan --data breast-cancer
    ptarmigan detect runs/anomaly.fanogan-breast-cancer rows.csv

First a WGAN-GP (arXiv 1704.00028) learns to make rows; then, while it stays as it is, an encoder learns to
find the latent whose row is like a given one: in the row, and κ times in the critic's last hidden layer
(izi_f). Abnormal is what it finds none for. Medical Image Analysis 54, doi 10.1016/j.media.2019.01.010; the
loss, the score and κ = 1 are the paper's. Not so: layers are fully connected, for rows instead of images, the
encoder moves by Adam instead of RMSprop, and latents are few and none that it finds is farther than 2 from 0
in any number: the generator knows no others, and makes what is far out of them as well as anything.
Cost and score: benchmarks/results/anomaly.json
"""

from __future__ import annotations

import torch
from torch import Tensor

from ptarmigan import noise
from ptarmigan.batch import Batch
from ptarmigan.data.vectors import vectors
from ptarmigan.game import Terms, Turn
from ptarmigan.games.detector import Detector
from ptarmigan.losses import wasserstein as loss
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.optim import adam
from ptarmigan.penalties import GradientPenalty, Judged
from ptarmigan.run import Run


class FAnoGAN(Detector):
    """A generator ``z -> x`` against a critic of rows, and then an encoder ``x -> z`` that inverts it.

    Args:
        generator: makes rows of latents.
        discriminator: the critic.
        encoder: finds latents of rows.
        penalty: λ, of the critic's slopes.
        critic_steps: the critic's moves for one of the generator.
        kappa: κ, weight of the distance in the critic's features against that in the row.
        first: steps before the encoder's.
    """

    averaged = ("generator", "encoder", "discriminator")

    def __init__(
        self,
        generator: PointGenerator,
        discriminator: PointDiscriminator,
        encoder: PointGenerator,
        penalty: float,
        critic_steps: int,
        kappa: float,
        first: int,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.encoder = generator, discriminator, encoder
        self.penalty, self.critic_steps = GradientPenalty(penalty), critic_steps
        self.kappa, self.first = kappa, first
        self.latent = generator.latent

    def turns(self) -> tuple[Turn, ...]:
        """The critic and the generator in the first steps, the encoder in the others."""
        before, after = lambda step: step < self.first, lambda step: step >= self.first
        return (
            Turn(("discriminator",), self.critic_loss, self.critic_steps, before),
            Turn(("generator",), self.generator_loss, 1, before, reads=False),
            Turn(("encoder",), self.encoder_loss, 1, after),
        )

    def critic_loss(self, batch: Batch) -> Terms:
        """The distance that the critic sees, and its slopes."""
        critic, fake = self.discriminator, self.made(batch)
        judged = Judged(critic, batch.x, fake, critic(batch.x), critic(fake), self.progress)
        return {
            "discriminator": loss.discriminator(judged.real_scores, judged.fake_scores),
            self.penalty.name: self.penalty(judged),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """How badly the critic thinks of what was made."""
        return {"generator": loss.generator(self.discriminator(self.made(batch)), None)}

    def encoder_loss(self, batch: Batch) -> Terms:
        """How far rows are from what is made of their latents."""
        return {"encoder": self.distance(batch.x).mean()}

    def abnormality(self, x: Tensor) -> Tensor:
        """The distance of rows from what is made of their latents."""
        return self.distance(x)

    def distance(self, x: Tensor) -> Tensor:
        """|x - G(E(x))|² and κ |f(x) - f(G(E(x)))|², each over how many numbers it adds up."""
        again, features = self.sample(self.encode(x)), self.discriminator.features
        seen = (features(x) - features(again)).square().mean(1)
        return (x - again).square().mean(1) + self.kappa * seen

    def encode(self, x: Tensor) -> Tensor:
        """The latents of rows, each number within ± 2."""
        return torch.tanh(self.encoder(x) / 2) * 2

    def made(self, batch: Batch) -> Tensor:
        """As many generated rows as the batch has real ones."""
        return self.sample(noise.normal(len(batch.x), self.latent))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Generated rows; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(z))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The critic's scores."""
        return torch.as_tensor(self.discriminator(x))


def recipe(
    data: str = "breast-cancer",
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    penalty: float = 10.0,
    critic_steps: int = 5,
    kappa: float = 1.0,
    half_life: float = 10_000.0,
    steps: int = 2_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """An f-AnoGAN.

    Args:
        data: breast-cancer, or a .csv, .npy or .npz file of rows of numbers: normal ones, or mostly.
        width: of the two hidden layers of all networks.
        latent: the size of z.
        lr: Adam's learning rate.
        penalty: λ, of the gradient penalty.
        critic_steps: the critic's moves for one of the generator.
        kappa: κ, weight of the distance in the critic's features against that in the row.
        half_life: of the averaged weights, in rows.
        steps: the length of the run; the first half is the GAN's, the second the encoder's.
        batch: rows in a move.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = vectors(data, batch=batch, seed=seed)
    size, hidden, layer = samples.space.shape[0], (width, width), dense(leaky)
    game = FAnoGAN(
        PointGenerator(latent, (size,), hidden),
        PointDiscriminator((size,), hidden, layer=layer),
        PointGenerator(size, (latent,), hidden, layer=layer),
        penalty,
        critic_steps,
        kappa,
        first=steps // 2,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.5, 0.9)),
        "generator": adam(game.generator, lr, (0.5, 0.9)),
        "encoder": adam(game.encoder, lr, (0.9, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=8, latent=4, critic_steps=2, steps=4, batch=16)
