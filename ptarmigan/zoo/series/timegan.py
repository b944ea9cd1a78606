"""TimeGAN: Yoon et al. 2019, "Time-series generative adversarial networks", NeurIPS 32.

    ptarmigan train series.timegan --data stock.csv --length 24
    ptarmigan sample runs/series.timegan-stock --n 1000 --out made.csv

The game is played on what an autoencoder makes of every step: a generator makes such steps of noise, and a
supervisor foretells each from those before it. A third of the run trains the autoencoder, a third the
supervisor, and a third all five networks together. Networks, weights, batch and learning rate are those of
the published script for stocks (three GRU layers of 24 units, two in the supervisor), but for these: a third
of the run is 2,000 steps, not 10,000 or more; an optimizer is kept from phase to phase; a discriminator whose
loss is below 0.15 gets no gradient, and so is still carried on by Adam's momentum for a while; and samples
are made with averaged weights.
Cost and score: after 974 steps, 30 s of one core, on sines:
sliced Wasserstein distance 0.264 (real samples: 0.00788); benchmarks/results/zoo.json
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.losses import non_saturating as loss
from ptarmigan.core.optim import adam
from ptarmigan.modalities.series.source import Series
from ptarmigan.nets.recurrent import Recurrent, RecurrentDiscriminator, RecurrentGenerator
from ptarmigan.training.run import Run

SURE = 0.15
"""A discriminator with a smaller loss waits."""


class TimeGAN(Game):
    """Five networks in three phases, of ``phase`` steps each but for the last, which goes on.

    Args:
        shape: of a series: steps, and numbers at each.
        width: the size of the networks' states, and of a step as the autoencoder codes it.
        layers: recurrent layers of every network; one less in the supervisor.
        phase: steps of the first phase, and of the second.
    """

    averaged = ("generator", "supervisor", "recovery")

    def __init__(self, shape: tuple[int, ...], width: int, layers: int, phase: int) -> None:
        super().__init__()
        length, numbers = shape
        self.embedder = Recurrent(numbers, width, width, layers)
        self.recovery = Recurrent(width, numbers, width, layers)
        self.generator = RecurrentGenerator((length, width), numbers, width, layers)
        self.supervisor = Recurrent(width, width, width, max(1, layers - 1))
        self.discriminator = RecurrentDiscriminator((length, width), width, layers)
        self.latent, self.phase = self.generator.latent, phase

    def turns(self) -> tuple[Turn, ...]:
        """The autoencoder; the supervisor; then twice generator and autoencoder, and the discriminator."""
        first, second = self.phase, 2 * self.phase
        coding, making = ("embedder", "recovery"), ("generator", "supervisor")
        together = (
            Turn(making, self.generator_loss, when=lambda step: step >= second),
            Turn(coding, self.coding_loss, when=lambda step: step >= second),
        )
        return (
            Turn(coding, self.recovery_loss, when=lambda step: step < first),
            Turn(("supervisor",), self.supervised_loss, when=lambda step: first <= step < second),
            *together,
            *together,
            Turn(("discriminator",), self.discriminator_loss, when=lambda step: step >= second),
        )

    def recovery_loss(self, batch: Batch) -> Terms:
        """How far series are from what the autoencoder makes of them."""
        return {"recovery": 10 * root(F.mse_loss(self.recovered(self.coded(batch.x)), batch.x))}

    def supervised_loss(self, batch: Batch) -> Terms:
        """How far the supervisor is from the next step."""
        return {"supervised": self.off(self.coded(batch.x))}

    def coding_loss(self, batch: Batch) -> Terms:
        """Both, for the autoencoder to be foretold easily."""
        return {**self.recovery_loss(batch), "foretold": 0.1 * self.off(self.coded(batch.x))}

    def generator_loss(self, batch: Batch) -> Terms:
        """How well made codes are told, before the supervisor and after; and how far off moments are."""
        made = self.made(noise.normal(len(batch.x), self.latent))
        after = self.supervised(made)
        return {
            "generator": loss.generator(self.discriminator(after), None),
            "unsupervised": loss.generator(self.discriminator(made), None),
            "supervised": 100 * root(self.off(self.coded(batch.x))),
            "moments": 100 * moments_apart(self.recovered(after), batch.x),
        }

    def discriminator_loss(self, batch: Batch) -> Terms:
        """How badly it tells codes of real series from made ones, before the supervisor and after."""
        made = self.made(noise.normal(len(batch.x), self.latent))
        real, after = self.discriminator(self.coded(batch.x)), self.discriminator(self.supervised(made))
        told = loss.discriminator(real, after) + F.softplus(self.discriminator(made)).mean()
        return {"discriminator": told * (told > SURE)}

    def coded(self, x: Tensor) -> Tensor:
        """Steps as the autoencoder codes them."""
        return torch.sigmoid(self.embedder(x))

    def recovered(self, codes: Tensor) -> Tensor:
        """The steps of such codes."""
        return torch.sigmoid(self.recovery(codes))

    def supervised(self, codes: Tensor) -> Tensor:
        """The next codes, as the supervisor foretells them."""
        return torch.sigmoid(self.supervisor(codes))

    def off(self, codes: Tensor) -> Tensor:
        """How far the supervisor is from the next codes."""
        return F.mse_loss(self.supervised(codes)[:, :-1], codes[:, 1:])

    def made(self, z: Tensor) -> Tensor:
        """Codes of noise, which is uniform from 0 to 1."""
        return torch.as_tensor(self.generator(torch.special.ndtr(z)))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Series; ``c`` is not looked at."""
        return self.recovered(self.supervised(self.made(z)))


def root(x: Tensor) -> Tensor:
    """The square root, with a slope at 0."""
    return (x + 1e-12).sqrt()


def moments_apart(a: Tensor, b: Tensor) -> Tensor:
    """How far apart the means and the deviations of two batches are, step by step and channel by channel."""
    deviations = [(x.var(0, correction=0) + 1e-6).sqrt() for x in (a, b)]
    return (deviations[0] - deviations[1]).abs().mean() + (a.mean(0) - b.mean(0)).abs().mean()


def recipe(
    data: Series = Series(),
    *,
    width: int = 24,
    layers: int = 3,
    lr: float = 1e-3,
    half_life: float = 10_000.0,
    steps: int = 6_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """A TimeGAN.

    Args:
        data: the series.
        width: the size of the networks' states.
        layers: recurrent layers of a network.
        lr: Adam's learning rate.
        half_life: of the averaged weights, in series.
        steps: the length of the run, of all three phases together.
        batch: series in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    game = TimeGAN(samples.space.shape, width, layers, steps // 3)
    players = ("embedder", "recovery", "generator", "supervisor", "discriminator")
    optimizers = {name: adam(getattr(game, name), lr, (0.9, 0.999)) for name in players}
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(length=6, width=6, layers=1, steps=3, batch=16)
