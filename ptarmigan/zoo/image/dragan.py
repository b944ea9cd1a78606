"""DRAGAN: Kodali et al. 2017, "On convergence and stability of GANs", arXiv 1705.07215.

    ptarmigan train image.dragan --data fashion-mnist

The authors observe sharp gradients of the discriminator around real images before mode collapse, so gradient
norms other than 1 are penalised there, and only there:

    L_D = −E[log D(x)] − E[log(1 − D(G(z)))] + λ E[(‖∇D(x + δ)‖ − 1)²],    δ ~ N(0, cI)

As in the authors' code the point lies anywhere between x and x + δ. Options are the authors', except that the
noise does not scale with the standard deviation of the batch, as it does in their code (a sample's loss must
not depend on the others), and that the discriminator has no batch norm, under which no sample has a gradient
of its own.
Cost and score: after 3,498 steps, 30 s of one core, on digits:
Fréchet distance 30.6 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import PenaltyInputs, gradients, normal_like, share
from ptarmigan.core.precision import at_least_float32
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


@dataclass(frozen=True)
class Dragan:
    """λ E[(‖∇D(x + uδ)‖ − 1)²] at real samples x, with δ ~ N(0, c²I) and u uniform in [0, 1).

    Args:
        weight: λ.
        c: the standard deviation of the noise, in the units of the encoded sample.
    """

    weight: float = 10.0
    c: float = 0.5
    name: ClassVar[str] = "dragan"

    def __call__(self, inputs: PenaltyInputs) -> Tensor:
        """The term, a scalar."""
        real = at_least_float32(inputs.real.detach())
        around = real + self.c * share(real) * normal_like(real)
        excess: Tensor = torch.linalg.vector_norm(gradients(inputs.discriminator, around), dim=1) - 1
        return self.weight * excess.square().mean()


@configurable
def recipe(
    data: Images = Images(),
    *,
    width: int = 64,
    latent: int = 100,
    lr: float = 2e-4,
    weight: float = 10.0,
    reach: float = 0.5,
    training: Training = Training(),
) -> Run:
    """A DRAGAN.

    Args:
        weight: λ, of the penalty.
        reach: standard deviation of the noise that is added to real images, which have values in [-1, 1].
    """
    samples = training.open(data)
    generator = DCGANGenerator(latent, samples.shape, width)
    discriminator = DCGANDiscriminator(samples.shape, width, norm=nn.Identity)
    game = GAN(generator, discriminator, loss=non_saturating, penalties=(Dragan(weight, reach),))
    return training.run(game, samples, adams(game, lr))


small = dict(width=4, latent=8, steps=4, batch=8)
