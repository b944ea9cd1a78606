"""Penalties: terms that hold the discriminator back, given what it has just judged.

The slope is that of the sum of all scores: of a sample's several ones (patches), and of the whole batch's, so
that a discriminator that sees how its samples differ (``MinibatchStd``) answers for that as well. It must not
use batch norm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol, TypeAlias

import torch
from torch import Tensor, nn

from ptarmigan.core import noise, schedule
from ptarmigan.core.game import State
from ptarmigan.core.precision import at_least_float32, without_autocast
from ptarmigan.core.schedule import Schedule

Plain: TypeAlias = nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d
Transposed: TypeAlias = nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d


class Judged(NamedTuple):
    """What the discriminator was shown on its turn, and what it said.

    Attributes:
        discriminator: samples to scores, already given the labels. Called twice with the same samples it
            must say the same, so random augmentation belongs into ``real`` and ``fake``, not in here.
        real: real samples, ``(batch, ...)``.
        fake: as many generated ones, of the same labels.
        real_scores: ``discriminator(real)``, batch first.
        fake_scores: ``discriminator(fake)``.
        progress: the fraction of the run that is done, for schedules.
    """

    discriminator: Callable[[Tensor], Tensor]
    real: Tensor
    fake: Tensor
    real_scores: Tensor
    fake_scores: Tensor
    progress: float


class Penalty(Protocol):
    """A named term added to the discriminator's loss."""

    @property
    def name(self) -> str:
        """What the term is called in the log."""

    def __call__(self, judged: Judged) -> Tensor:
        """The term, a scalar."""


@dataclass(frozen=True)
class R1:
    """γ/2 · E|∇D(x)|² over real samples: Mescheder et al. 2018, arXiv 1801.04406, equation 9."""

    gamma: Schedule
    name: ClassVar[str] = "r1"

    def __call__(self, judged: Judged) -> Tensor:
        """The term, a scalar."""
        return schedule.at(self.gamma, judged.progress) / 2 * _squared_slope(judged, judged.real)


@dataclass(frozen=True)
class R2:
    """γ/2 · E|∇D(x)|² over generated samples: Mescheder et al. 2018, arXiv 1801.04406, equation 10."""

    gamma: Schedule
    name: ClassVar[str] = "r2"

    def __call__(self, judged: Judged) -> Tensor:
        """The term, a scalar."""
        return schedule.at(self.gamma, judged.progress) / 2 * _squared_slope(judged, judged.fake)


@dataclass(frozen=True)
class ApproximateR1:
    """R1 from a finite difference, γ/2 · E|D(x) - D(x + σv)|²/σ² with v ~ N(0, I): no second derivatives.

    The mean of |D(x) - D(x + σv)|²/σ² over v is |∇D(x)|² up to order σ². Lin et al. 2025, arXiv 2501.08316;
    here γ means what it means in ``R1``, whatever σ is.

    Args:
        gamma: the weight.
        sigma: the standard deviation of the step, in the units of the encoded sample.
    """

    gamma: Schedule
    sigma: float = 0.01
    name: ClassVar[str] = "approximate_r1"

    def __call__(self, judged: Judged) -> Tensor:
        """The term, a scalar."""
        weight = schedule.at(self.gamma, judged.progress) / 2
        return weight * _squared_difference(judged, judged.real, judged.real_scores, self.sigma)


@dataclass(frozen=True)
class ApproximateR2:
    """What ``ApproximateR1`` is to real samples, for generated ones."""

    gamma: Schedule
    sigma: float = 0.01
    name: ClassVar[str] = "approximate_r2"

    def __call__(self, judged: Judged) -> Tensor:
        """The term, a scalar."""
        weight = schedule.at(self.gamma, judged.progress) / 2
        return weight * _squared_difference(judged, judged.fake, judged.fake_scores, self.sigma)


@dataclass(frozen=True)
class GradientPenalty:
    """λ · E(|∇D(x)| - 1)² between real and generated samples: Gulrajani et al. 2017, arXiv 1704.00028.

    Args:
        weight: λ.
        one_sided: only slopes above 1 cost (Petzka et al. 2018, arXiv 1709.08894).
    """

    weight: Schedule = 10.0
    one_sided: bool = False
    name: ClassVar[str] = "gradient_penalty"

    def __call__(self, judged: Judged) -> Tensor:
        """The term, a scalar."""
        real, fake = at_least_float32(judged.real.detach()), at_least_float32(judged.fake.detach())
        between = fake + _share(real) * (real - fake)
        excess: Tensor = torch.linalg.vector_norm(_slope(judged.discriminator, between), dim=1) - 1
        excess = excess.relu() if self.one_sided else excess
        return schedule.at(self.weight, judged.progress) * excess.square().mean()


@dataclass(frozen=True)
class Dragan:
    """λ · E(|∇D(x)| - 1)² around real samples: Kodali et al. 2017, arXiv 1705.07215.

    As in the authors' code the point lies anywhere between a real sample and its noisy copy. The noise is
    Gaussian, as in the paper, and does not scale with the standard deviation of the batch, as it does in the
    code: what one sample meets must not depend on the others.

    Args:
        weight: λ.
        c: the standard deviation of the noise, in the units of the encoded sample.
    """

    weight: Schedule = 10.0
    c: float = 0.5
    name: ClassVar[str] = "dragan"

    def __call__(self, judged: Judged) -> Tensor:
        """The term, a scalar."""
        real = at_least_float32(judged.real.detach())
        around = real + self.c * _share(real) * _like(real)
        excess: Tensor = torch.linalg.vector_norm(_slope(judged.discriminator, around), dim=1) - 1
        return schedule.at(self.weight, judged.progress) * excess.square().mean()


