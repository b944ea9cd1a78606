"""WGAN-GP: Gulrajani et al. 2017, "Improved training of Wasserstein GANs", arXiv 1704.00028.

    ptarmigan train image.wgan_gp --data cifar10
    ptarmigan train image.wgan_gp --data fashion-mnist --width 32

The critic is kept Lipschitz by asking for slopes of 1 between real and generated images, where ``image.wgan``
clips its weights. Networks and options are the paper's for CIFAR-10 without labels, except for the length of
the run (100,000 steps there) and the generator's batch (twice the critic's there). On a CPU take the second.
Cost and score: after 38 steps, 30 s of one core, on digits:
Fréchet distance 62.6 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import adam
from ptarmigan.core.penalties import GradientPenalty
from ptarmigan.core.schedule import linear
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.resnet import ResNetDiscriminator, ResNetGenerator
from ptarmigan.training.run import Run


def recipe(
    data: Images = Images(),
    *,
    width: int = 128,
    latent: int = 128,
    lr: float = 2e-4,
    weight: float = 10.0,
    critic_steps: int = 5,
    half_life: float = 10_000.0,
    steps: int = 10_000,
    batch: int = 64,
    seed: int = 0,
) -> Run:
    """A WGAN-GP.

    Args:
        data: the images.
        width: channels of the residual blocks, in both networks.
        latent: the size of z.
        lr: Adam's learning rate at the start; it falls to 0 in a straight line.
        weight: λ, of the gradient penalty.
        critic_steps: the critic's moves for one of the generator.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a move.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape = samples.space.shape
    game = GAN(
        ResNetGenerator(latent, shape, width),
        ResNetDiscriminator(shape, width, pool="mean"),
        loss=wasserstein,
        penalties=(GradientPenalty(weight),),
        steps=critic_steps,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.0, 0.9)),
        "generator": adam(game.generator, lr, (0.0, 0.9)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life, rate=linear(1.0, 0.0))


small = dict(width=8, latent=8, critic_steps=2, steps=4, batch=8)
