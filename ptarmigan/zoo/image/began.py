"""BEGAN: Berthelot et al. 2017, "Boundary equilibrium generative adversarial networks", arXiv 1703.10717.

    ptarmigan train image.began --data fashion-mnist
    ptarmigan train image.began --data digits --width 16 --latent 8 --gamma 0.7

The discriminator is an autoencoder with the reconstruction error L(v) = |v − D(v)|, trained to be small for
real images and large for generated ones, while the generator minimises the latter. The weight k_t of
generated images keeps their error at γ times that of real ones (section 3.4):

    L_D = L(x) − k_t L(G(z)),    L_G = L(G(z)),    k_{t+1} = k_t + λ_k (γ L(x) − L(G(z)))

The paper halves the learning rate when convergence stalls; here it is halved after each quarter of the run.
The code must be far smaller than the image, or anything is reconstructed well and the generator learns
nothing: 64 numbers are too many for 8×8 digits.
Cost and score: after 940 steps, 30 s of one core, on digits:
Fréchet distance 358 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

import math
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import State, Terms
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.optim import adams
from ptarmigan.core.precision import at_least_float32
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.layers import Classes, initialise
from ptarmigan.nets.sides import crop, halved, halvings
from ptarmigan.training.meaning import OTHER
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class BoundaryEquilibrium(TwoPlayerGame):
    """A generator against an autoencoder.

    Args:
        generator: a decoder.
        discriminator: an autoencoder.
        gamma: γ, the error of generated samples over that of real ones, at equilibrium.
        gain: λ_k, the rate at which ``k`` is updated.
    """

    def __init__(self, generator: Decoder, discriminator: Autoencoder, gamma: float, gain: float) -> None:
        super().__init__(generator, discriminator)
        self.gamma = gamma
        self.k = State(torch.zeros(()), lambda k, imbalance: (k + gain * imbalance).clamp(0, 1))

    def discriminator_loss(self, batch: Batch) -> Terms:
        """L(x) − k_t L(G(z)).

        ``k`` is updated by these errors; in the paper by those of the generator's own batch, which is as
        large and of the same distribution.
        """
        real, fake = self.errors(batch.x).mean(), self.errors(self.fake(batch)).mean()
        self.k.note(self.gamma * real - fake)
        return {"discriminator_real": real, "discriminator_fake": -self.k.value * fake}

    def generator_loss(self, batch: Batch) -> Terms:
        """L(G(z))."""
        return {"generator": self.errors(self.fake(batch)).mean()}

    def errors(self, x: Tensor) -> Tensor:
        """L(x), a mean over pixels, for every sample."""
        return at_least_float32(x - self.discriminator(x)).abs().flatten(1).mean(1)

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z), of ``z`` made uniform on [-1, 1], as in the paper; ``c`` is ignored."""
        return torch.as_tensor(self.generator(2 * torch.special.ndtr(z) - 1))

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """−L(x): real samples have small errors."""
        return -self.errors(x)


def convolutions(inputs: int, outputs: int) -> list[nn.Module]:
    """Two 3×3 convolutions, each followed by an exponential linear unit."""
    first = nn.Conv2d(inputs, outputs, 3, padding=1)
    return [first, nn.ELU(), nn.Conv2d(outputs, outputs, 3, padding=1), nn.ELU()]


class Decoder(nn.Module):
    """A linear layer to 8 pixels or more, convolutions, nearest-neighbour upsampling.

    Args:
        latent: the size of ``z``.
        shape: channels, height, width.
        width: channels of all hidden layers.
    """

    def __init__(self, latent: int, shape: tuple[int, ...], width: int = 64) -> None:
        super().__init__()
        channels, height, across = shape
        self.latent, self.sides = latent, (height, across)
        stages = halvings(self.sides, smallest=8)
        start = (width, *halved(self.sides, stages))
        layers: list[nn.Module] = [nn.Linear(latent, math.prod(start)), nn.Unflatten(1, start)]
        for _ in range(stages):
            layers += [*convolutions(width, width), nn.Upsample(scale_factor=2)]
        layers += [*convolutions(width, width), nn.Conv2d(width, channels, 3, padding=1)]
        self.layers = nn.Sequential(*layers)
        # With torch's default initialisation z hardly matters after this many layers, and BEGAN collapses.
        initialise(self, nn.init.xavier_uniform_)

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """Images, not bounded; ``c`` is ignored."""
        return crop(self.layers(z), self.sides)


class Autoencoder(nn.Module):
    """An encoder of strided convolutions, and a decoder like the generator.

    Args:
        shape: channels, height, width.
        width: channels at the image's sides; the encoder has as many more at every halving.
        code: the size of the code between encoder and decoder.
    """

    def __init__(self, shape: tuple[int, ...], width: int = 64, code: int = 64) -> None:
        super().__init__()
        channels, height, across = shape
        stages = halvings((height, across), smallest=8)
        lower, narrower = halved((height, across), stages)
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1), nn.ELU()]
        for i in range(1, stages + 1):
            layers += convolutions(i * width, i * width)
            layers += [nn.Conv2d(i * width, (i + 1) * width, 3, 2, 1), nn.ELU()]
        last = (stages + 1) * width
        layers += [*convolutions(last, last), nn.Flatten(), nn.Linear(last * lower * narrower, code)]
        self.encoder = nn.Sequential(*layers)
        initialise(self.encoder, nn.init.xavier_uniform_)
        self.decoder = Decoder(code, shape, width)

    def forward(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """The reconstruction of ``x``."""
        return torch.as_tensor(self.decoder(self.encoder(x)))


@configurable
def recipe(
    data: Images = Images(),
    *,
    gamma: Annotated[float, OTHER] = 0.5,
    gain: float = 1e-3,
    width: int = 64,
    latent: int = 64,
    lr: float = 1e-4,
    training: Training = Training(batch=16),
) -> Run:
    """A BEGAN.

    Args:
        gamma: γ, the error of generated images over that of real ones; 0.3 to 0.7, lower is less diverse.
        gain: λ_k, the rate at which the weight of generated images is updated.
        latent: the size of z, and of the autoencoder's code.
    """
    samples = training.open(data)
    game = BoundaryEquilibrium(
        Decoder(latent, samples.shape, width), Autoencoder(samples.shape, width, latent), gamma, gain
    )
    return training.run(game, samples, adams(game, lr, (0.9, 0.999)), rate=halving)


def halving(progress: float) -> float:
    """A rate that is halved after each quarter of the run."""
    return 0.5 ** int(4 * progress)


small = dict(width=4, latent=8, steps=4, batch=8)