@dataclass(frozen=True)
class Consistency:
    """λ · E|D(x) - D(T(x))|² over real samples: Zhang et al. 2020, arXiv 1910.12027 (CR-GAN, λ = 10).

    Args:
        weight: λ.
        augment: T, ``(samples, progress) -> samples``: what must not change the scores.
    """

    weight: Schedule
    augment: Callable[[Tensor, float], Tensor]
    name: ClassVar[str] = "consistency"

    def __call__(self, judged: Judged) -> Tensor:
        """The term, a scalar."""
        changed = judged.discriminator(self.augment(judged.real.detach(), judged.progress))
        difference = at_least_float32(judged.real_scores) - at_least_float32(changed)
        return schedule.at(self.weight, judged.progress) * difference.square().mean()


@dataclass(frozen=True)
class Orthogonal:
    """β · |WᵀW ⊙ (1 - I)|² over the weights of ``module``: Brock et al. 2019, arXiv 1809.11096 (β = 1e-4)."""

    weight: Schedule
    module: nn.Module
    name: ClassVar[str] = "orthogonal"

    def __call__(self, judged: Judged) -> Tensor:
        """The term, a scalar."""
        return schedule.at(self.weight, judged.progress) * overlap(self.module)


class LeCam(nn.Module):
    """λ · E(D(x) - a)² + λ · E(D(G(z)) - b)², with a and b running means of the *other* side's scores.

    Tseng et al. 2021, arXiv 2104.03310 (λ = 0.3 and decay 0.99 with BigGAN, from step 1,000 on). The
    running means are free of the bias to their start, 0, which they have until the first turn ends.

    Args:
        weight: λ.
        decay: how much of the running means is kept each turn.
    """

    name = "lecam"

    def __init__(self, weight: Schedule = 0.3, decay: float = 0.99) -> None:
        super().__init__()
        self.weight = weight
        # Sums of real scores, of fake scores and of ones, all fading alike: the last divides the others.
        self.sums = State(torch.zeros(3), lambda value, mean: decay * value + (1 - decay) * mean)

    def forward(self, judged: Judged) -> Tensor:
        """The term, a scalar."""
        real, fake = at_least_float32(judged.real_scores), at_least_float32(judged.fake_scores)
        anchors = self.sums.value[:2] / self.sums.value[2].clamp(min=1e-12)
        self.sums.note(torch.stack([real.mean(), fake.mean(), torch.ones_like(real.mean())]))
        term = (real - anchors[1]).square().mean() + (fake - anchors[0]).square().mean()
        return schedule.at(self.weight, judged.progress) * term


def overlap(module: nn.Module) -> Tensor:
    """Squared inner products of different filters, summed over the linears and convolutions in ``module``.

    Raises:
        ValueError: there is none.
    """
    layers = [m for m in module.modules() if isinstance(m, Plain)]
    transposed = [m for m in module.modules() if isinstance(m, Transposed)]
    filters = [m.weight.flatten(1) for m in layers] + [_transposed_filters(m) for m in transposed]
    if not filters:
        raise ValueError("the orthogonal penalty found no linear or convolution in the module it was given")
    with without_autocast(filters[0]):
        return torch.stack([_overlap(at_least_float32(w)) for w in filters]).sum()


def _transposed_filters(layer: Transposed) -> Tensor:
    """Weights ``(in, out / groups, ...)`` as ``(out, in / groups · ...)``."""
    grouped = layer.weight.view(layer.groups, -1, *layer.weight.shape[1:])
    return grouped.transpose(1, 2).flatten(0, 1).flatten(1)


def _overlap(filters: Tensor) -> Tensor:
    products = filters @ filters.T
    return (products - products.diag().diag()).square().sum()


@contextmanager
def _second_derivatives(x: Tensor) -> Iterator[None]:
    """In full precision and never compiled: compiled graphs fail, or lose gradients, under ``create_graph``.

    https://github.com/pytorch/pytorch/issues/91469
    """
    with without_autocast(x), torch.compiler.set_stance("force_eager"):
        yield


def _slope(discriminator: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The gradient of every sample's score at ``x``, differentiable, as ``(batch, numbers)``."""
    x = at_least_float32(x.detach()).requires_grad_()
    with _second_derivatives(x):
        (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return slope.flatten(1)


def _squared_slope(judged: Judged, x: Tensor) -> Tensor:
    return _slope(judged.discriminator, x).square().sum(1).mean()


def _squared_difference(judged: Judged, x: Tensor, scores: Tensor, sigma: float) -> Tensor:
    """|D(x) - D(x + σv)|²/σ², whose mean over v is the squared slope up to order σ²."""
    x = at_least_float32(x.detach())
    nearby = x + sigma * _like(x)
    coarse = torch.is_autocast_enabled(x.device.type)
    with without_autocast(x):
        # A bf16 score of size 1 is known to 2⁻⁹, and so the slope only to 2⁻⁹/σ: with σ = 0.01 that noise is
        # 0.2, about as large as what is measured. So the scores of an autocast forward are not reused: both
        # sides of the difference are computed in float32.
        here = judged.discriminator(x) if coarse else scores
        there = judged.discriminator(nearby)
    return ((there - here) / sigma).reshape(len(x), -1).sum(1).square().mean()


def _share(x: Tensor) -> Tensor:
    """A number in [0, 1) for every sample, shaped to multiply ``x``."""
    return noise.uniform(len(x)).to(x).view(-1, *[1] * (x.dim() - 1))


def _like(x: Tensor) -> Tensor:
    """Standard normal noise in the shape of ``x``."""
    return noise.normal(len(x), *x.shape[1:]).to(x)
