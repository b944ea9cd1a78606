"""VAE: Kingma and Welling 2014, "Auto-encoding variational Bayes", arXiv 1312.6114, for rows.

    ptarmigan train anomaly.vae --data breast-cancer
    ptarmigan detect runs/anomaly.vae-breast-cancer rows.csv

Not a GAN, but a baseline for GANs. An encoder gives every row a Gaussian of latents q(z | x) = N(μ, s²), a
decoder every latent a Gaussian of rows p(x | z) = N(G(z), σ²), and both maximise the evidence lower bound

    ELBO(x) = E_q[log p(x | z)] − KL(q(z | x) ‖ N(0, I))

The anomaly score is minus this bound, at z = μ. σ is an option and not learnt.
Cost and score: after 22,025 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.242 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import SinglePlayerGame, Terms
from ptarmigan.core.latents import kl_divergence, reparameterise
from ptarmigan.core.optim import adam
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.players import Generator
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class VAE(SinglePlayerGame, Detector):
    """An encoder ``x -> (μ, log s²)`` and a decoder ``z -> x``.

    Args:
        generator: G.
        encoder: gives twice as many numbers as there are latents.
        deviation: σ.
    """

    ema = ("generator", "encoder")

    def __init__(self, generator: Generator, encoder: nn.Module, deviation: float) -> None:
        super().__init__()
        self.generator, self.encoder = generator, encoder
        self.latent, self.deviation = generator.latent, deviation

    def loss(self, batch: Batch) -> Terms:
        """−E_q[log p(x | z)] + KL(q(z | x) ‖ N(0, I)), up to a constant."""
        mean, log_variance = self.encoder(batch.x).chunk(2, 1)
        nll = self.nll(batch.x, reparameterise(mean, log_variance))
        return {"reconstruction": nll.mean(), "divergence": kl_divergence(mean, log_variance).mean()}

    def nll(self, x: Tensor, z: Tensor) -> Tensor:
        """−log p(x | z), up to a constant."""
        return torch.as_tensor((x - self.generator(z)).square().sum(1) / (2 * self.deviation**2))

    def anomaly_score(self, x: Tensor) -> Tensor:
        """−ELBO(x), at z = μ."""
        mean, log_variance = self.encoder(x).chunk(2, 1)
        return self.nll(x, mean) + kl_divergence(mean, log_variance)

    def reconstruct(self, x: Tensor) -> Tensor:
        """G(μ)."""
        return torch.as_tensor(self.generator(self.encoder(x).chunk(2, 1)[0]))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Rows from p(x | z); ``c`` is ignored."""
        mean = torch.as_tensor(self.generator(z))
        return mean + self.deviation * noise.normal(*mean.shape).to(mean)


@configurable
def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    deviation: float = 0.3,
    training: Training = Training(steps=1_000, batch=128),
) -> Run:
    """A VAE of rows.

    Args:
        deviation: σ, the standard deviation of rows around what is decoded; that of columns is 1.
    """
    samples, networks = training.open_with_networks(data)
    generator, encoder = networks.generator(latent, width), networks.encoder(2 * latent, width)
    optimizers = {"autoencoder": adam(nn.ModuleList([generator, encoder]), lr, (0.9, 0.999))}
    return training.run(VAE(generator, encoder, deviation), samples, optimizers)


small = dict(width=8, latent=4, steps=4, batch=16)
