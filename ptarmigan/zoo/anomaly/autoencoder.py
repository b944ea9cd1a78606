"""Autoencoder: Hinton and Salakhutdinov 2006, "Reducing the dimensionality of data with neural networks".

    ptarmigan train anomaly.autoencoder --data breast-cancer
    ptarmigan detect runs/anomaly.autoencoder-breast-cancer rows.csv

Not a GAN, but a baseline for GANs. The loss and the anomaly score are the reconstruction error
‖x − G(E(x))‖². New rows are decoded from a Gaussian with the mean and covariance of the codes; the paper
generates none. Layers are trained together and not one by one.
Cost and score: after 23,745 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.453 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import SinglePlayerGame, Terms
from ptarmigan.core.optim import adam
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.codes import class_gaussians, note_codes, to_codes
from ptarmigan.nets.players import Generator
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class Autoencoder(SinglePlayerGame, Detector):
    """An encoder ``x -> z`` and a decoder ``z -> x``, and a Gaussian of all codes.

    Args:
        generator: G.
        encoder: E.
    """

    ema = ("generator", "encoder", "codes")

    def __init__(self, generator: Generator, encoder: nn.Module) -> None:
        super().__init__()
        self.generator, self.encoder, self.latent = generator, encoder, generator.latent
        self.codes = class_gaussians(self.latent, 1)

    def loss(self, batch: Batch) -> Terms:
        """E[‖x − G(E(x))‖²]."""
        z = self.encoder(batch.x)
        note_codes(self.codes, z, one_class(z))
        return {"reconstruction": (batch.x - self.generator(z)).square().sum(1).mean()}

    def anomaly_score(self, x: Tensor) -> Tensor:
        """‖x − G(E(x))‖²."""
        return torch.as_tensor((x - self.generator(self.encoder(x))).square().sum(1))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Decoded codes, distributed as those of real rows; ``c`` is ignored."""
        return torch.as_tensor(self.generator(to_codes(self.codes, z, one_class(z))))


def one_class(z: Tensor) -> Tensor:
    """The class of each code, where there is one class."""
    return z.new_zeros(z.shape[0], dtype=torch.long)


@configurable
def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    training: Training = Training(steps=1_000, batch=128),
) -> Run:
    """An autoencoder of rows."""
    samples, networks = training.open_with_networks(data)
    generator, encoder = networks.generator(latent, width), networks.encoder(latent, width)
    optimizers = {"autoencoder": adam(nn.ModuleList([generator, encoder]), lr, (0.9, 0.999))}
    return training.run(Autoencoder(generator, encoder), samples, optimizers)


small = dict(width=8, latent=4, steps=4, batch=16)
