"""EGBAD: Zenati et al. 2018, "Efficient GAN-based anomaly detection", arXiv 1802.06222, for rows.

    ptarmigan train anomaly.bigan --data breast-cancer
    ptarmigan detect runs/anomaly.bigan-breast-cancer rows.csv

A BiGAN (Donahue et al. 2017, arXiv 1605.09782): an encoder moves beside the generator, and a discriminator
tells (x, E(x)) from (G(z), z), so that G(E(x)) comes to be like x where x is like what was seen. Abnormal is
what is far from it, in the row and in what the discriminator sees. The score, its weight and the sizes are
the paper's for KDD-99. Not so: the discriminator takes row and latent side by side, batches are larger and
Adam's rate is higher (the paper has 1e-5), for fewer steps.
Cost and score: after 5,767 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.329 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.optim import adam
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.layers import Dropout
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.nets.pairs import PairDiscriminator
from ptarmigan.tasks.detect.bigan import BiGAN
from ptarmigan.training.meaning import OTHER
from ptarmigan.training.run import Run


def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    weight: Annotated[float, OTHER] = 0.9,
    dropout: float = 0.5,
    half_life: float = 10_000.0,
    steps: int = 2_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """A BiGAN that detects anomalies.

    Args:
        data: normal rows, or mostly.
        width: of the hidden layer next to the latent; those next to the row are twice as wide.
        latent: the size of z.
        lr: Adam's learning rate.
        weight: α, of the distance in the row against that in the discriminator's features.
        dropout: the probability, in the discriminator.
        half_life: of the averaged weights, in rows.
        steps: the length of the run.
        batch: rows in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    size = samples.space.shape[0]
    smooth, dropping = dense(leaky), dense(lambda: nn.Sequential(leaky(), Dropout(dropout)))
    game = BiGAN(
        PointGenerator(latent, (size,), (width, 2 * width)),
        PointGenerator(size, (latent,), (2 * width, width), layer=smooth),
        PairDiscriminator(
            nn.Identity(),
            nn.Identity(),
            PointDiscriminator((size + latent,), (4 * width, 2 * width), layer=dropping),
        ),
        weight,
    )
    player = partial(adam, lr=lr, betas=(0.5, 0.999))
    optimizers = {
        "discriminator": player(game.discriminator),
        "generator": player(game.generator),
        "encoder": player(game.encoder),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=8, latent=4, steps=4, batch=16)
