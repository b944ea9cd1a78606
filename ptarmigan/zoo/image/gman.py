"""GMAN: Durugkar et al. 2017, "Generative multi-adversarial networks", arXiv 1611.01673.

    ptarmigan train image.gman --data digits

Several discriminators, and a generator that goes down the mean of its losses against them, weighed by their
softmax at λ: 0 is the plain mean, a large λ the harshest critic alone. The objective is minimax as first
written, all players move at once, and discriminators differ by width and dropout, as published; each draws
whole batches of its own, where the paper splits one.
Cost and score: after 1,253 steps, 30 s of one core, on digits:
Fréchet distance 32.7 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.losses import minimax
from ptarmigan.core.optim import adam
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.nets.layers import Dropout
from ptarmigan.training.rules import simultaneous
from ptarmigan.training.run import Run


class MultiAdversarial(Game):
    """A generator against several discriminators, players ``discriminator0``, ``discriminator1``, ...

    Args:
        generator: makes samples.
        discriminators: score them.
        sharpness: λ, of the softmax that weighs the discriminators.
    """

    def __init__(
        self, generator: DCGANGenerator, discriminators: list[DCGANDiscriminator], sharpness: float
    ) -> None:
        super().__init__()
        self.generator, self.discriminators = generator, nn.ModuleList(discriminators)
        self.latent, self.sharpness = generator.latent, sharpness

    def turns(self) -> tuple[Turn, ...]:
        """Every discriminator on a batch of its own, then the generator."""
        names = [f"discriminator{i}" for i in range(len(self.discriminators))]
        return (
            *(Turn((name,), partial(self.discriminator_loss, i)) for i, name in enumerate(names)),
            Turn(("generator",), self.generator_loss, reads=False),
        )

    def discriminator_loss(self, i: int, batch: Batch) -> Terms:
        """How badly discriminator ``i`` tells real from generated images."""
        real, fake = self.discriminators[i](batch.x), self.discriminators[i](self.fake(batch))
        return {f"discriminator{i}": minimax.discriminator(real, fake)}

    def generator_loss(self, batch: Batch) -> Terms:
        """The mean of the losses against each, weighed by their softmax, which moves with them."""
        fake = self.fake(batch)
        each = torch.stack([minimax.generator(critic(fake), None) for critic in self.discriminators])
        return {"generator": (torch.softmax(self.sharpness * each, 0) * each).sum()}

    def fake(self, batch: Batch) -> Tensor:
        """As many generated samples as the batch has real ones."""
        return self.sample(noise.normal(len(batch.x), self.latent))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Generated samples; ``c`` is not looked at."""
        return torch.as_tensor(self.generator(z))


def recipe(
    data: Images = Images(),
    *,
    discriminators: int = 5,
    sharpness: float = 1.0,
    width: int = 32,
    latent: int = 100,
    lr: float = 2e-4,
    half_life: float = 10_000.0,
    steps: int = 20_000,
    batch: int = 100,
    seed: int = 0,
) -> Run:
    """A GMAN.

    Args:
        data: the images.
        discriminators: how many; they have width, width/2, width/4, width, ... and dropout from 0.3 to 0.7.
        sharpness: λ, of the softmax that weighs the discriminators.
        width: channels of the layer next to the image, in the generator and the widest discriminators.
        latent: the size of z.
        lr: Adam's learning rate.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.

    Raises:
        ValueError: there is no discriminator.
    """
    if discriminators < 1:
        raise ValueError(f"{discriminators} discriminators cannot teach anything: choose 1 or more")
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape = samples.space.shape

    def discriminator(i: int) -> DCGANDiscriminator:
        p = 0.3 + 0.4 * i / max(1, discriminators - 1)
        return DCGANDiscriminator(shape, max(1, width >> i % 3), norm=lambda channels: Dropout(p))

    game = MultiAdversarial(
        DCGANGenerator(latent, shape, width), [discriminator(i) for i in range(discriminators)], sharpness
    )
    optimizers = {
        f"discriminator{i}": adam(d, lr, (0.5, 0.999)) for i, d in enumerate(game.discriminators)
    } | {"generator": adam(game.generator, lr, (0.5, 0.999))}
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life, rule=simultaneous)


small = dict(discriminators=3, width=4, latent=8, steps=4, batch=8)
