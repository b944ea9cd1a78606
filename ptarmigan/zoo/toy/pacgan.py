"""PacGAN: Lin et al. 2018, "PacGAN: the power of two samples in generative adversarial networks", 1712.04086.

    ptarmigan train toy.pacgan --data grid --pack 4

The discriminator scores m samples at once, D(x₁, …, x_m), all real or all generated: a generator that drops
modes generates packs that are too much alike, which is easy to tell.

    L_D = −E[log D(x₁, …, x_m)] − E[log(1 − D(G(z₁), …, G(z_m)))],    L_G = −E[log D(G(z₁), …, G(z_m))]

Options are those of the paper's synthetic experiments, except for the number of steps: the paper has 400,000,
and no EMA.
Cost and score: after 1,095 steps, 30 s of one core, on ring:
mode divergence 4.43 (real samples: 0.00526); benchmarks/results/zoo.json
"""

from __future__ import annotations

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adams
from ptarmigan.modalities.point.source import Points
from ptarmigan.nets.layers import initialise
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.rules import simultaneous
from ptarmigan.training.run import Run


class Packed(TwoPlayerGame):
    """A generator against a discriminator of packs.

    Args:
        generator: G.
        discriminator: scores packs, the coordinates of their samples concatenated.
        pack: m, samples in a pack.
    """

    discriminate = Game.discriminate  # packs are scored, not samples

    def __init__(self, generator: PointGenerator, discriminator: PointDiscriminator, pack: int) -> None:
        super().__init__(generator, discriminator)
        self.pack = pack

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−E[log D(x₁, …, x_m)] − E[log(1 − D(G(z₁), …, G(z_m)))]."""
        real, fake = self.score(batch.x), self.score(self.fake(batch))
        return {"discriminator": non_saturating.discriminator(real, fake)}

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[log D(G(z₁), …, G(z_m))]. The authors' code adds a term of real packs, which has no gradient."""
        return {"generator": non_saturating.generator(self.score(self.fake(batch)), None)}

    def score(self, x: Tensor) -> Tensor:
        """A score for every pack: m consecutive samples, which the shuffle has made independent.

        Raises:
            ValueError: the samples cannot be packed evenly.
        """
        if len(x) % self.pack:
            raise ValueError(f"{len(x)} samples make no packs of {self.pack}: choose another --batch")
        return torch.as_tensor(self.discriminator(x.reshape(len(x) // self.pack, -1)))


class Maxout(nn.Module):
    """The largest of ``pieces`` linear maps, output by output (Goodfellow et al. 2013, arXiv 1302.4389)."""

    def __init__(self, inputs: int, outputs: int, pieces: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs * pieces)
        self.pieces = pieces

    def forward(self, x: Float[Tensor, "batch input"]) -> Float[Tensor, "batch output"]:
        """The maximum over the pieces."""
        return torch.as_tensor(self.linear(x).unflatten(1, (-1, self.pieces)).amax(2))


@configurable
def recipe(
    data: Points = Points(),
    *,
    pack: int = 2,
    width: int = 400,
    discriminator_width: int = 200,
    latent: int = 2,
    lr: float = 1e-4,
    training: Training = Training(batch=200),
) -> Run:
    """A PacGAN in the plane.

    Args:
        pack: m, samples that are scored together: 2 to 4 in the paper; 1 is a plain GAN.
        width: of the generator's four hidden layers.
        discriminator_width: of the discriminator's three.
    """
    samples = training.open(data)
    (size,) = samples.shape
    generator = PointGenerator(latent, (size,), (width,) * 4, layer=dense(nn.ReLU, nn.BatchNorm1d))
    maxout = partial(Maxout, pieces=5)
    discriminator = PointDiscriminator((pack * size,), (discriminator_width,) * 3, layer=maxout)
    for network in (generator, discriminator):
        initialise(network, partial(nn.init.normal_, std=0.02))
    game = Packed(generator, discriminator, pack)
    return training.run(game, samples, adams(game, lr, (0.8, 0.999)), rule=simultaneous)


small = dict(width=8, discriminator_width=8, steps=4, batch=16)
