"""Adversarial autoencoder: Makhzani et al. 2016, "Adversarial autoencoders", arXiv 1511.05644, for rows.

    ptarmigan train anomaly.aae --data breast-cancer
    ptarmigan detect runs/anomaly.aae-breast-cancer rows.csv

A discriminator of codes tells those of rows from standard normal ones; the encoder is what deceives it, and
with the decoder it makes rows again. A row is abnormal by what it loses, and by how unlikely its code is.
Adam is for the paper's SGD.
Cost and score: after 8,966 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.281 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import non_saturating as loss
from ptarmigan.core.optim import adam
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.training.run import Run


class AAE(Detector):
    """An encoder ``x -> z`` and a decoder ``z -> x``, and a discriminator of latents.

    Args:
        generator: the decoder.
        encoder: finds the latents of rows.
        discriminator: tells normal latents from those.
        deviation: of rows around what is decoded, in the score.
    """

    averaged = ("generator", "encoder")

    def __init__(
        self,
        generator: PointGenerator,
        encoder: PointGenerator,
        discriminator: PointDiscriminator,
        deviation: float,
    ) -> None:
        super().__init__()
        self.generator, self.encoder, self.discriminator = generator, encoder, discriminator
        self.latent, self.deviation = generator.latent, deviation

    def turns(self) -> tuple[Turn, ...]:
        """The autoencoder, then the discriminator, then the encoder against it."""
        return (
            Turn(("autoencoder",), self.reconstruction_loss),
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("encoder",), self.encoder_loss),
        )

    def reconstruction_loss(self, batch: Batch) -> Terms:
        """How much of rows is lost."""
        return {"reconstruction": self.lost(batch.x, self.encoder(batch.x)).mean()}

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly normal latents are told from those of rows."""
        normal = noise.normal(len(batch.x), self.latent).to(batch.x)
        scores = self.discriminator(normal), self.discriminator(self.encoder(batch.x))
        return {"discriminator": loss.discriminator(*scores)}

    def encoder_loss(self, batch: Batch) -> Terms:
        """How well."""
        return {"encoder": loss.generator(self.discriminator(self.encoder(batch.x)), None)}

    def lost(self, x: Tensor, z: Tensor) -> Tensor:
        """The squared distance of rows from what is decoded."""
        return torch.as_tensor((x - self.generator(z)).square().sum(1))

    def abnormality(self, x: Tensor) -> Tensor:
        """|x - G(E(x))|² / 2σ² + |E(x)|² / 2."""
        z = self.encoder(x)
        return torch.as_tensor(self.lost(x, z) / (2 * self.deviation**2) + z.square().sum(1) / 2)

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Decoded rows; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(z))


def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    deviation: float = 0.3,
    half_life: float = 10_000.0,
    steps: int = 1_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """An adversarial autoencoder of rows.

    Args:
        data: normal rows, or mostly.
        width: of the two hidden layers of all networks.
        latent: the size of z.
        lr: Adam's learning rate.
        deviation: of rows around what is decoded, in the score, where columns have a deviation of 1.
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
    encoder = PointGenerator(size, (latent,), hidden, layer=layer)
    game = AAE(generator, encoder, PointDiscriminator((latent,), hidden, layer=layer), deviation)
    optimizers = {
        "autoencoder": adam(nn.ModuleList([generator, encoder]), lr, (0.9, 0.999)),
        "discriminator": adam(game.discriminator, lr, (0.5, 0.999)),
        "encoder": adam(encoder, lr, (0.5, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=8, latent=4, steps=4, batch=16)
