"""Unrolled GAN: Metz et al. 2017, "Unrolled generative adversarial networks", arXiv 1611.02163.

    ptarmigan train toy.unrolled --data ring

The generator minimises the value of the game at the discriminator's weights as they will be K of its Adam
steps later, through which it differentiates:

    θ_D^0 = θ_D,    θ_D^{k+1} = θ_D^k + Adam(∂f(θ_G, θ_D^k) / ∂θ_D^k),    f_K(θ_G, θ_D) = f(θ_G, θ_D^K)

where f = E[log D(x)] + E[log(1 − D(G(z)))]: a mode that the discriminator would soon learn to reject is not
worth moving to. Networks and rates are those of the authors' notebook, which has 25,000 steps.
Cost and score: after 620 steps, 30 s of one core, on ring:
mode divergence 4.48 (real samples: 0.00526); benchmarks/results/zoo.json
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.losses import minimax
from ptarmigan.core.optim import Adam, adam
from ptarmigan.core.precision import uncompiled, without_autocast
from ptarmigan.modalities.point.source import Points
from ptarmigan.nets.layers import initialise
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

Weights = list[Tensor]
LossOf = Callable[[Weights], Tensor]


class Unrolled(TwoPlayerGame):
    """A generator against the discriminator of some steps later.

    Args:
        generator: G.
        discriminator: scores them.
        ahead: given its loss as a function of its weights, θ_D^K, differentiable.
    """

    generator_reads = True  # through the K steps ahead

    def __init__(
        self, generator: PointGenerator, discriminator: PointDiscriminator, ahead: Callable[[LossOf], Weights]
    ) -> None:
        super().__init__(generator, discriminator)
        self.ahead = ahead

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−f(θ_G, θ_D)."""
        scores = self.discriminator(batch.x), self.discriminator(self.fake(batch))
        return {"discriminator": minimax.discriminator(*scores)}

    def generator_loss(self, batch: Batch) -> Terms:
        """f_K(θ_G, θ_D)."""
        names = [name for name, _ in self.discriminator.named_parameters()]
        fake = self.fake(batch)

        def loss(weights: Weights) -> Tensor:
            score = partial(functional_call, self.discriminator, dict(zip(names, weights, strict=True)))
            return minimax.discriminator(score((batch.x,)), score((fake,)))

        with without_autocast(fake), uncompiled():  # as all second derivatives
            return {"generator": -loss(self.ahead(loss))}


def adam_ahead(optimizer: Adam, steps: int, loss: LossOf) -> Weights:
    """The weights that ``optimizer`` holds after so many steps down ``loss``, as a function of it."""
    group = optimizer.param_groups[0]
    (beta1, beta2), held = group["betas"], group["params"]
    weights = [p.detach().requires_grad_() for p in held]
    states = [optimizer.state.get(p) or {"exp_avg": 0.0, "exp_avg_sq": 0.0, "step": 0} for p in held]
    means, squares = [s["exp_avg"] for s in states], [s["exp_avg_sq"] for s in states]
    for step in range(1, steps + 1):
        gradients = torch.autograd.grad(loss(weights), weights, create_graph=True)
        means = [beta1 * m + (1 - beta1) * g for m, g in zip(means, gradients, strict=True)]
        squares = [beta2 * v + (1 - beta2) * g.square() for v, g in zip(squares, gradients, strict=True)]
        for i, state in enumerate(states):
            mean = means[i] / (1 - beta1 ** (state["step"] + step))
            square = squares[i] / (1 - beta2 ** (state["step"] + step))
            # Adam adds eps to the root; within it, a gradient of zero has a finite derivative.
            weights[i] = weights[i] - group["lr"] * mean / (square + group["eps"] ** 2).sqrt()
    return weights


@configurable
def recipe(
    data: Points = Points(),
    *,
    unroll: int = 5,
    width: int = 128,
    latent: int = 256,
    lr: float = 1e-3,
    discriminator_lr: float = 1e-4,
    training: Training = Training(steps=10_000, batch=512),
) -> Run:
    """An unrolled GAN in the plane.

    Args:
        unroll: K, discriminator steps that the generator looks ahead.
        lr: Adam's learning rate for the generator.
    """
    samples = training.open(data)
    shape, hidden, layer = samples.shape, (width, width), dense(nn.Tanh)
    generator = PointGenerator(latent, shape, hidden, layer=layer)
    discriminator = PointDiscriminator(shape, hidden, layer=layer)
    for network in (generator, discriminator):
        initialise(network, partial(nn.init.orthogonal_, gain=1.4))
    optimizer = adam(discriminator, discriminator_lr, (0.5, 0.999))
    game = Unrolled(generator, discriminator, partial(adam_ahead, optimizer, unroll))
    optimizers = {"discriminator": optimizer, "generator": adam(generator, lr, (0.5, 0.999))}
    return training.run(game, samples, optimizers)


small = dict(unroll=2, width=8, latent=4, steps=4, batch=16)
