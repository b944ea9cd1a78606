"""AnoGAN: Schlegl et al. 2017, "Unsupervised anomaly detection with GANs", arXiv 1703.05921, for images.

    ptarmigan train anomaly.anogan_images --data ./good --size 64
    ptarmigan detect runs/anomaly.anogan_images-good ./test --heat heat

A GAN learns to make images. Of an image to be scored the latent is searched whose image is like it, down
(1 - λ) |x - G(z)| + λ |f(x) - f(G(z))|, f being the discriminator's last convolution and λ = 0.1, as
published. What remains says how abnormal the image is, and where. All searches begin at one latent and none
knows of another, so an image's score depends on no other image. Networks are DCGAN's, as published, less the
discriminator's batch norm: R1 (arXiv 1801.04406) keeps the GAN stable. Not so: a search has 100 steps (500
there). Scores take a minute of a core for each thousand small images: ``anomaly.fanogan_images`` asks an
encoder instead.
Cost and score: after 5,241 steps, 30 s of one core, on digits:
sliced Wasserstein distance 0.372 (real samples: 0.181); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Annotated

from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.optim import adam
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.tasks.detect.anogan import AnoGAN
from ptarmigan.training.meaning import OTHER
from ptarmigan.training.run import Run


def recipe(
    data: Images = Images(),
    *,
    width: int = 32,
    latent: int = 32,
    lr: float = 2e-4,
    gamma: float = 1.0,
    weight: Annotated[float, OTHER] = 0.1,
    search: int = 100,
    half_life: float = 10_000.0,
    steps: int = 6_000,
    batch: int = 64,
    seed: int = 0,
) -> Run:
    """An AnoGAN of images.

    Args:
        data: normal images, or mostly.
        width: channels of the first layer, in both networks.
        latent: the size of z.
        lr: Adam's learning rate.
        gamma: γ, of the penalty on slopes at images.
        weight: λ, of the distance in the discriminator's features against that in the pixels.
        search: steps in which an image's latent is searched.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape = samples.space.shape
    game = AnoGAN(
        DCGANGenerator(latent, shape, width),
        DCGANDiscriminator(shape, width, norm=nn.Identity),
        gamma,
        weight,
        search,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.5, 0.99)),
        "generator": adam(game.generator, lr, (0.5, 0.99)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=4, latent=4, search=3, steps=4, batch=16)
