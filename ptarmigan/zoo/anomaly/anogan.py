"""AnoGAN: Schlegl et al. 2017, "Unsupervised anomaly detection with GANs", arXiv 1703.05921, for rows.

    ptarmigan train anomaly.anogan --data breast-cancer
    ptarmigan detect runs/anomaly.anogan-breast-cancer rows.csv

A GAN learns to make rows. Of a row to be scored the latent is searched whose row is like it, down
(1 - λ) |x - G(z)| + λ |f(x) - f(G(z))|, f being the discriminator's last hidden layer: 500 steps and λ = 0.1,
as published. What remains says how abnormal the row is. All searches begin at one latent and none knows of
another, so a row's score depends on no other row. Not so: layers are fully connected, for rows instead of
images, and R1 (arXiv 1801.04406) keeps the GAN stable. Scores take seconds for each thousand rows:
``anomaly.fanogan`` asks an encoder instead.
Cost and score: after 568 steps, 6 s of one core, on breast-cancer:
sliced Wasserstein distance 35.9 (real samples: 12.7); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim import Adam

from ptarmigan import noise
from ptarmigan.batch import Batch
from ptarmigan.data.vectors import vectors
from ptarmigan.game import Terms, Turn
from ptarmigan.games.detector import Detector
from ptarmigan.losses import non_saturating as loss
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.optim import adam
from ptarmigan.penalties import R1, Judged
from ptarmigan.run import Run

SEARCH_RATE = 0.02
"""Adam's rate in a search."""


class AnoGAN(Detector):
    """A generator ``z -> x``, whose latents are searched, against a discriminator of rows.

    Args:
        generator: makes rows of latents.
        discriminator: scores rows.
        gamma: γ, of R1.
        weight: λ, of the distance in the discriminator's features; 1 - λ of that in the row.
        search: steps of a search.
    """

    averaged = ("generator", "discriminator")

    def __init__(
        self,
        generator: PointGenerator,
        discriminator: PointDiscriminator,
        gamma: float,
        weight: float,
        search: int,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.penalty = generator, discriminator, R1(gamma)
        self.weight, self.search = weight, search
        self.latent = generator.latent

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, then the generator."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("generator",), self.generator_loss, reads=False),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly rows are told from what was made, and slopes at rows."""
        discriminator, fake = self.discriminator, self.made(batch)
        real_scores, fake_scores = discriminator(batch.x), discriminator(fake)
        judged = Judged(discriminator, batch.x, fake, real_scores, fake_scores, self.progress)
        return {
            "discriminator": loss.discriminator(real_scores, fake_scores),
            self.penalty.name: self.penalty(judged),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """How badly the discriminator thinks of what was made."""
        return {"generator": loss.generator(self.discriminator(self.made(batch)), None)}

    @torch.enable_grad()
    def abnormality(self, x: Tensor) -> Tensor:
        """The distance of each row from what is made of the latent that is found for it."""
        z = noise.normal(1, self.latent).to(x).repeat(len(x), 1).requires_grad_()
        seeker = Adam([z], SEARCH_RATE)
        for _ in range(self.search):
            (z.grad,) = torch.autograd.grad(self.distance(x, self.sample(z)).sum(), z)
            seeker.step()
        return self.distance(x, self.sample(z)).detach()

    def distance(self, x: Tensor, y: Tensor) -> Tensor:
        """(1 - λ) |x - y| + λ |f(x) - f(y)|."""
        features = self.discriminator.features
        seen = (features(x) - features(y)).abs().sum(1)
        return (1 - self.weight) * (x - y).abs().sum(1) + self.weight * seen

    def made(self, batch: Batch) -> Tensor:
        """As many generated rows as the batch has real ones."""
        return self.sample(noise.normal(len(batch.x), self.latent))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Generated rows; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(z))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The discriminator's scores."""
        return torch.as_tensor(self.discriminator(x))


def recipe(
    data: str = "breast-cancer",
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    gamma: float = 1.0,
    weight: float = 0.1,
    search: int = 500,
    half_life: float = 10_000.0,
    steps: int = 2_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """An AnoGAN.

    Args:
        data: breast-cancer, or a .csv, .npy or .npz file of rows of numbers: normal ones, or mostly.
        width: of the two hidden layers of both networks.
        latent: the size of z.
        lr: Adam's learning rate.
        gamma: γ, of the penalty on slopes at rows.
        weight: λ, of the distance in the discriminator's features against that in the row.
        search: steps in which a row's latent is searched.
        half_life: of the averaged weights, in rows.
        steps: the length of the run.
        batch: rows in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = vectors(data, batch=batch, seed=seed)
    size, hidden = samples.space.shape[0], (width, width)
    game = AnoGAN(
        PointGenerator(latent, (size,), hidden),
        PointDiscriminator((size,), hidden, layer=dense(leaky)),
        gamma,
        weight,
        search,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.5, 0.99)),
        "generator": adam(game.generator, lr, (0.5, 0.99)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=8, latent=4, search=3, steps=4, batch=16)
