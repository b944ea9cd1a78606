"""A relativistic GAN of drawings: Huang et al. 2024, arXiv 2501.05441, with fully connected networks.

ptarmigan train stroke.gan --data drawings.strokes
"""

import math

from torch import nn

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import relativistic
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import R1, R2
from ptarmigan.nets.mlp import dense, leaky, stack
from ptarmigan.nets.own import Unconditional
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run
from ptarmigan_strokes.drawings import Strokes


@configurable
def recipe(
    data: Strokes = Strokes(),
    *,
    width: int = 128,
    latent: int = 16,
    lr: float = 1e-3,
    gamma: float = 0.05,
    training: Training = Training(steps=4_000, batch=64),
) -> Run:
    """A GAN of drawings.

    Args:
        width: of the hidden layers.
        latent: the size of ``z``.
        lr: the learning rate of both players.
        gamma: the weight of the gradient penalties.
    """
    samples = training.open(data)
    shape, size = samples.space.shape, math.prod(samples.space.shape)

    def layers(inputs: int, outputs: int) -> list[nn.Module]:
        return [*stack((inputs, width, width), dense(leaky)), nn.Linear(width, outputs)]

    generator = Unconditional(nn.Sequential(*layers(latent, size), nn.Unflatten(1, shape)), latent)
    discriminator = Unconditional(nn.Sequential(nn.Flatten(), *layers(size, 1), nn.Flatten(0)))
    game = GAN(generator, discriminator, loss=relativistic, penalties=(R1(gamma), R2(gamma)))
    return training.run(game, samples, adams(game, lr, (0.0, 0.9)))


small = dict(width=8, latent=4, steps=4, batch=16)
