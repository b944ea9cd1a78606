"""ALAD: Zenati et al. 2018, "Adversarially learned anomaly detection", arXiv 1812.02288, for rows.

    ptarmigan train anomaly.alad --data breast-cancer
    ptarmigan detect runs/anomaly.alad-breast-cancer rows.csv

Beside the discriminator of a BiGAN, which tells (x, E(x)) from (G(z), z), one tells (x, x) from (x, G(E(x)))
and one (z, z) from (z, E(G(z))), so that encoder and generator invert each other; all weights of the three
are spectrally normalised. Abnormal is a row whose (x, x) looks unlike (x, G(E(x))) to the second of them, in
its last hidden layer. Losses, score and dropout are the paper's. Not so: hidden layers are two everywhere,
no batch norm is in the first discriminator, batches are larger and Adam's rate is higher (1e-5 there), for
fewer steps.
Cost and score: after 2,123 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.334 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

from functools import partial

from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.optim import adam
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.layers import Dropout
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.nets.pairs import PairDiscriminator
from ptarmigan.nets.spectral import spectral_norm
from ptarmigan.tasks.detect.alad import ALAD
from ptarmigan.training.run import Run


def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 32,
    lr: float = 1e-4,
    half_life: float = 10_000.0,
    steps: int = 2_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """An ALAD.

    Args:
        data: normal rows, or mostly.
        width: of the hidden layer next to the latent; those next to the row are twice as wide.
        latent: the size of z.
        lr: Adam's learning rate.
        half_life: of the averaged weights, in rows.
        steps: the length of the run.
        batch: rows in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    size = samples.space.shape[0]
    smooth = dense(leaky)
    game = ALAD(
        PointGenerator(latent, (size,), (width, 2 * width)),
        PointGenerator(size, (latent,), (2 * width, width), layer=smooth),
        PairDiscriminator(
            nn.Identity(),
            nn.Identity(),
            discriminator(size + latent, (4 * width, 2 * width), dropout=0.5),
        ),
        discriminator(2 * size, (4 * width, 2 * width), dropout=0.2),
        discriminator(2 * latent, (width, width), dropout=0.2),
    )
    player = partial(adam, lr=lr, betas=(0.5, 0.999))
    optimizers = {
        "discriminator": player(game.discriminator),
        "sample discriminator": player(game.sample_discriminator),
        "latent discriminator": player(game.latent_discriminator),
        "generator": player(game.generator),
        "encoder": player(game.encoder),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


def discriminator(size: int, hidden: tuple[int, ...], dropout: float) -> PointDiscriminator:
    """Of ``size`` numbers, its weights spectrally normalised."""
    layer = dense(lambda: nn.Sequential(leaky(), Dropout(dropout)))
    return spectral_norm(PointDiscriminator((size,), hidden, layer=layer))


small = dict(width=8, latent=4, steps=4, batch=16)
