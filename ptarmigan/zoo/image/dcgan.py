"""DCGAN: Radford et al. 2016, "Unsupervised representation learning with deep ... GANs", arXiv 1511.06434.

    ptarmigan train image.dcgan --data digits

A transposed-convolution generator and a convolutional discriminator, both with batch norm, and the
non-saturating loss; learning rate and betas as published.
Cost and score: after 4,574 steps, 30 s of one core, on digits:
Fréchet distance 10.9 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adam
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.training.run import Run


def recipe(
    data: Images = Images(),
    *,
    width: int = 64,
    latent: int = 100,
    lr: float = 2e-4,
    half_life: float = 10_000.0,
    steps: int = 20_000,
    batch: int = 64,
    seed: int = 0,
) -> Run:
    """A DCGAN.

    Args:
        data: the images.
        width: channels of the layer next to the image, in both networks.
        latent: the size of z.
        lr: Adam's learning rate.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape = samples.space.shape
    game = GAN(
        DCGANGenerator(latent, shape, width),
        DCGANDiscriminator(shape, width),
        loss=non_saturating,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.5, 0.999)),
        "generator": adam(game.generator, lr, (0.5, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=4, latent=8, steps=4, batch=8)
