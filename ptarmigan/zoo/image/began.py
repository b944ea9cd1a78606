"""BEGAN: Berthelot et al. 2017, "Boundary equilibrium generative adversarial networks", arXiv 1703.10717.

    ptarmigan train image.began --data fashion-mnist
    ptarmigan train image.began --data digits --width 16 --latent 8 --gamma 0.7

The discriminator is an autoencoder that reconstructs real images well and generated ones badly; the
generator wants its own reconstructed well. How much the discriminator minds generated images is steered so
that their error stays at γ of that of real ones. The paper halves the rate when convergence stalls; here it
is halved after each quarter of the run. The code must be far smaller than the image, or anything is
reconstructed well and the generator learns nothing: 64 numbers are too many for 8×8 digits.
Cost and score: after 940 steps, 30 s of one core, on digits:
Fréchet distance 358 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, State, Terms, Turn
from ptarmigan.core.optim import adam
from ptarmigan.core.precision import at_least_float32
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.autoencoder import AutoencoderDiscriminator, BEGANGenerator
from ptarmigan.training.meaning import OTHER
from ptarmigan.training.run import Run


class BoundaryEquilibrium(Game):
    """A generator against an autoencoder, in the balance that ``gamma`` sets.

    Args:
        generator: makes samples.
        discriminator: reconstructs them.
        gamma: the error of generated samples over that of real ones, at equilibrium; lower is less various.
        gain: how fast ``k`` follows the imbalance, λ in the paper.
    """

    def __init__(
        self, generator: BEGANGenerator, discriminator: AutoencoderDiscriminator, gamma: float, gain: float
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.gamma = generator, discriminator, gamma
        self.latent = generator.latent
        self.k = State(torch.zeros(()), lambda k, imbalance: (k + gain * imbalance).clamp(0, 1))

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, then the generator."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("generator",), self.generator_loss, reads=False),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """The error of real samples, less ``k`` times that of generated ones.

        ``k`` follows the errors seen here; in the paper it follows those of the generator's own samples,
        which are as many and of the same distribution.
        """
        real, fake = self.errors(batch.x).mean(), self.errors(self.fake(batch)).mean()
        self.k.note(self.gamma * real - fake)
        return {"discriminator_real": real, "discriminator_fake": -self.k.value * fake}

    def generator_loss(self, batch: Batch) -> Terms:
        """The error of generated samples."""
        return {"generator": self.errors(self.fake(batch)).mean()}

    def errors(self, x: Tensor) -> Tensor:
        """The mean absolute error of every sample's reconstruction."""
        return at_least_float32(x - self.discriminator(x)).abs().flatten(1).mean(1)

    def fake(self, batch: Batch) -> Tensor:
        """As many generated samples as the batch has real ones."""
        return self.sample(noise.normal(len(batch.x), self.latent))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Generated samples, from ``z`` made uniform on [-1, 1] as published; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(2 * torch.special.ndtr(z) - 1))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """Minus the error: real samples have little."""
        return -self.errors(x)


def halving(progress: float) -> float:
    """A rate that is halved after each quarter of the run."""
    return 0.5 ** int(4 * progress)


def recipe(
    data: Images = Images(),
    *,
    gamma: Annotated[float, OTHER] = 0.5,
    gain: float = 1e-3,
    width: int = 64,
    latent: int = 64,
    lr: float = 1e-4,
    half_life: float = 10_000.0,
    steps: int = 20_000,
    batch: int = 16,
    seed: int = 0,
) -> Run:
    """A BEGAN.

    Args:
        data: the images.
        gamma: the error of generated images over that of real ones; 0.3 to 0.7, lower is less various.
        gain: how fast the weight of generated images follows.
        width: channels of the layer next to the image, in both networks.
        latent: the size of z, and of the autoencoder's code.
        lr: Adam's learning rate at the start.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape = samples.space.shape
    game = BoundaryEquilibrium(
        BEGANGenerator(latent, shape, width), AutoencoderDiscriminator(shape, width, latent), gamma, gain
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.9, 0.999)),
        "generator": adam(game.generator, lr, (0.9, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life, rate=halving)


small = dict(width=4, latent=8, steps=4, batch=8)
