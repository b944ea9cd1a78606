"""TimeGAN: Yoon et al. 2019, "Time-series generative adversarial networks", NeurIPS 32.

    ptarmigan train series.timegan --data stock.csv --length 24
    ptarmigan sample runs/series.timegan-stock --n 1000 --out made.csv

A GAN in a latent space: an embedder e and a recovery r are an autoencoder of every step, a generator g maps
noise to codes ĥ, and a supervisor s predicts the next code from those before it. With the reconstruction loss
L_R, the supervised loss L_S = E[‖h_{t+1} − s(h_{1:t})‖²], the unsupervised (adversarial) loss L_U, and the
distance L_V of moments, a third of the run trains e and r by L_R, a third s by L_S, and a third all five
networks together:

    e, r: 10 √L_R + 0.1 L_S,    g, s: L_U(s(ĥ)) + γ L_U(ĥ) + 100 √L_S + 100 L_V,    d: its own L_U

Networks, weights, batch and learning rate are those of the published script for stocks (three GRU layers of
24 units, two in the supervisor), except for these: a third of the run is 2,000 steps, not 10,000 or more; an
optimizer is kept from phase to phase; a discriminator whose loss is below 0.15 gets no gradient, but is still
updated by Adam's momentum for a while; and samples come from the EMA weights.
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
from ptarmigan.core.optim import adams
from ptarmigan.modalities.series.source import Series
from ptarmigan.nets.recurrent import Recurrent, RecurrentDiscriminator, RecurrentGenerator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

SURE = 0.15
"""A discriminator with a smaller loss is not trained."""


class TimeGAN(Game):
    """Five networks in three phases, the first two of ``phase`` steps, the third until the end.

    Args:
        shape: of a series: steps, and numbers at each.
        width: the size of the networks' states, and of the code of a step.
        layers: recurrent layers of every network; one less in the supervisor.
        phase: steps of the first phase, and of the second.
    """

    ema = ("generator", "supervisor", "recovery")

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
        """10 √L_R."""
        return {"recovery": 10 * root(F.mse_loss(self.recovered(self.coded(batch.x)), batch.x))}

    def supervised_loss(self, batch: Batch) -> Terms:
        """L_S."""
        codes = self.coded(batch.x)
        return {"supervised": prediction_error(self.supervised(codes), codes)}

    def coding_loss(self, batch: Batch) -> Terms:
        """10 √L_R + 0.1 L_S, so that codes are easy to predict."""
        codes = self.coded(batch.x)
        foretold = 0.1 * prediction_error(self.supervised(codes), codes)
        return {**self.recovery_loss(batch), "foretold": foretold}

    def generator_loss(self, batch: Batch) -> Terms:
        """L_U(s(ĥ)) + γ L_U(ĥ) + 100 √L_S + 100 L_V, with γ = 1."""
        generated = self.generated(noise.normal(len(batch.x), self.latent))
        after, codes = self.supervised(generated), self.coded(batch.x)
        return {
            "generator": loss.generator(self.discriminator(after), None),
            "unsupervised": loss.generator(self.discriminator(generated), None),
            "supervised": 100 * root(prediction_error(self.supervised(codes), codes)),
            "moments": 100 * moment_distance(self.recovered(after), batch.x),
        }

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−E[log d(h)] − E[log(1 − d(s(ĥ)))] − γ E[log(1 − d(ĥ))], with γ = 1; 0 where it is small."""
        generated = self.generated(noise.normal(len(batch.x), self.latent))
        real, after = self.discriminator(self.coded(batch.x)), self.discriminator(self.supervised(generated))
        total = loss.discriminator(real, after) + F.softplus(self.discriminator(generated)).mean()
        return {"discriminator": total * (total > SURE)}

    def coded(self, x: Tensor) -> Tensor:
        """h, the codes of steps."""
        return torch.sigmoid(self.embedder(x))

    def recovered(self, codes: Tensor) -> Tensor:
        """The steps of codes."""
        return torch.sigmoid(self.recovery(codes))

    def supervised(self, codes: Tensor) -> Tensor:
        """The next codes, as the supervisor predicts them."""
        return torch.sigmoid(self.supervisor(codes))

    def generated(self, z: Tensor) -> Tensor:
        """ĥ, of noise that is uniform from 0 to 1."""
        return torch.as_tensor(self.generator(torch.special.ndtr(z)))

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Series, r(s(ĥ)); ``c`` is ignored."""
        return self.recovered(self.supervised(self.generated(z)))


def prediction_error(predicted: Tensor, codes: Tensor) -> Tensor:
    """E[‖h_{t+1} − s(h_{1:t})‖²], a mean over numbers."""
    return F.mse_loss(predicted[:, :-1], codes[:, 1:])


def root(x: Tensor) -> Tensor:
    """The square root, with a finite derivative at 0."""
    return (x + 1e-12).sqrt()


def moment_distance(a: Tensor, b: Tensor) -> Tensor:
    """L_V: how much means and standard deviations of two batches differ, by step and channel."""
    deviations = [(x.var(0, correction=0) + 1e-6).sqrt() for x in (a, b)]
    return (deviations[0] - deviations[1]).abs().mean() + (a.mean(0) - b.mean(0)).abs().mean()


@configurable
def recipe(
    data: Series = Series(),
    *,
    width: int = 24,
    layers: int = 3,
    lr: float = 1e-3,
    training: Training = Training(steps=6_000, batch=128),
) -> Run:
    """A TimeGAN; all three phases together are as long as the run.

    Args:
        width: the size of the networks' states.
        layers: recurrent layers of a network.
    """
    samples = training.open(data)
    game = TimeGAN(samples.shape, width, layers, training.steps // 3)
    players = ("embedder", "recovery", "generator", "supervisor", "discriminator")
    return training.run(game, samples, adams(game, lr, (0.9, 0.999), players))


small = dict(length=6, width=6, layers=1, steps=3, batch=16)
