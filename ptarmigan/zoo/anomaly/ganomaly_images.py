"""GANomaly: Akcay et al. 2018, arXiv 1805.06725, for images.

    ptarmigan train anomaly.ganomaly_images --data ./good --size 64
    ptarmigan detect runs/anomaly.ganomaly_images-good ./test --heat heat

An autoencoder makes an image again, and a second encoder takes what was made apart: a normal image keeps its
latent, and abnormal is what is far from E(x) in E'(G(E(x))). Where it is so, pixels differ from what was
made. The discriminator only lends the features that images and what was made of them should share. Networks
are DCGAN's; losses, their weights (1, 50 and 1), the size of the latent, Adam's rate and betas and the score
are the paper's. Not so: latents lie on a sphere, so that samples can be made, and the discriminator has no
batch norm.
Cost and score: after 3,331 steps, 30 s of one core, on digits:
sliced Wasserstein distance 1.43 (real samples: 0.181); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Annotated

from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.optim import adam
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANEncoder, DCGANGenerator
from ptarmigan.tasks.detect.ganomaly import GANomaly
from ptarmigan.training.meaning import OTHER
from ptarmigan.training.run import Run


def recipe(
    data: Images = Images(),
    *,
    width: int = 32,
    latent: int = 100,
    lr: float = 2e-4,
    again: float = 50.0,
    latents: float = 1.0,
    weight: Annotated[float, OTHER] = 0.0,
    half_life: float = 10_000.0,
    steps: int = 3_000,
    batch: int = 64,
    seed: int = 0,
) -> Run:
    """A GANomaly of images.

    Args:
        data: normal images, or mostly.
        width: channels of the first layer, in all networks.
        latent: the size of z.
        lr: Adam's learning rate.
        again: weight of the distance from images to what was made of them.
        latents: weight of the distance between the latents of both.
        weight: of the distance in the pixels in the score; the rest is that of the latents.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape = samples.space.shape
    game = GANomaly(
        DCGANGenerator(latent, shape, width),
        DCGANEncoder(shape, latent, width),
        DCGANEncoder(shape, latent, width),
        DCGANDiscriminator(shape, width, norm=nn.Identity),
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


small = dict(width=4, latent=4, steps=4, batch=16)
