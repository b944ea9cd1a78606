"""PacGAN: Lin et al. 2018, "PacGAN: the power of two samples in generative adversarial networks", 1712.04086.

    ptarmigan train toy.pacgan --data grid --pack 4

The discriminator scores several samples at once, all real or all generated: a generator that drops modes
makes packs that are too much alike, which is easy to see. Options are those of the paper's synthetic
experiments, except for the length of the run: the paper has 400,000 steps, and averages no weights.
Cost and score: after 1,095 steps, 30 s of one core, on ring:
mode divergence 4.43 (real samples: 0.00526); benchmarks/results/zoo.json
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adam
from ptarmigan.modalities.point.source import points
from ptarmigan.nets.layers import Maxout, initialise
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense
from ptarmigan.training.rules import simultaneous
from ptarmigan.training.run import Run


class Packed(Game):
    """A generator against a discriminator of packs.

    Args:
        generator: makes samples; has ``latent``, the size of its ``z``.
        discriminator: scores packs, the coordinates of their samples side by side.
        pack: samples in a pack.
    """

    def __init__(self, generator: PointGenerator, discriminator: PointDiscriminator, pack: int) -> None:
        super().__init__()
        self.generator, self.discriminator, self.pack = generator, discriminator, pack
        self.latent = generator.latent

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, then the generator."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("generator",), self.generator_loss, reads=False),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly the discriminator tells packs of real samples from packs of generated ones."""
        real, fake = self.score(batch.x), self.score(self.fake(batch))
        return {"discriminator": non_saturating.discriminator(real, fake)}

    def generator_loss(self, batch: Batch) -> Terms:
        """How well. The paper adds how sure it is of real packs, in which the generator has no part."""
        return {"generator": non_saturating.generator(self.score(self.fake(batch)), None)}

    def score(self, x: Tensor) -> Tensor:
        """A score for every pack: as many consecutive samples, which the shuffle has made independent.

        Raises:
            ValueError: the samples cannot be packed evenly.
        """
        if len(x) % self.pack:
            raise ValueError(f"{len(x)} samples make no packs of {self.pack}: choose another --batch")
        return torch.as_tensor(self.discriminator(x.reshape(len(x) // self.pack, -1)))

    def fake(self, batch: Batch) -> Tensor:
        """As many generated samples as the batch has real ones."""
        return self.sample(noise.normal(len(batch.x), self.latent))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Generated samples."""
        return torch.as_tensor(self.generator(z))


def recipe(
    data: str = "ring",
    *,
    pack: int = 2,
    width: int = 400,
    discriminator_width: int = 200,
    latent: int = 2,
    lr: float = 1e-4,
    steps: int = 20_000,
    batch: int = 200,
    seed: int = 0,
) -> Run:
    """A PacGAN in the plane.

    Args:
        data: ring, grid, swissroll, moons, spiral, or a .csv or .npy file of points.
        pack: samples that are scored together: 2 to 4 in the paper; 1 is a plain GAN.
        width: of the generator's four hidden layers.
        discriminator_width: of the discriminator's three.
        latent: the size of z.
        lr: Adam's learning rate.
        steps: the length of the run.
        batch: points in a step; the paper has 100 packs.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = points(data, batch=batch, seed=seed)
    (size,) = samples.space.shape
    generator = PointGenerator(latent, (size,), (width,) * 4, layer=dense(nn.ReLU, nn.BatchNorm1d))
    maxout = partial(Maxout, pieces=5)
    discriminator = PointDiscriminator((pack * size,), (discriminator_width,) * 3, layer=maxout)
    for network in (generator, discriminator):
        initialise(network, partial(nn.init.normal_, std=0.02))
    optimizers = {
        "discriminator": adam(discriminator, lr, (0.8, 0.999)),
        "generator": adam(generator, lr, (0.8, 0.999)),
    }
    game = Packed(generator, discriminator, pack)
    return Run(game, samples, optimizers, steps=steps, seed=seed, rule=simultaneous)


small = dict(width=8, discriminator_width=8, steps=4, batch=16)
