"""A U-Net down the distance alone: the ablation of Isola et al. 2017, arXiv 1611.07004, table 1.

    ptarmigan train translate.regression --data ./pairs
    ptarmigan train translate.regression --data cifar10 --pair gray --width 16 --batch 8 --steps 4000

There is no discriminator: the U-Net minimises the distance E[‖b − G(a)‖₁] alone, and where several images
belong to one input its output is their median, blurred and grey. It is the baseline of translations; networks
and settings are those of ``translate.pix2pix``.
Cost and score: after 2,514 steps, 30 s of one core, on digits from their edges:
L1 0.101 (identity: 0.576, mean image: 0.192, regression U-Net: 0.0739); benchmarks/results/zoo.json
"""

from __future__ import annotations

from torch import nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.losses import Distance
from ptarmigan.core.optim import adams
from ptarmigan.core.schedule import linear
from ptarmigan.nets.unet import UNet
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.tasks.translate.translation import Translation
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class Regression(Translation):
    """A generator ``a -> b`` without an adversary."""

    discriminate = Game.discriminate

    def __init__(self, generator: nn.Module, distance: Distance) -> None:
        super().__init__()
        self.generator, self.distance = generator, distance

    def turns(self) -> tuple[Turn, ...]:
        """The generator."""
        return (Turn(("generator",), self.generator_loss),)

    def generator_loss(self, batch: Batch) -> Terms:
        """E[‖b − G(a)‖₁], of label maps a cross-entropy."""
        return {"distance": self.distance(self.generator(batch.c), batch.x)}


@configurable
def recipe(
    data: Pairs = Pairs(),
    *,
    width: int = 64,
    lr: float = 2e-4,
    training: Training = Training(half_life=500.0, batch=1),
) -> Run:
    """A regression."""
    samples = training.open(data)
    network = UNet(samples.require_inputs().shape, samples.shape, width)
    game = Regression(network, samples.space.distance)
    optimizers = adams(game, lr, players=("generator",))
    return training.run(game, samples, optimizers, rate=linear(1.0, 0.0, begin=0.5))


small = dict(width=4, steps=4, batch=4)
