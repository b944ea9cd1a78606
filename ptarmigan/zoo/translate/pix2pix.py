"""pix2pix: Isola et al. 2017, "Image-to-image translation with conditional adversarial networks", 1611.07004.

    ptarmigan train translate.pix2pix --data ./pairs --size 256 --jitter 30 --flip
    ptarmigan train translate.pix2pix --data cifar10 --pair gray --width 16 --batch 8 --steps 4000

The second command takes minutes of a CPU. A U-Net makes a picture of an input, and a PatchGAN tells pairs
that it makes from real ones; besides, the picture is to be near the one that belongs to the input. As
published: batch 1, Adam 2e-4 (0.5, 0.999), the rate falling to 0 over the second half. Not so: the generator
moves first, weights are averaged, label maps are near by cross-entropy and not by L1, and nothing is dropped
at test time unless --test-dropout says so.
Cost and score: after 1,776 steps, 30 s of one core, on digits from their edges:
L1 0.106 (identity: 0.576, mean image: 0.192, regression U-Net: 0.0739); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.history import History
from ptarmigan.core.losses import Distance, non_saturating
from ptarmigan.core.optim import adam
from ptarmigan.core.schedule import linear
from ptarmigan.nets.patchgan import PatchGAN
from ptarmigan.nets.unet import UNet
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.tasks.translate.translation import Translation, both
from ptarmigan.training.run import Run


class Pix2Pix(Translation):
    """A generator ``a -> b`` and a discriminator ``(b, a) -> scores`` of patches.

    Args:
        generator: makes a picture of an input.
        discriminator: scores patches of a picture that belongs to an input.
        made: the pictures made last.
        real: the ones that belong to their inputs.
        given: these inputs.
        distance: from a picture that is made to the real one.
        weight: of the distance.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        made: History,
        real: History,
        given: History,
        distance: Distance,
        weight: float,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.made, self.real, self.given = made, real, given
        self.distance, self.weight = distance, weight

    def turns(self) -> tuple[Turn, ...]:
        """The generator, then the discriminator, which is shown the same pairs: nothing is made twice."""
        return (
            Turn(("generator",), self.generator_loss),
            Turn(("discriminator",), self.discriminator_loss, reads=False),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly real pairs are told from made ones."""
        n = len(batch.x)
        a = self.given(n)
        real, fake = self.discriminator(self.real(n), a), self.discriminator(self.made(n), a)
        return {"discriminator": non_saturating.discriminator(real, fake) / 2}

    def generator_loss(self, batch: Batch) -> Terms:
        """How well made pairs are told from real ones, and how far they are from these."""
        b, a = both(batch)
        made = self.generator(a)
        self.made.note(made)
        self.real.note(b)
        self.given.note(a)
        return {
            "generator": non_saturating.generator(self.discriminator(made, a), None),
            "distance": self.weight * self.distance(made, b),
        }

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """Pictures made of inputs."""
        return torch.as_tensor(self.generator(a))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of a picture's patches, beside its input."""
        return torch.as_tensor(self.discriminator(x, c)).mean((1, 2))


def recipe(
    data: Pairs = Pairs(),
    *,
    width: int = 64,
    weight: float = 100.0,
    dropout: float = 0.5,
    test_dropout: bool = False,
    lr: float = 2e-4,
    half_life: float = 500.0,
    steps: int = 20_000,
    batch: int = 1,
    seed: int = 0,
) -> Run:
    """pix2pix.

    Args:
        data: the pairs.
        width: channels of the first layer, in both networks.
        weight: of the distance to the real picture.
        dropout: how much the inner layers of the U-Net drop, in training.
        test_dropout: they drop as much of what is translated later, the same of every picture, as published.
        lr: Adam's learning rate over the first half; it falls to 0 over the second.
        half_life: of the averaged weights, in pictures.
        steps: the length of the run.
        batch: pairs in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    inputs, shape = samples.require_inputs().shape, samples.space.shape
    game = Pix2Pix(
        UNet(inputs, shape, width, dropout=dropout, always=test_dropout),
        PatchGAN(shape, inputs, width),
        History(batch, shape),
        History(batch, shape),
        History(batch, inputs),
        samples.space.distance,
        weight,
    )
    optimizers = {
        "generator": adam(game.generator, lr, (0.5, 0.999)),
        "discriminator": adam(game.discriminator, lr, (0.5, 0.999)),
    }
    return Run(
        game,
        samples,
        optimizers,
        steps=steps,
        seed=seed,
        half_life=half_life,
        rate=linear(1.0, 0.0, begin=0.5),
    )


small = dict(width=4, test_dropout=True, steps=4, batch=4)
