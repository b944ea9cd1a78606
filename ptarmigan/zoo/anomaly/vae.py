"""VAE: Kingma and Welling 2014, "Auto-encoding variational Bayes", arXiv 1312.6114, for rows.

    ptarmigan train anomaly.vae --data breast-cancer
    ptarmigan detect runs/anomaly.vae-breast-cancer rows.csv

No GAN, but to compare GANs with. An encoder gives every row a Gaussian of latents, a decoder makes a Gaussian
of rows of a latent, and both go up the evidence lower bound. A row is abnormal by as much as this bound is
low, at the mean of its latents. The deviation of what is decoded is an option and not learnt.
Cost and score: after 22,025 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.242 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.latents import divergence, drawn
from ptarmigan.core.optim import adam
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.mlp import PointGenerator, dense, leaky
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.training.run import Run


class VAE(Detector):
    """An encoder ``x -> mean and logarithm of the variance of z`` and a decoder ``z -> x``.

    Args:
        generator: the decoder.
        encoder: gives twice as many numbers as there are latents.
        deviation: of rows around what is decoded.
    """

    averaged = ("generator", "encoder")

    def __init__(self, generator: PointGenerator, encoder: PointGenerator, deviation: float) -> None:
        super().__init__()
        self.generator, self.encoder = generator, encoder
        self.latent, self.deviation = generator.latent, deviation

    def turns(self) -> tuple[Turn, ...]:
        """Both at once."""
        return (Turn(("autoencoder",), self.loss),)

    def loss(self, batch: Batch) -> Terms:
        """How far rows are from what is decoded, in deviations, and latents from standard normal ones."""
        mean, variance = self.encoder(batch.x).chunk(2, 1)
        lost = self.lost(batch.x, drawn(mean, variance))
        return {"reconstruction": lost.mean(), "divergence": divergence(mean, variance).mean()}

    def lost(self, x: Tensor, z: Tensor) -> Tensor:
        """Minus the logarithm of the density of rows, given latents, but for a constant."""
        return torch.as_tensor((x - self.generator(z)).square().sum(1) / (2 * self.deviation**2))

    def abnormality(self, x: Tensor) -> Tensor:
        """Minus the bound, at the mean of the latents."""
        mean, variance = self.encoder(x).chunk(2, 1)
        return self.lost(x, mean) + divergence(mean, variance)

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Rows around what is decoded; ``c`` is not looked at."""
        mean = torch.as_tensor(self.generator(z))
        return mean + self.deviation * noise.normal(*mean.shape).to(mean)


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
    """A VAE of rows.

    Args:
        data: normal rows, or mostly.
        width: of the two hidden layers of both networks.
        latent: the size of z.
        lr: Adam's learning rate.
        deviation: of rows around what is decoded, where columns have a deviation of 1.
        half_life: of the averaged weights, in rows.
        steps: the length of the run.
        batch: rows in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    size, hidden = samples.space.shape[0], (width, width)
    generator = PointGenerator(latent, (size,), hidden)
    encoder = PointGenerator(size, (2 * latent,), hidden, layer=dense(leaky))
    game = VAE(generator, encoder, deviation)
    optimizers = {"autoencoder": adam(nn.ModuleList([generator, encoder]), lr, (0.9, 0.999))}
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=8, latent=4, steps=4, batch=16)
