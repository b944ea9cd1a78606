"""GANomaly: Akcay et al. 2018, arXiv 1805.06725, for rows.

    ptarmigan train anomaly.ganomaly --data breast-cancer
    ptarmigan detect runs/anomaly.ganomaly-breast-cancer rows.csv

An autoencoder makes a row again, and a second encoder takes what was made apart: a normal row keeps its
latent, and the paper calls abnormal what is far from E(x) in E'(G(E(x))). The discriminator only lends the
features that rows and what was made of them should share. Losses, their weights (1, 50 and 1) and Adam's
betas are the paper's. Not so: layers are fully connected, for rows instead of images. Latents are few and lie
on a sphere, and the score is mostly the squared distance in the row, as in Skip-GANomaly (arXiv 1901.08954)
but for the square: with free latents what is far out is made as well as anything, and on rows the second
encoder soon knows what the generator does (``--weight 0`` is the paper's score).
Cost and score: after 398 steps, 6 s of one core, on breast-cancer:
sliced Wasserstein distance 13.8 (real samples: 12.7); benchmarks/results/zoo.json
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan import noise
from ptarmigan.batch import Batch
from ptarmigan.data.vectors import vectors
from ptarmigan.game import Terms, Turn
from ptarmigan.games.detector import Detector
from ptarmigan.losses import non_saturating as loss
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.optim import adam
from ptarmigan.run import Run


class GANomaly(Detector):
    """A generator ``z -> x`` between two encoders ``x -> z``, against a discriminator of rows.

    Args:
        generator: makes rows of latents.
        encoder: finds the latents of rows.
        second: finds the latents of what was made.
        discriminator: tells rows from what was made of them.
        again: weight of the distance from rows to what was made of them.
        latents: weight of the distance between the latents of both.
        weight: of the distance in the row in the score; the rest is that of the latents.
    """

    averaged = ("generator", "encoder", "second")

    def __init__(
        self,
        generator: PointGenerator,
        encoder: PointGenerator,
        second: PointGenerator,
        discriminator: PointDiscriminator,
        again: float,
        latents: float,
        weight: float,
    ) -> None:
        super().__init__()
        self.generator, self.encoder, self.second = generator, encoder, second
        self.discriminator, self.again, self.latents = discriminator, again, latents
        self.latent, self.weight = generator.latent, weight

    def turns(self) -> tuple[Turn, ...]:
        """The autoencoder with the second encoder, then the discriminator, as published."""
        return Turn(("generator",), self.generator_loss), Turn(("discriminator",), self.discriminator_loss)

    def generator_loss(self, batch: Batch) -> Terms:
        """How far rows are from what was made of them: to the discriminator, as rows and as latents."""
        x, features = batch.x, self.discriminator.features
        z = self.encode(x)
        made = self.sample(z)
        return {
            "features": (features(x) - features(made)).square().mean(),
            "reconstruction": self.again * F.l1_loss(made, x),
            "latents": self.latents * (z - self.encode_again(made)).square().mean(),
        }

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly rows are told from what was made of them."""
        made = self.sample(self.encode(batch.x))
        return {"discriminator": loss.discriminator(self.discriminator(batch.x), self.discriminator(made))}

    def abnormality(self, x: Tensor) -> Tensor:
        """The weighted sum of |x - G(E(x))|² and |E(x) - E'(G(E(x)))|²."""
        z = self.encode(x)
        made = self.sample(z)
        lost, moved = (x - made).square().sum(1), (z - self.encode_again(made)).square().sum(1)
        return torch.as_tensor(self.weight * lost + (1 - self.weight) * moved)

    def encode(self, x: Tensor) -> Tensor:
        """The latents of rows."""
        return on_sphere(self.encoder(x))

    def encode_again(self, x: Tensor) -> Tensor:
        """The latents of what was made."""
        return on_sphere(self.second(x))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Rows made of latents; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(on_sphere(z)))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The discriminator's scores."""
        return torch.as_tensor(self.discriminator(x))


def on_sphere(z: Tensor) -> Tensor:
    """Latents at the length that normal ones have."""
    return F.normalize(z, dim=1) * math.sqrt(z.shape[1])


def recipe(
    data: str = "breast-cancer",
    *,
    width: int = 64,
    latent: int = 3,
    lr: float = 1e-3,
    again: float = 50.0,
    latents: float = 1.0,
    weight: float = 0.9,
    half_life: float = 10_000.0,
    steps: int = 1_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """A GANomaly.

    Args:
        data: breast-cancer, or a .csv, .npy or .npz file of rows of numbers: normal ones, or mostly.
        width: of the two hidden layers of all networks.
        latent: the size of z.
        lr: Adam's learning rate.
        again: weight of the distance from rows to what was made of them.
        latents: weight of the distance between the latents of both.
        weight: of the distance in the row in the score; the rest is that of the latents.
        half_life: of the averaged weights, in rows.
        steps: the length of the run.
        batch: rows in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = vectors(data, batch=batch, seed=seed)
    size, hidden, layer = samples.space.shape[0], (width, width), dense(leaky)
    game = GANomaly(
        PointGenerator(latent, (size,), hidden),
        PointGenerator(size, (latent,), hidden, layer=layer),
        PointGenerator(size, (latent,), hidden, layer=layer),
        PointDiscriminator((size,), hidden, layer=layer),
        again,
        latents,
        weight,
    )
    moving = nn.ModuleList([game.generator, game.encoder, game.second])
    optimizers = {
        "generator": adam(moving, lr, (0.5, 0.999)),
        "discriminator": adam(game.discriminator, lr, (0.5, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=8, latent=4, steps=4, batch=16)
