"""SAGAN: Zhang et al. 2019, "Self-attention generative adversarial networks", arXiv 1805.08318.

    ptarmigan train image.sagan --data cifar10

Residual networks in which every place of the image attends to all others, spectral norm in both, two
learning rates in place of several discriminator steps, the hinge loss, and the class in the generator's batch
norm and in a projection in the discriminator. The paper learns ImageNet at 128 pixels in batches of 256 for a
million steps; batch and steps fit a smaller machine.
Cost and score: after 73 steps, 30 s of one core, on digits:
Fréchet distance 44.7 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import hinge
from ptarmigan.core.optim import adam
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.resnet import ResNetDiscriminator, ResNetGenerator
from ptarmigan.nets.spectral import spectral_norm
from ptarmigan.training.run import Run


def recipe(
    data: Images = Images(),
    *,
    width: int = 256,
    attention: int = 32,
    latent: int = 128,
    generator_lr: float = 1e-4,
    discriminator_lr: float = 4e-4,
    half_life: float = 10_000.0,
    steps: int = 20_000,
    batch: int = 64,
    seed: int = 0,
) -> Run:
    """A SAGAN.

    Args:
        data: the images, with classes.
        width: channels of both networks up to 63 pixels a side; 256 makes the published 64 at 128 pixels.
        attention: the layer that attends is the largest of up to so many pixels a side.
        latent: the size of z.
        generator_lr: Adam's learning rate for the generator.
        discriminator_lr: and for the discriminator.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.

    Raises:
        ValueError: the data has no classes, or no layer is as small as ``attention``.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape, classes = samples.space.shape, samples.require_classes()
    game = GAN(
        spectral_norm(ResNetGenerator(latent, shape, width, classes, attention=attention)),
        spectral_norm(ResNetDiscriminator(shape, width, classes, attention=attention)),
        loss=hinge,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, discriminator_lr, (0.0, 0.9)),
        "generator": adam(game.generator, generator_lr, (0.0, 0.9)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=8, latent=8, steps=4, batch=8)
