"""GANomaly: Akcay et al. 2018, arXiv 1805.06725, for rows.

    ptarmigan train anomaly.ganomaly --data breast-cancer
    ptarmigan detect runs/anomaly.ganomaly-breast-cancer rows.csv

An autoencoder G(E(x)), and a second encoder E' of what it reconstructs: a normal row keeps its latent. With
the features f of a discriminator, which is trained to tell rows from reconstructions, the autoencoder
minimises

    L = ‖f(x) − f(G(E(x)))‖² + w_con ‖x − G(E(x))‖₁ + w_enc ‖E(x) − E'(G(E(x)))‖²

and the paper's anomaly score is the last distance. Losses, their weights (1, 50 and 1) and Adam's betas are
the paper's. Not as published: layers are fully connected, for rows instead of images; latents are few and lie
on a sphere; and the score is mostly the squared distance in the row, as in Skip-GANomaly (arXiv 1901.08954)
except for the square: with unrestricted latents outliers are reconstructed as well as normal rows, and on
rows the second encoder soon predicts the generator (``--weight 0`` is the paper's score).
Cost and score: after 8,767 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.52 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

import math
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import non_saturating as loss
from ptarmigan.core.optim import adam
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.players import Discriminator, Generator
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.training.meaning import OTHER
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class GANomaly(Detector):
    """A generator ``z -> x`` between two encoders ``x -> z``, against a discriminator of samples.

    Args:
        generator: G.
        encoder: E.
        second: E'.
        discriminator: has features f.
        again: w_con.
        latents: w_enc.
        weight: of the distance in the sample in the score; the rest is that of the latents.
    """

    ema = ("generator", "encoder", "second")

    def __init__(
        self,
        generator: Generator,
        encoder: nn.Module,
        second: nn.Module,
        discriminator: Discriminator,
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
        """‖f(x) − f(G(E(x)))‖² + w_con ‖x − G(E(x))‖₁ + w_enc ‖E(x) − E'(G(E(x)))‖², as means."""
        x, features = batch.x, self.discriminator.features
        z = on_sphere(self.encoder(x))
        again = self.sample(z)
        return {
            "features": (features(x) - features(again)).square().mean(),
            "reconstruction": self.again * F.l1_loss(again, x),
            "latents": self.latents * (z - on_sphere(self.second(again))).square().mean(),
        }

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−E[log D(x)] − E[log(1 − D(G(E(x))))]."""
        real, fake = self.discriminator(batch.x), self.discriminator(self.reconstruct(batch.x))
        return {"discriminator": loss.discriminator(real, fake)}

    def anomaly_score(self, x: Tensor) -> Tensor:
        """W ‖x − G(E(x))‖² + (1 − w) ‖E(x) − E'(G(E(x)))‖²."""
        z = on_sphere(self.encoder(x))
        again = self.sample(z)
        in_sample = (x - again).square().flatten(1).sum(1)
        in_latent = (z - on_sphere(self.second(again))).square().sum(1)
        return torch.as_tensor(self.weight * in_sample + (1 - self.weight) * in_latent)

    def reconstruct(self, x: Tensor) -> Tensor:
        """G(E(x))."""
        return self.sample(on_sphere(self.encoder(x)))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z), ``z`` on the sphere; ``c`` is ignored."""
        return torch.as_tensor(self.generator(on_sphere(z)))

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The discriminator's scores."""
        return torch.as_tensor(self.discriminator(x))


def on_sphere(z: Tensor) -> Tensor:
    """Latents scaled to the typical length of standard normal ones."""
    return F.normalize(z, dim=1) * math.sqrt(z.shape[1])


@configurable
def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 2,
    lr: float = 1e-3,
    again: float = 50.0,
    latents: float = 1.0,
    weight: Annotated[float, OTHER] = 0.9,
    training: Training = Training(steps=1_000, batch=128),
) -> Run:
    """A GANomaly.

    Args:
        again: w_con, weight of the distance from samples to their reconstructions.
        latents: w_enc, weight of the distance between the latents of both.
        weight: of the distance in the sample in the score; the rest is that of the latents.
    """
    samples, networks = training.open_with_networks(data)
    game = GANomaly(
        networks.generator(latent, width),
        networks.encoder(latent, width),
        networks.encoder(latent, width),
        networks.discriminator(width),
        again,
        latents,
        weight,
    )
    autoencoder = nn.ModuleList([game.generator, game.encoder, game.second])
    optimizers = {
        "generator": adam(autoencoder, lr, (0.5, 0.999)),
        "discriminator": adam(game.discriminator, lr, (0.5, 0.999)),
    }
    return training.run(game, samples, optimizers)


small = dict(width=8, latent=4, steps=4, batch=16)
