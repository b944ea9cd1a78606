"""A GAN of images whose every dial can be turned until it falls ill: for benchmarks/doctor.py.

    ptarmigan train benchmarks/ward/images.py --data digits --gamma 0 --lr 0.01

As it comes it is healthy: DCGAN's networks (Radford et al. 2016, arXiv 1511.06434) under the penalties of
Mescheder et al. 2018, arXiv 1801.04406.
Cost and score: benchmarks/results/doctor.json
"""

from __future__ import annotations

from functools import partial
from typing import Literal

from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.augment import Augment
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import hinge, least_squares, minimax, non_saturating, relativistic, wasserstein
from ptarmigan.core.optim import adam
from ptarmigan.core.penalties import R1, R2
from ptarmigan.core.schedule import cosine
from ptarmigan.core.transforms import color, cutout, translation
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.nets.layers import initialise
from ptarmigan.training.rules import alternating, simultaneous
from ptarmigan.training.run import Run

LOSSES = {
    "hinge": hinge,
    "least_squares": least_squares,
    "minimax": minimax,
    "non_saturating": non_saturating,
    "relativistic": relativistic,
    "wasserstein": wasserstein,
}


def recipe(
    data: Images = Images(),
    *,
    conditional: bool = False,
    loss: Literal[
        "hinge", "least_squares", "minimax", "non_saturating", "relativistic", "wasserstein"
    ] = "non_saturating",
    width: int = 16,
    discriminator_width: int = 16,
    latent: int = 32,
    lr: float = 2e-3,
    discriminator_lr: float = 2e-3,
    momentum: float = 0.0,
    final_lr: float = 0.1,
    gamma: float = 0.1,
    lazy: int = 8,
    discriminator_steps: int = 1,
    normalised: bool = True,
    at_once: bool = False,
    deviation: float = 0.02,
    augment: bool = False,
    half_life: float = 10_000.0,
    steps: int = 1_200,
    batch: int = 32,
    seed: int = 0,
) -> Run:
    """A GAN of images.

    Args:
        data: the images.
        conditional: learn the classes too.
        loss: what the players go down.
        width: channels of the generator's layer next to the image.
        discriminator_width: and of the discriminator's.
        latent: the size of z.
        lr: the generator's rate at the start.
        discriminator_lr: the discriminator's.
        momentum: Adam's first decay.
        final_lr: the rates at the end, as a fraction of those.
        gamma: weight of R1 and R2; 0 leaves them out.
        lazy: the penalties are played every so many steps.
        discriminator_steps: the discriminator's moves for one of the generator.
        normalised: batch norm in the generator.
        at_once: the players move simultaneously.
        deviation: of the generator's initial weights.
        augment: DiffAugment (Zhao et al. 2020, arXiv 2006.10738).
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape, classes = samples.space.shape, samples.require_classes() if conditional else 0
    norm = nn.BatchNorm2d if normalised else nn.Identity
    generator = DCGANGenerator(latent, shape, width, classes, smallest=3, norm=norm)
    initialise(generator, partial(nn.init.normal_, std=deviation))
    discriminator = DCGANDiscriminator(shape, discriminator_width, classes, smallest=3, norm=nn.Identity)
    game = GAN(
        generator,
        discriminator,
        loss=LOSSES[loss],
        penalties=(R1(gamma), R2(gamma)) if gamma else (),
        lazy=lazy,
        steps=discriminator_steps,
        augment=Augment(color, translation, cutout) if augment else None,
    )
    optimizers = {
        "discriminator": adam(discriminator, discriminator_lr, (momentum, 0.99)),
        "generator": adam(generator, lr, (momentum, 0.99)),
    }
    return Run(
        game,
        samples,
        optimizers,
        steps=steps,
        seed=seed,
        half_life=half_life,
        rate=cosine(1.0, final_lr),
        rule=simultaneous if at_once else alternating,
    )


small = dict(width=4, discriminator_width=4, latent=8, steps=4, batch=8)
