"""ALAD: Zenati et al. 2018, "Adversarially learned anomaly detection", arXiv 1812.02288, for images.

    ptarmigan train anomaly.alad_images --data ./good --size 64
    ptarmigan detect runs/anomaly.alad_images-good ./test --heat heat

Beside the discriminator of a BiGAN, which tells (x, E(x)) from (G(z), z), one tells (x, x) from (x, G(E(x)))
and one (z, z) from (z, E(G(z))), so that encoder and generator invert each other; all weights of the three
are spectrally normalised. Abnormal is an image whose (x, x) looks unlike (x, G(E(x))) to the second of them,
in its last convolution; where, its pixels say. Losses and score are the paper's. Not so: networks are
DCGAN's, the discriminators have no batch norm, latents are fewer (100 there), and there is no dropout among
convolutions.
Cost and score: after 1,249 steps, 30 s of one core, on digits:
sliced Wasserstein distance 0.46 (real samples: 0.181); benchmarks/results/zoo.json
"""

from __future__ import annotations

from functools import partial

from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.optim import adam
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANEncoder, DCGANGenerator
from ptarmigan.nets.layers import Dropout
from ptarmigan.nets.mlp import PointDiscriminator, dense, leaky
from ptarmigan.nets.pairs import image_pairs
from ptarmigan.nets.spectral import spectral_norm
from ptarmigan.tasks.detect.alad import ALAD
from ptarmigan.training.run import Run


def recipe(
    data: Images = Images(),
    *,
    width: int = 32,
    latent: int = 32,
    lr: float = 2e-4,
    dropout: float = 0.2,
    half_life: float = 10_000.0,
    steps: int = 6_000,
    batch: int = 64,
    seed: int = 0,
) -> Run:
    """An ALAD of images.

    Args:
        data: normal images, or mostly.
        width: channels of the first layer, in all networks.
        latent: the size of z.
        lr: Adam's learning rate.
        dropout: the probability, in what discriminators see of latents and of pairs.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape = samples.space.shape
    channels, *sides = shape
    layer = dense(lambda: nn.Sequential(leaky(), Dropout(dropout)))
    game = ALAD(
        DCGANGenerator(latent, shape, width),
        DCGANEncoder(shape, latent, width),
        spectral_norm(image_pairs(shape, latent, width, layer)),
        spectral_norm(DCGANDiscriminator((2 * channels, *sides), width, norm=nn.Identity)),
        spectral_norm(PointDiscriminator((2 * latent,), (2 * width, width), layer=layer)),
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


small = dict(width=4, latent=4, steps=4, batch=16)
