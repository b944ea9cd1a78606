"""CycleGAN: Zhu et al. 2017, arXiv 1703.10593: translation without pairs, by cycles that lead back.

    ptarmigan train translate.cyclegan --data ./photos
    ptarmigan train translate.cyclegan --data ./photos --size 32 --width 16 --steps 2000    # minutes of a CPU

Two generators, there and back, and a PatchGAN for each kind of picture: what is made must look real, and a
picture that goes there and back must be what it was. As published: least squares, a history of 50 pictures,
batch 1, Adam 2e-4 (0.5, 0.999), the rate falling to 0 over the second half. From the history the oldest
picture falls out, where the authors' code drops any; averaging the weights is ours.
Cost and score: after 174 steps, 30 s of one core, on digits from their edges:
edge agreement 0.0105 (real samples: -0.0109); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.history import History
from ptarmigan.core.losses import least_squares
from ptarmigan.core.optim import adam
from ptarmigan.core.schedule import linear
from ptarmigan.nets.patchgan import PatchGAN
from ptarmigan.nets.translator import Translator
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.tasks.translate.translation import Translation, alike, both
from ptarmigan.training.run import Run


class CycleGAN(Translation):
    """Generators ``a -> b`` and ``b -> a``, and a discriminator of patches for each side.

    Args:
        generator: makes ``b`` of ``a``.
        inverse: makes ``a`` of ``b``.
        discriminator: scores patches of ``b``.
        input_discriminator: scores patches of ``a``.
        made: the ``b`` made lately.
        inverted: the ``a`` made lately.
        cycle: weight of the distance from a picture to itself, there and back.
        identity: weight, as a share of that, of the distance from a ``b`` to what the generator makes of it,
            and so for ``a``; 0 where one cannot stand for the other.
    """

    averaged = ("generator", "inverse")

    def __init__(
        self,
        generator: nn.Module,
        inverse: nn.Module,
        discriminator: nn.Module,
        input_discriminator: nn.Module,
        made: History,
        inverted: History,
        cycle: float,
        identity: float,
    ) -> None:
        super().__init__()
        self.generator, self.inverse = generator, inverse
        self.discriminator, self.input_discriminator = discriminator, input_discriminator
        self.made, self.inverted = made, inverted
        self.cycle, self.identity = cycle, identity

    def turns(self) -> tuple[Turn, ...]:
        """Both generators, then both discriminators."""
        return Turn(("generator",), self.generator_loss), Turn(("discriminator",), self.discriminator_loss)

    def generator_loss(self, batch: Batch) -> Terms:
        """How well made pictures are told from real ones, and how far the way there and back leads."""
        b, a = both(batch)
        made, inverted = self.generator(a), self.inverse(b)
        self.made.note(made)
        self.inverted.note(inverted)
        terms = {
            "generator": 2 * least_squares.generator(self.discriminator(made), None),
            "inverse": 2 * least_squares.generator(self.input_discriminator(inverted), None),
            "cycle": self.cycle * (F.l1_loss(self.inverse(made), a) + F.l1_loss(self.generator(inverted), b)),
        }
        if self.identity:
            kept = F.l1_loss(self.generator(b), b) + F.l1_loss(self.inverse(a), a)
            terms["identity"] = self.identity * self.cycle * kept
        return terms

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly real pictures are told from those made lately."""
        b, a = both(batch)
        made, inverted = self.made(len(b)), self.inverted(len(a))
        judge, other = self.discriminator, self.input_discriminator
        return {
            "discriminator": least_squares.discriminator(judge(b), judge(made)),
            "input discriminator": least_squares.discriminator(other(a), other(inverted)),
        }

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """Pictures made of inputs."""
        return torch.as_tensor(self.generator(a))

    def back(self, b: Tensor, z: Tensor) -> Tensor:
        """Inputs made of pictures."""
        return torch.as_tensor(self.inverse(b))

    def judge(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of a picture's patches."""
        return torch.as_tensor(self.discriminator(x)).mean((1, 2))


def recipe(
    data: Pairs = Pairs(),
    *,
    width: int = 64,
    cycle: float = 10.0,
    identity: float = 0.5,
    history: int = 50,
    lr: float = 2e-4,
    half_life: float = 500.0,
    steps: int = 20_000,
    batch: int = 1,
    seed: int = 0,
) -> Run:
    """CycleGAN.

    Args:
        data: two kinds of pictures.
        width: channels of the first layer, in all networks.
        cycle: weight of the distance from a picture to itself, there and back.
        identity: as a share of that, weight of the distance from a picture to what is made of it by the
            generator of its own kind; only where both kinds have one size and as many channels.
        history: how many made pictures of each kind are kept for the discriminators.
        lr: Adam's learning rate over the first half; it falls to 0 over the second.
        half_life: of the averaged weights, in pictures.
        steps: the length of the run.
        batch: pictures of each kind in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed, paired=False)
    given = samples.require_inputs()
    inputs, shape = given.shape, samples.space.shape
    game = CycleGAN(
        Translator(inputs, shape, width),
        Translator(shape, inputs, width),
        PatchGAN(shape, None, width, norm=nn.InstanceNorm2d),
        PatchGAN(inputs, None, width, norm=nn.InstanceNorm2d),
        History(batch, shape, history),
        History(batch, inputs, history),
        cycle,
        identity if alike(given, samples.space) else 0.0,
    )
    optimizers = {
        "generator": adam([*game.generator.parameters(), *game.inverse.parameters()], lr, (0.5, 0.999)),
        "discriminator": adam(
            [*game.discriminator.parameters(), *game.input_discriminator.parameters()], lr, (0.5, 0.999)
        ),
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


small = dict(width=4, history=5, steps=4, batch=4)
