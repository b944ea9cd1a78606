"""Unrolled GAN: Metz et al. 2017, "Unrolled generative adversarial networks", arXiv 1611.02163.

    ptarmigan train toy.unrolled --data ring

The generator goes down its loss against the discriminator as it will be a few of Adam's moves later, through
which it differentiates: a mode that the discriminator would soon learn to reject is not worth moving to.
Networks and rates are those of the authors' notebook, which plays 25,000 steps.
Cost and score: after 620 steps, 30 s of one core, on ring:
mode divergence 4.48 (real samples: 0.00526); benchmarks/results/zoo.json
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.optim import Adam

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.losses import minimax
from ptarmigan.core.optim import adam
from ptarmigan.core.precision import without_autocast
from ptarmigan.modalities.point.source import points
from ptarmigan.nets.layers import initialise
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense
from ptarmigan.training.run import Run

Weights = list[Tensor]
LossOf = Callable[[Weights], Tensor]


class Unrolled(Game):
    """A generator against the discriminator that it is about to meet.

    Args:
        generator: makes samples; has ``latent``, the size of its ``z``.
        discriminator: scores them.
        ahead: given its loss as a function of its weights, the weights it will have, differentiable.
    """

    def __init__(
        self, generator: PointGenerator, discriminator: PointDiscriminator, ahead: Callable[[LossOf], Weights]
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.ahead = generator, discriminator, ahead
        self.latent = generator.latent

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator moves as in any GAN, then the generator, which looks ahead."""
        return Turn(("discriminator",), self.discriminator_loss), Turn(("generator",), self.generator_loss)

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly the discriminator tells ``batch`` from as many generated samples."""
        return {"discriminator": minimax.discriminator(self.judge(batch.x), self.judge(self.fake(batch)))}

    def generator_loss(self, batch: Batch) -> Terms:
        """How well it will: through its coming moves the real samples matter to the generator too."""
        names = [name for name, _ in self.discriminator.named_parameters()]
        fake = self.fake(batch)

        def loss(weights: Weights) -> Tensor:
            judge = partial(functional_call, self.discriminator, dict(zip(names, weights, strict=True)))
            return minimax.discriminator(judge((batch.x,)), judge((fake,)))

        with without_autocast(fake), torch.compiler.set_stance("force_eager"):  # as all second derivatives
            return {"generator": -loss(self.ahead(loss))}

    def fake(self, batch: Batch) -> Tensor:
        """As many generated samples as the batch has real ones."""
        return self.sample(noise.normal(len(batch.x), self.latent))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Generated samples."""
        return torch.as_tensor(self.generator(z))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """The scores of the discriminator as it is."""
        return torch.as_tensor(self.discriminator(x))


def adam_ahead(optimizer: Adam, moves: int, loss: LossOf) -> Weights:
    """What ``optimizer`` would make of its weights in so many moves down ``loss``, as a function of it."""
    group = optimizer.param_groups[0]
    (beta1, beta2), held = group["betas"], group["params"]
    weights = [p.detach().requires_grad_() for p in held]
    states = [optimizer.state.get(p) or {"exp_avg": 0.0, "exp_avg_sq": 0.0, "step": 0} for p in held]
    means, squares = [s["exp_avg"] for s in states], [s["exp_avg_sq"] for s in states]
    for move in range(1, moves + 1):
        gradients = torch.autograd.grad(loss(weights), weights, create_graph=True)
        means = [beta1 * m + (1 - beta1) * g for m, g in zip(means, gradients, strict=True)]
        squares = [beta2 * v + (1 - beta2) * g.square() for v, g in zip(squares, gradients, strict=True)]
        for i, state in enumerate(states):
            mean = means[i] / (1 - beta1 ** (state["step"] + move))
            square = squares[i] / (1 - beta2 ** (state["step"] + move))
            # Adam adds eps to the root; within it, a gradient of zero has a finite derivative.
            weights[i] = weights[i] - group["lr"] * mean / (square + group["eps"] ** 2).sqrt()
    return weights


def recipe(
    data: str = "ring",
    *,
    unroll: int = 5,
    width: int = 128,
    latent: int = 256,
    lr: float = 1e-3,
    discriminator_lr: float = 1e-4,
    steps: int = 10_000,
    batch: int = 512,
    seed: int = 0,
) -> Run:
    """An unrolled GAN in the plane.

    Args:
        data: ring, grid, swissroll, moons, spiral, or a .csv or .npy file of points.
        unroll: how many of the discriminator's moves the generator looks ahead.
        width: of the two hidden layers of both networks.
        latent: the size of z.
        lr: Adam's learning rate for the generator.
        discriminator_lr: and for the discriminator.
        steps: the length of the run.
        batch: points in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = points(data, batch=batch, seed=seed)
    shape, hidden, layer = samples.space.shape, (width, width), dense(nn.Tanh)
    generator = PointGenerator(latent, shape, hidden, layer=layer)
    discriminator = PointDiscriminator(shape, hidden, layer=layer)
    for network in (generator, discriminator):
        initialise(network, partial(nn.init.orthogonal_, gain=1.4))
    optimizer = adam(discriminator, discriminator_lr, (0.5, 0.999))
    game = Unrolled(generator, discriminator, partial(adam_ahead, optimizer, unroll))
    optimizers = {"discriminator": optimizer, "generator": adam(generator, lr, (0.5, 0.999))}
    return Run(game, samples, optimizers, steps=steps, seed=seed)


small = dict(unroll=2, width=8, latent=4, steps=4, batch=16)
