"""pix2pix: Isola et al. 2017, "Image-to-image translation with conditional adversarial networks", 1611.07004.

    ptarmigan train translate.pix2pix --data ./pairs --size 256 --jitter 30 --flip
    ptarmigan train translate.pix2pix --data cifar10 --pair gray --width 16 --batch 8 --steps 4000

The second command takes minutes of a CPU. A U-Net G makes an image of an input a, and a PatchGAN D tells real
pairs from generated ones; besides, the output is to be near the image b that belongs to the input:

    L_cGAN = E[log D(a, b)] + E[log(1 − D(a, G(a)))],    L_L1 = E[‖b − G(a)‖₁],    min_G max_D L_cGAN + λ L_L1

As published: batch 1, Adam 2e-4 (0.5, 0.999), D's loss halved, the learning rate falling to 0 over the second
half. Not as published: the generator moves first, there is an EMA, label maps have a cross-entropy and not
L1, and nothing is dropped at test time unless --test-dropout says so.
Cost and score: after 1,776 steps, 30 s of one core, on digits from their edges:
L1 0.106 (identity: 0.576, mean image: 0.192, regression U-Net: 0.0739); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.history import History
from ptarmigan.core.losses import Distance, non_saturating
from ptarmigan.core.optim import adams
from ptarmigan.core.schedule import linear
from ptarmigan.nets.patchgan import PatchGAN
from ptarmigan.nets.unet import UNet
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.tasks.translate.translation import Translation, both
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class Pix2Pix(Translation):
    """A generator ``a -> b`` and a discriminator ``(b, a) -> scores`` of patches.

    Args:
        generator: G.
        discriminator: D.
        made: the outputs of the last step.
        real: the images that belong to their inputs.
        given: these inputs.
        distance: from an output to the real image.
        weight: λ.
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
        """The generator, then the discriminator on the same pairs, so that nothing is generated twice."""
        return (
            Turn(("generator",), self.generator_loss),
            Turn(("discriminator",), self.discriminator_loss, reads=False),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−½ L_cGAN."""
        n = len(batch.x)
        a = self.given(n)
        real, fake = self.discriminator(self.real(n), a), self.discriminator(self.made(n), a)
        return {"discriminator": non_saturating.discriminator(real, fake) / 2}

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[log D(a, G(a))] + λ L_L1."""
        b, a = both(batch)
        output = self.generator(a)
        self.made.note(output)
        self.real.note(b)
        self.given.note(a)
        return {
            "generator": non_saturating.generator(self.discriminator(output, a), None),
            "distance": self.weight * self.distance(output, b),
        }

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of an image's patches, given its input."""
        return torch.as_tensor(self.discriminator(x, c)).mean((1, 2))


@configurable
def recipe(
    data: Pairs = Pairs(),
    *,
    width: int = 64,
    weight: float = 100.0,
    dropout: float = 0.5,
    test_dropout: bool = False,
    lr: float = 2e-4,
    training: Training = Training(half_life=500.0, batch=1),
) -> Run:
    """pix2pix.

    Args:
        weight: λ, of the distance to the real image.
        dropout: the probability, in the inner layers of the U-Net, in training.
        test_dropout: the same of what is translated later, alike for every image, as published.
    """
    samples = training.open(data)
    inputs, shape, batch = samples.require_inputs().shape, samples.shape, training.batch
    game = Pix2Pix(
        UNet(inputs, shape, width, dropout=dropout, always=test_dropout),
        PatchGAN(shape, inputs, width),
        History(batch, shape),
        History(batch, shape),
        History(batch, inputs),
        samples.space.distance,
        weight,
    )
    optimizers = adams(game, lr, players=("generator", "discriminator"))
    return training.run(game, samples, optimizers, rate=linear(1.0, 0.0, begin=0.5))


small = dict(width=4, test_dropout=True, steps=4, batch=4)
