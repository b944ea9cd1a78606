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
Cost and score: after 8,767 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.52 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Annotated

from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.optim import adam
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.tasks.detect.ganomaly import GANomaly
from ptarmigan.training.meaning import OTHER
from ptarmigan.training.run import Run


def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 2,
    lr: float = 1e-3,
    again: float = 50.0,
    latents: float = 1.0,
    weight: Annotated[float, OTHER] = 0.9,
    half_life: float = 10_000.0,
    steps: int = 1_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """A GANomaly.

    Args:
        data: normal rows, or mostly.
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
    samples = data.open(batch=batch, seed=seed)
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
