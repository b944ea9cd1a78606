"""EGBAD: Zenati et al. 2018, "Efficient GAN-based anomaly detection", arXiv 1802.06222, for images.

    ptarmigan train anomaly.bigan_images --data ./good --size 64
    ptarmigan detect runs/anomaly.bigan_images-good ./test --heat heat

A BiGAN (Donahue et al. 2017, arXiv 1605.09782): an encoder moves beside the generator, and a discriminator
tells (x, E(x)) from (G(z), z), so that G(E(x)) comes to be like x where x is like what was seen. Abnormal is
what is far from it, in the pixels and in what the discriminator sees; where, the pixels say. The
discriminator looks at image and latent by themselves before it sees both, as the paper's for MNIST; the score
and its weight are the paper's. Not so: networks are DCGAN's, the discriminator has no batch norm, latents are
fewer (200 there), and Adam's rate is higher (1e-5 there), for fewer steps.
Cost and score: after 3,421 steps, 30 s of one core, on digits:
sliced Wasserstein distance 0.527 (real samples: 0.181); benchmarks/results/zoo.json
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.optim import adam
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANEncoder, DCGANGenerator
from ptarmigan.nets.layers import Dropout
from ptarmigan.nets.mlp import dense, leaky
from ptarmigan.nets.pairs import image_pairs
from ptarmigan.tasks.detect.bigan import BiGAN
from ptarmigan.training.meaning import OTHER
from ptarmigan.training.run import Run


def recipe(
    data: Images = Images(),
    *,
    width: int = 32,
    latent: int = 32,
    lr: float = 2e-4,
    weight: Annotated[float, OTHER] = 0.9,
    dropout: float = 0.5,
    half_life: float = 10_000.0,
    steps: int = 6_000,
    batch: int = 64,
    seed: int = 0,
) -> Run:
    """A BiGAN that detects anomalies among images.

    Args:
        data: normal images, or mostly.
        width: channels of the first layer, in all networks.
        latent: the size of z.
        lr: Adam's learning rate.
        weight: α, of the distance in the pixels against that in the discriminator's features.
        dropout: the probability, in what the discriminator sees of latents and of pairs.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape = samples.space.shape
    game = BiGAN(
        DCGANGenerator(latent, shape, width),
        DCGANEncoder(shape, latent, width),
        image_pairs(shape, latent, width, dense(lambda: nn.Sequential(leaky(), Dropout(dropout)))),
        weight,
    )
    player = partial(adam, lr=lr, betas=(0.5, 0.999))
    optimizers = {
        "discriminator": player(game.discriminator),
        "generator": player(game.generator),
        "encoder": player(game.encoder),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=4, latent=4, steps=4, batch=16)
