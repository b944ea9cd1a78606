"""IMLE: Li and Malik 2018, "Implicit maximum likelihood estimation", arXiv 1809.09087, as RS-IMLE of 2024.

    ptarmigan train image.imle --data ./photos --size 64 --flip

Without an adversary: each real sample looks for the nearest of a pool of generated ones, and draws it nearer.
So no real sample is left out as a mode, which is what few samples need:

    L = Σ_i min_j d(x_i, G(z_j))

After training latents are not those that were nearest. So that training sees such as sampling will, generated
samples that are within ε of a real one are taken out of the pool first (RS-IMLE: Vashist et al. 2024, arXiv
2409.17439). d is the mean squared difference of pixels at three scales, in place of the papers' LPIPS, which
is of a downloaded network; the generator is DCGAN's, where each sample is normalised alone.
Cost and score: benchmarks/results/zoo.json
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import SinglePlayerGame, Terms
from ptarmigan.core.optim import adams
from ptarmigan.core.precision import at_least_float32, without_autocast
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANGenerator
from ptarmigan.nets.pyramid import Pyramid
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class IMLE(SinglePlayerGame):
    """A generator whose nearest samples are drawn to the real ones.

    Args:
        generator: G.
        features: images to vectors, whose squared distance is d.
        pool: generated samples for each real one.
        epsilon: ε, as a fraction of the distance of two real samples.
    """

    player = "generator"

    def __init__(self, generator: DCGANGenerator, features: Pyramid, pool: int, epsilon: float) -> None:
        super().__init__()
        self.generator, self.features, self.pool, self.epsilon = generator, features, pool, epsilon
        self.latent = generator.latent

    def loss(self, batch: Batch) -> Terms:
        """Σ d(x_i, G(z_j)) of the nearest j."""
        z = noise.normal(len(batch.x), self.pool, self.latent).flatten(0, 1)
        with without_autocast(batch.x):
            real = self.vectors(batch.x)
        nearest = self.sample(z[self.nearest(real, z)])
        with without_autocast(batch.x):
            return {"distance": (self.vectors(nearest) - real).square().sum(1).mean()}

    @torch.no_grad()
    def nearest(self, real: Tensor, z: Tensor) -> Tensor:
        """The latent of the sample nearest to each real one, and not within ε of any: ``(batch,)``."""
        pool = torch.cat([self.sample(some) for some in z.split(len(real))])
        with without_autocast(real):
            apart = torch.cdist(real, self.vectors(pool))
            close = (apart < self.epsilon * (2 * real.var(0, correction=0).sum()).sqrt()).any(0)
            return apart.masked_fill(close & ~close.all(), torch.inf).argmin(1)

    def vectors(self, x: Tensor) -> Tensor:
        """``(batch, feature)``."""
        return torch.cat(self.features(at_least_float32(x)), 1)

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z)."""
        return torch.as_tensor(self.generator(z))


@configurable
def recipe(
    data: Images = Images(),
    *,
    width: int = 32,
    latent: int = 16,
    lr: float = 1e-3,
    pool: int = 16,
    epsilon: float = 0.1,
    training: Training = Training(batch=32, half_life=20_000.0),
) -> Run:
    """Implicit maximum likelihood of images.

    Args:
        pool: generated samples for each real one, of which the nearest is taken: 10 to 100 in the papers.
        epsilon: ε, as a fraction of the distance of real samples; 0 for IMLE of 2018.
    """
    samples = training.open(data)
    generator = DCGANGenerator(latent, samples.shape, width, norm=partial(nn.GroupNorm, 1))
    game = IMLE(generator, Pyramid(generator.sides), pool, epsilon)
    return training.run(game, samples, adams(game, lr, (0.9, 0.9), ("generator",)))


small = dict(width=4, latent=8, pool=3, steps=4, batch=8)
