"""Super-resolution: ESRGAN, Wang et al. 2018, arXiv 1809.00219; after SRGAN, Ledig et al. 2017, 1609.04802.

    ptarmigan train translate.srgan --data ./photos --size 128 --pair lowres:4 --features squeezenet
    ptarmigan train translate.srgan --data cifar10 --width 16 --growth 8 --blocks 2 --steps 3000

The second command takes minutes of a CPU. A network of dense blocks first learns pixels alone, then goes on
against a discriminator that says which of two pictures is more real, held by a perceptual term. As published:
23 blocks, weights 1, 5e-3 and 1e-2, batch 16, Adam 2e-4 for pixels, then 1e-4, halved at an eighth, a
quarter, a half and three quarters. Not so: the discriminator is a PatchGAN; the perceptual term takes all
layers of a network of the judge, which is not VGG; what is made is added to the enlarged input; weights are
averaged. Inputs as large as outputs will do.
Cost and score: after 121 steps, 30 s of one core, on digits from their edges:
L1 0.125 (bicubic upscaling: 0.171, mean image: 0.192, regression U-Net: 0.0566); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import Loss, relativistic, relativistic_average
from ptarmigan.core.optim import adam
from ptarmigan.core.schedule import Schedule
from ptarmigan.nets.patchgan import PatchGAN
from ptarmigan.nets.rrdb import RRDBNet
from ptarmigan.tasks.translate.perceptual import Perceptual, perceptual
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.tasks.translate.translation import Translation
from ptarmigan.training.run import Run

LOSSES = {"relativistic_average": relativistic_average, "relativistic": relativistic}
HALVED = (1 / 8, 1 / 4, 1 / 2, 3 / 4)
"""At which parts of what follows the pixels the rate is halved."""


class SRGAN(Translation):
    """A generator ``a -> b`` and a discriminator ``b -> scores`` of patches.

    Args:
        generator: makes a picture of an input.
        discriminator: scores patches of a picture.
        loss: what the players go down; relative.
        near: the perceptual distance; None where it weighs nothing, or nothing is trained.
        weights: of the perceptual, the adversarial and the pixel term.
        alone: for so many steps the generator learns pixels alone.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        loss: Loss,
        near: Perceptual | None,
        weights: tuple[float, float, float],
        alone: int,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.loss = generator, discriminator, loss
        self.near, self.weights, self.alone = near, weights, alone

    def turns(self) -> tuple[Turn, ...]:
        """The generator alone at first; then the discriminator, then the generator."""
        return (
            Turn(("generator",), self.pixel_loss, when=lambda step: step < self.alone),
            Turn(("discriminator",), self.discriminator_loss, when=lambda step: step >= self.alone),
            Turn(("generator",), self.generator_loss, when=lambda step: step >= self.alone),
        )

    def pixel_loss(self, batch: Batch) -> Terms:
        """How far pictures are from the real ones, pixel by pixel."""
        return {"L1": F.l1_loss(self.generator(batch.c), batch.x)}

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly real pictures are told from made ones."""
        real, fake = self.discriminator(batch.x), self.discriminator(self.generator(batch.c))
        return {"discriminator": self.loss.discriminator(real, fake)}

    def generator_loss(self, batch: Batch) -> Terms:
        """How well made pictures are told from real ones, and how far they are from these."""
        seen, adversarial, pixels = self.weights
        made = self.generator(batch.c)
        scores = self.discriminator(made), self.discriminator(batch.x)
        terms = {
            "generator": adversarial * self.loss.generator(*scores),
            "pixels": pixels * F.l1_loss(made, batch.x),
        }
        if self.near is not None:
            terms["perceptual"] = seen * self.near(made, batch.x)
        return terms

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """Pictures made of inputs."""
        return torch.as_tensor(self.generator(a))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of a picture's patches."""
        return torch.as_tensor(self.discriminator(x)).mean((1, 2))


def recipe(
    data: Pairs = Pairs(pair="lowres:2"),
    *,
    width: int = 64,
    growth: int = 32,
    blocks: int = 23,
    loss: Literal["relativistic_average", "relativistic"] = "relativistic_average",
    features: Literal["data", "squeezenet"] = "data",
    weights: str = "",
    perceptual_weight: float = 1.0,
    adversarial: float = 5e-3,
    pixels: float = 1e-2,
    alone: float = 0.25,
    lr: float = 1e-4,
    half_life: float = 5_000.0,
    steps: int = 20_000,
    batch: int = 16,
    seed: int = 0,
) -> Run:
    """ESRGAN.

    Args:
        data: the pairs.
        width: channels of the generator, and of the discriminator's first layer.
        growth: channels that each layer of a dense block adds.
        blocks: of the generator, each of three dense blocks.
        loss: real pictures are held against the mean of made ones, or each against its own.
        features: the perceptual term's network: one that is trained on the data, for pictures of up to 64
            pixels a side, or SqueezeNet.
        weights: a file of SqueezeNet's weights; the one in the cache where empty.
        perceptual_weight: of the distance in the network's layers; 0 needs no network.
        adversarial: weight of the discriminator's word.
        pixels: weight of the distance of pixels.
        alone: the share of the run in which the generator learns pixels alone.
        lr: Adam's learning rate after that; twice as much until then.
        half_life: of the averaged weights, in pictures.
        steps: the length of the run.
        batch: pairs in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    inputs, shape = samples.require_inputs().shape, samples.space.shape
    game = SRGAN(
        RRDBNet(inputs, shape, width, growth, blocks),
        PatchGAN(shape, width=width),
        LOSSES[loss],
        perceptual(features, samples, weights) if perceptual_weight else None,
        (perceptual_weight, adversarial, pixels),
        round(alone * steps),
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.9, 0.999)),
        "generator": adam(game.generator, lr, (0.9, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life, rate=halving(alone))


def halving(alone: float) -> Schedule:
    """Twice the rate while pixels are learnt alone, then the rate, halved again and again."""

    def rate(progress: float) -> float:
        if progress < alone:
            return 2.0
        done = (progress - alone) / max(1 - alone, 1e-9)
        return 0.5 ** sum(done >= part for part in HALVED)

    return rate


small = dict(width=4, growth=4, blocks=1, perceptual_weight=0.0, steps=4, batch=4)
