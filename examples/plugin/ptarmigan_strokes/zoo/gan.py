"""A relativistic GAN of drawings: Huang et al. 2024, arXiv 2501.05441, with fully connected networks.

ptarmigan train stroke.gan --data drawings.strokes
"""

import math

from torch import nn

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import relativistic
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import R1, R2
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
    """A GAN of drawings; ``width`` is that of the hidden layers, ``gamma`` weighs the gradient penalties."""
    samples = training.open(data)
    shape, size = samples.space.shape, math.prod(samples.space.shape)

    def layers(inputs: int, outputs: int) -> list[nn.Module]:
        hidden = [nn.Linear(inputs, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2)]
        return [*hidden, nn.Linear(width, outputs)]

    generator = nn.Sequential(*layers(latent, size), nn.Unflatten(1, shape))
    discriminator = nn.Sequential(nn.Flatten(), *layers(size, 1), nn.Flatten(0))
    players = Unconditional(generator, latent), Unconditional(discriminator)
    game = GAN(*players, loss=relativistic, penalties=(R1(gamma), R2(gamma)))
    return training.run(game, samples, adams(game, lr, (0.0, 0.9)))


small = dict(width=8, latent=4, steps=4, batch=16)
