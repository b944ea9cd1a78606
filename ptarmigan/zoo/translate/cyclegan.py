"""CycleGAN: Zhu et al. 2017, arXiv 1703.10593: translation without pairs, by cycles that lead back.

    ptarmigan train translate.cyclegan --data ./photos
    ptarmigan train translate.cyclegan --data ./photos --size 32 --width 16 --steps 2000    # minutes of a CPU

Two generators G: a → b and F: b → a, and a PatchGAN for each kind of image: outputs must look real, and an
image translated there and back must be what it was:

    L_G = E[(D_B(G(a)) − 1)²] + E[(D_A(F(b)) − 1)²] + λ L_cyc + λ_id λ L_id
    L_cyc = E[‖F(G(a)) − a‖₁] + E[‖G(F(b)) − b‖₁],    L_id = E[‖G(b) − b‖₁] + E[‖F(a) − a‖₁]

As published: least squares, a history of 50 outputs, batch 1, Adam 2e-4 (0.5, 0.999), the learning rate
falling to 0 over the second half. The history forgets the oldest output, where the authors' code drops any;
the EMA is ours.
Cost and score: after 174 steps, 30 s of one core, on digits from their edges:
edge agreement 0.0105 (real samples: -0.0109); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

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
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class CycleGAN(Translation):
    """Generators ``a -> b`` and ``b -> a``, and a discriminator of patches for each side.

    Args:
        generator: G.
        inverse: F.
        discriminator: D_B.
        input_discriminator: D_A.
        made: recent outputs of G.
        inverted: recent outputs of F.
        cycle: λ.
        identity: λ_id; 0 where an image of one kind cannot stand for one of the other.
    """

    ema = ("generator", "inverse")

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
        """E[(D_B(G(a)) − 1)²] + E[(D_A(F(b)) − 1)²] + λ L_cyc + λ_id λ L_id."""
        b, a = both(batch)
        output, inverted = self.generator(a), self.inverse(b)
        self.made.note(output)
        self.inverted.note(inverted)
        terms = {
            "generator": 2 * least_squares.generator(self.discriminator(output), None),
            "inverse": 2 * least_squares.generator(self.input_discriminator(inverted), None),
            "cycle": self.cycle
            * (F.l1_loss(self.inverse(output), a) + F.l1_loss(self.generator(inverted), b)),
        }
        if self.identity:
            identity = F.l1_loss(self.generator(b), b) + F.l1_loss(self.inverse(a), a)
            terms["identity"] = self.identity * self.cycle * identity
        return terms

    def discriminator_loss(self, batch: Batch) -> Terms:
        """½ E[(D_B(b) − 1)²] + ½ E[D_B(G(a))²], and the same of D_A; outputs are recent ones."""
        b, a = both(batch)
        output, inverted = self.made(len(b)), self.inverted(len(a))
        d_b, d_a = self.discriminator, self.input_discriminator
        return {
            "discriminator": least_squares.discriminator(d_b(b), d_b(output)),
            "input discriminator": least_squares.discriminator(d_a(a), d_a(inverted)),
        }

    def back(self, b: Tensor, z: Tensor) -> Tensor:
        """F(b)."""
        return torch.as_tensor(self.inverse(b))


@configurable
def recipe(
    data: Pairs = Pairs(),
    *,
    width: int = 64,
    cycle: float = 10.0,
    identity: float = 0.5,
    history: int = 50,
    lr: float = 2e-4,
    training: Training = Training(half_life=500.0, batch=1),
) -> Run:
    """CycleGAN.

    Args:
        cycle: λ, of the cycle.
        identity: λ_id, of images that are given to the generator of their own kind, as a share of λ; 0 where
            the kinds differ in size or channels.
        history: how many recent outputs of each generator are kept for the discriminators.
    """
    samples = training.open(data, paired=False)
    given, batch = samples.require_inputs(), training.batch
    inputs, shape = given.shape, samples.shape
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
    players = {
        "generator": nn.ModuleList([game.generator, game.inverse]),
        "discriminator": nn.ModuleList([game.discriminator, game.input_discriminator]),
    }
    optimizers = {player: adam(networks, lr, (0.5, 0.999)) for player, networks in players.items()}
    return training.run(game, samples, optimizers, rate=linear(1.0, 0.0, begin=0.5))


small = dict(width=4, history=5, steps=4, batch=4)
