"""Penalties: terms that are added to the discriminator's loss, given its inputs and their scores.

Gradients are those of the sum of all scores with respect to the samples: over a sample's several scores
(patches), and over the batch, so that those through batch statistics (``MinibatchStd``) count too. The
discriminator must not use batch norm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor

from ptarmigan.core import noise, schedule
from ptarmigan.core.precision import at_least_float32, uncompiled, without_autocast
from ptarmigan.core.schedule import Schedule


class PenaltyInputs(NamedTuple):
    """The discriminator, its inputs on its turn, and their scores.

    Attributes:
        discriminator: samples to scores, with the labels bound. It must be deterministic, so random
            augmentation belongs into ``real`` and ``fake``, not in here.
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
        """The name of the term in the log."""

    def __call__(self, inputs: PenaltyInputs) -> Tensor:
        """The term, a scalar."""


@dataclass(frozen=True)
class R1:
    """γ/2 · E|∇D(x)|² over real samples: Mescheder et al. 2018, arXiv 1801.04406, equation 9."""

    gamma: Schedule
    name: ClassVar[str] = "r1"

    def __call__(self, inputs: PenaltyInputs) -> Tensor:
        """The term, a scalar."""
        return schedule.at(self.gamma, inputs.progress) / 2 * _squared_norm(inputs, inputs.real)


@dataclass(frozen=True)
class R2:
    """γ/2 · E|∇D(x)|² over generated samples: Mescheder et al. 2018, arXiv 1801.04406, equation 10."""

    gamma: Schedule
    name: ClassVar[str] = "r2"

    def __call__(self, inputs: PenaltyInputs) -> Tensor:
        """The term, a scalar."""
        return schedule.at(self.gamma, inputs.progress) / 2 * _squared_norm(inputs, inputs.fake)


@dataclass(frozen=True)
class ApproximateR1:
    """R1 from a finite difference, γ/2 · E|D(x) - D(x + σv)|²/σ² with v ~ N(0, I): no second derivatives.

    The mean of |D(x) - D(x + σv)|²/σ² over v is |∇D(x)|² up to order σ². Lin et al. 2025, arXiv 2501.08316;
    here γ means what it means in ``R1``, whatever σ is.

    Args:
        gamma: the weight.
        sigma: the standard deviation of the step, in the units of the encoded sample.
        share: of the batch on which it is computed: a quarter in Lin et al. 2025, arXiv 2511.22475.
    """

    gamma: Schedule
    sigma: float = 0.01
    share: float = 1.0
    name: ClassVar[str] = "approximate_r1"

    def __call__(self, inputs: PenaltyInputs) -> Tensor:
        """The term, a scalar."""
        weight = schedule.at(self.gamma, inputs.progress) / 2
        return weight * _squared_difference(inputs, inputs.real, inputs.real_scores, self)


@dataclass(frozen=True)
class ApproximateR2:
    """R2 from a finite difference: ``ApproximateR1`` on generated samples."""

    gamma: Schedule
    sigma: float = 0.01
    share: float = 1.0
    name: ClassVar[str] = "approximate_r2"

    def __call__(self, inputs: PenaltyInputs) -> Tensor:
        """The term, a scalar."""
        weight = schedule.at(self.gamma, inputs.progress) / 2
        return weight * _squared_difference(inputs, inputs.fake, inputs.fake_scores, self)


@dataclass(frozen=True)
class GradientPenalty:
    """λ · E(|∇D(x)| - 1)² between real and generated samples: Gulrajani et al. 2017, arXiv 1704.00028.

    Args:
        weight: λ.
    """

    weight: Schedule = 10.0
    name: ClassVar[str] = "gradient_penalty"

    def __call__(self, inputs: PenaltyInputs) -> Tensor:
        """The term, a scalar."""
        real, fake = at_least_float32(inputs.real.detach()), at_least_float32(inputs.fake.detach())
        between = fake + share(real) * (real - fake)
        excess: Tensor = torch.linalg.vector_norm(gradients(inputs.discriminator, between), dim=1) - 1
        return schedule.at(self.weight, inputs.progress) * excess.square().mean()


@contextmanager
def second_derivatives(x: Tensor) -> Iterator[None]:
    """A block in full precision and never compiled.

    Compiled graphs fail, or lose gradients, under ``create_graph``:
    https://github.com/pytorch/pytorch/issues/91469
    """
    with without_autocast(x), uncompiled():
        yield


def gradients(discriminator: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """∇D(x) for every sample, differentiable, as ``(batch, numbers)``."""
    x = at_least_float32(x.detach()).requires_grad_()
    with second_derivatives(x):
        (gradient,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return gradient.flatten(1)


def _squared_norm(inputs: PenaltyInputs, x: Tensor) -> Tensor:
    return gradients(inputs.discriminator, x).square().sum(1).mean()


def _squared_difference(
    inputs: PenaltyInputs, x: Tensor, scores: Tensor, how: ApproximateR1 | ApproximateR2
) -> Tensor:
    """|D(x) - D(x + σv)|²/σ², whose mean over v is |∇D(x)|² up to order σ²."""
    some, sigma = math.ceil(how.share * len(x)), how.sigma
    x = at_least_float32(x[:some].detach())
    nearby = x + sigma * normal_like(x)
    # Scores of a part differ from those of the whole where samples see one another (``MinibatchStd``).
    anew = some < len(scores) or torch.is_autocast_enabled(x.device.type)
    with without_autocast(x):
        # A bf16 score of size 1 is known to 2⁻⁹, and so the gradient only to 2⁻⁹/σ: with σ = 0.01 that noise
        # is 0.2, about as large as what is measured. So the scores of an autocast forward are not reused:
        # both sides of the difference are computed in float32.
        here = inputs.discriminator(x) if anew else scores
        there = inputs.discriminator(nearby)
    return ((there - here) / sigma).reshape(len(x), -1).sum(1).square().mean()


def share(x: Tensor) -> Tensor:
    """A uniform number in [0, 1) for every sample, shaped to multiply ``x``."""
    return noise.uniform(len(x)).to(x).view(-1, *[1] * (x.dim() - 1))


def normal_like(x: Tensor) -> Tensor:
    """Standard normal noise in the shape of ``x``."""
    return noise.normal(len(x), *x.shape[1:]).to(x)
