"""GMAN: Durugkar et al. 2017, "Generative multi-adversarial networks", arXiv 1611.01673.

    ptarmigan train image.gman --data digits

Several discriminators, and a generator that minimises the mean of its losses V_i against them, weighed by
their softmax:

    L_G = Σ_i w_i V_i,    w_i = e^{λ V_i} / Σ_j e^{λ V_j},    V_i = E[log(1 − D_i(G(z)))]

λ = 0 is the plain mean, a large λ the harshest discriminator alone. The objective is minimax, all players are
updated at once, and discriminators differ by width and dropout, as in the paper; each has batches of its own,
where the paper splits one.
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
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.rules import simultaneous
from ptarmigan.training.run import Run


class MultiAdversarial(Game):
    """A generator against several discriminators, players ``discriminator0``, ``discriminator1``, ...

    Args:
        generator: G.
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
        """−E[log D_i(x)] − E[log(1 − D_i(G(z)))]."""
        real, fake = self.discriminators[i](batch.x), self.discriminators[i](self.generate(batch))
        return {f"discriminator{i}": minimax.discriminator(real, fake)}

    def generator_loss(self, batch: Batch) -> Terms:
        """Σ_i w_i V_i; the gradient flows through the weights too."""
        fake = self.generate(batch)
        each = torch.stack([minimax.generator(critic(fake), None) for critic in self.discriminators])
        return {"generator": (torch.softmax(self.sharpness * each, 0) * each).sum()}

    def generate(self, batch: Batch) -> Tensor:
        """As many generated samples as the batch has real ones."""
        return self.sample(noise.normal(len(batch.x), self.latent))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """G(z); ``c`` is ignored."""
        return torch.as_tensor(self.generator(z))


@configurable
def recipe(
    data: Images = Images(),
    *,
    discriminators: int = 5,
    sharpness: float = 1.0,
    width: int = 32,
    latent: int = 100,
    lr: float = 2e-4,
    training: Training = Training(batch=100),
) -> Run:
    """A GMAN.

    Args:
        discriminators: how many; they have width, width/2, width/4, width, ... and dropout from 0.3 to 0.7.
        sharpness: λ, of the softmax that weighs the discriminators.
        width: channels of the layer next to the image, in the generator and the widest discriminators.

    Raises:
        ValueError: there is no discriminator.
    """
    if discriminators < 1:
        raise ValueError(f"--discriminators {discriminators}: choose 1 or more")
    samples = training.open(data)

    def discriminator(i: int) -> DCGANDiscriminator:
        p = 0.3 + 0.4 * i / max(1, discriminators - 1)
        return DCGANDiscriminator(samples.shape, max(1, width >> i % 3), norm=lambda channels: Dropout(p))

    generator = DCGANGenerator(latent, samples.shape, width)
    game = MultiAdversarial(generator, [discriminator(i) for i in range(discriminators)], sharpness)
    networks = {f"discriminator{i}": network for i, network in enumerate(game.discriminators)}
    players = {**networks, "generator": generator}
    optimizers = {player: adam(network, lr, (0.5, 0.999)) for player, network in players.items()}
    return training.run(game, samples, optimizers, rule=simultaneous)


small = dict(discriminators=3, width=4, latent=8, steps=4, batch=8)
