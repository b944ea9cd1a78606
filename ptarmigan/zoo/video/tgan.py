"""TGAN: Saito, Matsumoto and Saito 2017, "Temporal generative adversarial nets", arXiv 1611.06624.

    ptarmigan train video.tgan --data shapes

One generator makes latents of frames, another the frames (section 3.1). G_0 takes z_0 through transposed
convolutions over time to z_1(t), and G_1 sees both of them, each through a linear layer of its own:

    G(z_0) = [G_1(z_0, z_1(1)), …, G_1(z_0, z_1(T))],    [z_1(1), …, z_1(T)] = G_0(z_0).

D is a WGAN's critic of whole clips (Arjovsky et al. 2017, arXiv 1701.07875),

    L_D = E[D(G(z_0))] − E[D(x)],    L_G = −E[D(G(z_0))],

that is kept 1-Lipschitz by singular value clipping (section 3.4): after every fifth step all singular values
of its weights, as matrices of one row a channel, are clipped to 1. Leaky ReLU grows nothing, and D has no
batch norm here, whose γ would have to be clipped too: it would let it know a clip by its neighbours.

Published (``--width 64 --lr 5e-5 --batch 32``), of 16 frames of 64 × 64: RMSprop, z_0 of 100 numbers, z_1 of
16, as here. A class is embedded next to z_0, and projected on in D (Miyato and Koyama 2018, arXiv
1802.05637).
Cost and score: benchmarks/results/video.json
"""

from __future__ import annotations

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Optimizer

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import rmsprop
from ptarmigan.modalities.video.nets import Shape, VideoDiscriminator, as_clips
from ptarmigan.modalities.video.source import Videos
from ptarmigan.nets.dcgan import DCGANGenerator
from ptarmigan.nets.layers import Classes, ClassInput
from ptarmigan.nets.players import Generator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

FAST = 16
"""The size of z_1."""
WIDTHS = (8, 4, 2, 2)
"""Channels of G_0 next to z_0 and so on, in widths: 512, 256, 128, 128 as published."""
EVERY = 5
"""Steps of D from one clipping to the next."""


class Temporal(nn.Sequential):
    """G_0: transposed convolutions over time, from one place to as many as there are frames, or some more.

    Args:
        inputs: the size of z_0.
        frames: of a clip.
        width: an eighth of the channels of the first layer.
    """

    def __init__(self, inputs: int, frames: int, width: int) -> None:
        channels = [inputs, *(width * w for w in WIDTHS)]
        super().__init__(nn.Unflatten(1, (inputs, 1)))
        length = 1
        for a, b in pairwise(channels):
            more = length < frames
            kernel = (4, 2, 1) if more and length > 1 else ((2, 1, 0) if more else (3, 1, 1))
            self.append(nn.ConvTranspose1d(a, b, *kernel, bias=False)).append(nn.BatchNorm1d(b)).append(
                nn.ReLU()
            )
            length *= 2 if more else 1
        while length < frames:
            self.append(nn.ConvTranspose1d(channels[-1], channels[-1], 4, 2, 1)).append(nn.ReLU())
            length *= 2
        self.append(nn.Conv1d(channels[-1], FAST, 3, padding=1)).append(nn.Tanh())


class TGANGenerator(Generator):
    """G_0 and G_1.

    Args:
        latent: the size of z_0.
        shape: channels, frames, height, width.
        width: channels before the last layer of G_1.
        classes: how many; 0 for no condition.
    """

    def __init__(self, latent: int, shape: Shape, width: int, classes: int = 0) -> None:
        super().__init__()
        channels, self.frames, *sides = shape
        self.latent, self.input = latent, ClassInput(latent, classes)
        self.temporal = Temporal(self.input.size, self.frames, width)
        # the first linear layer of a DCGAN sees both: a linear layer for each, whose outputs are added
        self.pictures = DCGANGenerator(self.input.size + FAST, (channels, *sides), width)

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel frame height width"]:
        """Clips in [-1, 1]."""
        slow = self.input(z, c)
        fast = self.temporal(slow)[:, :, : self.frames].transpose(1, 2)
        both = torch.cat([slow[:, None].expand(-1, self.frames, -1), fast], 2)
        return as_clips(self.pictures(both.flatten(0, 1)), self.frames)


def clip_singular_values(optimizer: Optimizer, every: int) -> Optimizer:
    """Clip the singular values of all weights to 1 after every so many steps of their optimizer.

    How many steps there were is counted by the optimizer itself, so that a run that goes on clips when it
    would have.

    Args:
        optimizer: RMSprop, which keeps a ``step`` for each parameter.
        every: steps from one clipping to the next.
    """

    @torch.no_grad()
    def clip(stepped: Optimizer, args: object, kwargs: object) -> None:
        for group in stepped.param_groups:
            for p in group["params"]:
                if p.dim() > 1 and int(stepped.state[p]["step"]) % every == 0:
                    p.copy_(clipped(p))

    optimizer.register_step_post_hook(clip)
    return optimizer


def clipped(weight: Tensor) -> Tensor:
    """A weight whose singular values, as a matrix of one row an output, are at most 1."""
    rows = weight.flatten(1)
    left, values, right = torch.linalg.svd(rows, full_matrices=False)
    found: Tensor = (left * values.clamp(max=1)) @ right
    return found.view_as(weight)


@configurable
def recipe(
    data: Videos = Videos(),
    *,
    conditional: bool = False,
    width: int = 16,
    latent: int = 100,
    lr: float = 2e-4,
    critic_steps: int = 1,
    training: Training = Training(batch=16, half_life=20_000.0),
) -> Run:
    """A TGAN.

    Args:
        lr: RMSprop's learning rate.
    """
    samples = training.open(data)
    classes = samples.require_classes() if conditional else 0
    generator = TGANGenerator(latent, samples.shape, width, classes)
    discriminator = VideoDiscriminator(samples.shape, width, classes)
    game = GAN(generator, discriminator, loss=wasserstein, steps=critic_steps)
    optimizers = {
        "discriminator": clip_singular_values(rmsprop(game.discriminator, lr), EVERY),
        "generator": rmsprop(game.generator, lr),
    }
    return training.run(game, samples, optimizers)


small = dict(conditional=True, size="8", length=4, width=2, latent=4, steps=4, batch=4)
