"""SNGAN: Miyato et al. 2018, "Spectral normalization for generative adversarial networks", arXiv 1802.05957.

    ptarmigan train image.sngan --data cifar10
    ptarmigan train image.sngan --data cifar10 --conditional

Every weight of the discriminator is divided by its largest singular value, which bounds how fast its scores
can change; residual networks, the hinge loss and five discriminator steps. Conditional, the generator's batch
norm and a projection in the discriminator know the class (Miyato and Koyama 2018, arXiv 1802.05637).
Everything is as published for CIFAR-10 but the length, which was 100,000 steps (--steps).
Cost and score: after 58 steps, 30 s of one core, on digits:
Fréchet distance 35 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import hinge
from ptarmigan.core.optim import adam
from ptarmigan.core.schedule import linear
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.resnet import ResNetDiscriminator, ResNetGenerator
from ptarmigan.nets.spectral import spectral_norm
from ptarmigan.training.run import Run


def recipe(
    data: Images = Images(),
    *,
    conditional: bool = False,
    width: int = 128,
    latent: int = 128,
    lr: float = 2e-4,
    discriminator_steps: int = 5,
    half_life: float = 10_000.0,
    steps: int = 20_000,
    batch: int = 64,
    seed: int = 0,
) -> Run:
    """An SNGAN.

    Args:
        data: the images.
        conditional: learn the classes too.
        width: channels of the discriminator; the generator has twice as many.
        latent: the size of z.
        lr: Adam's learning rate at the start; it falls to zero in a straight line.
        discriminator_steps: the discriminator's moves for one of the generator.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.

    Raises:
        ValueError: conditional, but the data has no classes.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape, classes = samples.space.shape, samples.require_classes() if conditional else 0
    game = GAN(
        ResNetGenerator(latent, shape, 2 * width, classes),
        spectral_norm(ResNetDiscriminator(shape, width, classes)),
        loss=hinge,
        steps=discriminator_steps,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.0, 0.9)),
        "generator": adam(game.generator, lr, (0.0, 0.9)),
    }
    rate = linear(1.0, 0.0)
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life, rate=rate)


small = dict(conditional=True, width=8, latent=8, discriminator_steps=2, steps=4, batch=8)
