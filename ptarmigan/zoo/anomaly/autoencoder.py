"""Autoencoder: Hinton and Salakhutdinov 2006, "Reducing the dimensionality of data with neural networks".

    ptarmigan train anomaly.autoencoder --data breast-cancer
    ptarmigan detect runs/anomaly.autoencoder-breast-cancer rows.csv

No GAN, but to compare GANs with. A row is abnormal by as much as it loses by being made again from few
numbers. New rows are decoded from a Gaussian with the mean and covariance that codes have; the paper makes
none. Layers are trained together and not one by one.
Cost and score: after 23,745 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.453 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.optim import adam
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.codes import coded, follow, gaussians
from ptarmigan.nets.mlp import PointGenerator, dense, leaky
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.training.run import Run


class Autoencoder(Detector):
    """An encoder ``x -> z`` and a decoder ``z -> x``, and a Gaussian of all codes.

    Args:
        generator: the decoder.
        encoder: finds the codes of rows.
    """

    averaged = ("generator", "encoder", "codes")

    def __init__(self, generator: PointGenerator, encoder: PointGenerator) -> None:
        super().__init__()
        self.generator, self.encoder, self.latent = generator, encoder, generator.latent
        self.codes = gaussians(self.latent, 1)

    def turns(self) -> tuple[Turn, ...]:
        """Both at once."""
        return (Turn(("autoencoder",), self.loss),)

    def loss(self, batch: Batch) -> Terms:
        """How much of rows is lost."""
        z = self.encoder(batch.x)
        follow(self.codes, z, all_of_one(z))
        return {"reconstruction": (batch.x - self.generator(z)).square().sum(1).mean()}

    def abnormality(self, x: Tensor) -> Tensor:
        """|x - G(E(x))|²."""
        return torch.as_tensor((x - self.generator(self.encoder(x))).square().sum(1))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Rows of codes that are distributed as those of real rows; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(coded(self.codes, z, all_of_one(z))))


def all_of_one(z: Tensor) -> Tensor:
    """The class of each code, where there is one class."""
    return z.new_zeros(len(z), dtype=torch.long)


def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    half_life: float = 10_000.0,
    steps: int = 1_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """An autoencoder of rows.

    Args:
        data: normal rows, or mostly.
        width: of the two hidden layers of both networks.
        latent: the size of z.
        lr: Adam's learning rate.
        half_life: of the averaged weights, in rows.
        steps: the length of the run.
        batch: rows in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    size, hidden = samples.space.shape[0], (width, width)
    generator = PointGenerator(latent, (size,), hidden)
    encoder = PointGenerator(size, (latent,), hidden, layer=dense(leaky))
    game = Autoencoder(generator, encoder)
    optimizers = {"autoencoder": adam(nn.ModuleList([generator, encoder]), lr, (0.9, 0.999))}
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=8, latent=4, steps=4, batch=16)
