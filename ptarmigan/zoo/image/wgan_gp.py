"""WGAN-GP: Gulrajani et al. 2017, "Improved training of Wasserstein GANs", arXiv 1704.00028.

    ptarmigan train image.wgan_gp --data cifar10
    ptarmigan train image.wgan_gp --data fashion-mnist --width 32

The critic is kept Lipschitz by a penalty on gradient norms other than 1, at points x̂ that are uniform
between a real image x and a generated one x̃, where ``image.wgan`` clips its weights:

    L_D = E[D(x̃)] − E[D(x)] + λ E[(‖∇D(x̂)‖ − 1)²],    L_G = −E[D(x̃)]

Networks and options are the paper's for CIFAR-10 without labels, except for the number of steps (100,000
there) and the generator's batch (twice the critic's there). On a CPU take the second command.
Cost and score: after 38 steps, 30 s of one core, on digits:
Fréchet distance 62.6 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import GradientPenalty
from ptarmigan.core.schedule import linear
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.resnet import ResNetDiscriminator, ResNetGenerator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


@configurable
def recipe(
    data: Images = Images(),
    *,
    width: int = 128,
    latent: int = 128,
    lr: float = 2e-4,
    weight: float = 10.0,
    critic_steps: int = 5,
    training: Training = Training(steps=10_000),
) -> Run:
    """A WGAN-GP.

    Args:
        width: channels of the residual blocks, in both networks.
    """
    samples = training.open(data)
    generator = ResNetGenerator(latent, samples.shape, width)
    critic = ResNetDiscriminator(samples.shape, width, pool="mean")
    penalties = (GradientPenalty(weight),)
    game = GAN(generator, critic, loss=wasserstein, penalties=penalties, steps=critic_steps)
    return training.run(game, samples, adams(game, lr, (0.0, 0.9)), rate=linear(1.0, 0.0))


small = dict(width=8, latent=8, critic_steps=2, steps=4, batch=8)
