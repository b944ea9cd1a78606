"""The first GAN: Goodfellow et al. 2014, "Generative adversarial networks", arXiv 1406.2661.

    ptarmigan train image.gan --data digits
    ptarmigan train image.gan --data digits --loss minimax --k 2

Two perceptrons, a generator of growing layers against a discriminator with dropout. The loss is the minimax
game as it is written, or the non-saturating one that the paper plays. Layers, Adam and its rates are those of
common reimplementations: the paper has maxout units and momentum, and does not give their sizes.
Cost and score: after 2,244 steps, 30 s of one core, on digits:
Fréchet distance 93.9 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Literal

from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import minimax, non_saturating
from ptarmigan.core.optim import adam
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.mlp import MLPDiscriminator, MLPGenerator
from ptarmigan.training.run import Run

LOSSES = {"minimax": minimax, "non_saturating": non_saturating}


def recipe(
    data: Images = Images(),
    *,
    loss: Literal["minimax", "non_saturating"] = "non_saturating",
    k: int = 1,
    hidden: tuple[int, ...] = (256, 512, 1024),
    dropout: float = 0.3,
    latent: int = 100,
    lr: float = 2e-4,
    half_life: float = 10_000.0,
    steps: int = 20_000,
    batch: int = 64,
    seed: int = 0,
) -> Run:
    """A GAN of perceptrons.

    Args:
        data: the images.
        loss: what the generator goes down; the discriminator's half is the same.
        k: the discriminator's moves for one of the generator.
        hidden: sizes of the generator's hidden layers; the discriminator has them in reverse.
        dropout: the probability, in the discriminator's hidden layers.
        latent: the size of z.
        lr: Adam's learning rate.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a move.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape = samples.space.shape
    game = GAN(
        MLPGenerator(latent, shape, hidden, norm=nn.Identity),
        MLPDiscriminator(shape, hidden[::-1], dropout=dropout),
        loss=LOSSES[loss],
        steps=k,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.5, 0.999)),
        "generator": adam(game.generator, lr, (0.5, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(loss="minimax", k=2, hidden=(8, 16), latent=8, steps=4, batch=8)
