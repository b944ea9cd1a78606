"""AnoGAN: Schlegl et al. 2017, "Unsupervised anomaly detection with GANs", arXiv 1703.05921, for rows.

    ptarmigan train anomaly.anogan --data breast-cancer
    ptarmigan detect runs/anomaly.anogan-breast-cancer rows.csv

A GAN learns to make rows. Of a row to be scored the latent is searched whose row is like it, down
(1 - λ) |x - G(z)| + λ |f(x) - f(G(z))|, f being the discriminator's last hidden layer: 500 steps and λ = 0.1,
as published. What remains says how abnormal the row is. All searches begin at one latent and none knows of
another, so a row's score depends on no other row. Not so: layers are fully connected, for rows instead of
images, and R1 (arXiv 1801.04406) keeps the GAN stable. Scores take seconds for each thousand rows:
``anomaly.fanogan`` asks an encoder instead.
Cost and score: after 13,571 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.223 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Annotated

from ptarmigan.core import noise
from ptarmigan.core.optim import adam
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.tasks.detect.anogan import AnoGAN
from ptarmigan.training.meaning import OTHER
from ptarmigan.training.run import Run


def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    gamma: float = 1.0,
    weight: Annotated[float, OTHER] = 0.1,
    search: int = 500,
    half_life: float = 10_000.0,
    steps: int = 2_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """An AnoGAN.

    Args:
        data: normal rows, or mostly.
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
    samples = data.open(batch=batch, seed=seed)
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
