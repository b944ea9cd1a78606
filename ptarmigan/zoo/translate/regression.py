"""A U-Net down the distance alone: the ablation of Isola et al. 2017, arXiv 1611.07004, table 1.

    ptarmigan train translate.regression --data ./pairs
    ptarmigan train translate.regression --data cifar10 --pair gray --width 16 --batch 8 --steps 4000

There is no discriminator: where several pictures belong to one input it makes their median, which is blurred
and grey. It is what translations are compared with; networks and settings are those of translate.pix2pix.
Cost and score: after 2,514 steps, 30 s of one core, on digits from their edges:
L1 0.101 (identity: 0.576, mean image: 0.192, regression U-Net: 0.0739); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import Distance
from ptarmigan.core.optim import adam
from ptarmigan.core.schedule import linear
from ptarmigan.nets.unet import UNet
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.tasks.translate.translation import Translation
from ptarmigan.training.run import Run


class Regression(Translation):
    """A generator ``a -> b`` that plays alone, down the distance to what it should make."""

    def __init__(self, generator: nn.Module, distance: Distance) -> None:
        super().__init__()
        self.generator, self.distance = generator, distance

    def turns(self) -> tuple[Turn, ...]:
        """The generator."""
        return (Turn(("generator",), self.generator_loss),)

    def generator_loss(self, batch: Batch) -> Terms:
        """How far pictures are from those that belong to the inputs."""
        return {"distance": self.distance(self.generator(batch.c), batch.x)}

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """Pictures made of inputs."""
        return torch.as_tensor(self.generator(a))


def recipe(
    data: Pairs = Pairs(),
    *,
    width: int = 64,
    lr: float = 2e-4,
    half_life: float = 500.0,
    steps: int = 20_000,
    batch: int = 1,
    seed: int = 0,
) -> Run:
    """A regression.

    Args:
        data: the pairs.
        width: channels of the first layer.
        lr: Adam's learning rate over the first half; it falls to 0 over the second.
        half_life: of the averaged weights, in pictures.
        steps: the length of the run.
        batch: pairs in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    network = UNet(samples.require_inputs().shape, samples.space.shape, width)
    game = Regression(network, samples.space.distance)
    optimizers = {"generator": adam(game.generator, lr, (0.5, 0.999))}
    rate = linear(1.0, 0.0, begin=0.5)
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life, rate=rate)


small = dict(width=4, steps=4, batch=4)
