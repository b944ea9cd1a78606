"""Augmentation of what the discriminator sees: differentiable, and the same for real and generated images.

``Augment`` applies transforms with a scheduled probability, ``Ada`` with an adaptive one; ``augmentation``
makes those that go by a name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from ptarmigan.core import schedule
from ptarmigan.core.game import State
from ptarmigan.core.precision import at_least_float32, without_autocast
from ptarmigan.core.schedule import Schedule
from ptarmigan.core.transforms import BGC, Probability, Transform, color, cutout, translation


class Augment:
    """Transforms one after another: ``(x, progress) -> x``.

    DiffAugment is ``Augment(color, translation, cutout)``; R3GAN's is ``Augment(blit, warp, tint, cutout,
    probability=cosine(0, 0.55))``, except that its colour changes have half the probability.

    Args:
        transforms: applied to the images in order.
        probability: of each change to each image.
    """

    def __init__(self, *transforms: Transform, probability: Schedule = 1.0) -> None:
        self.transforms, self.probability = transforms, probability

    def __call__(self, x: Tensor, progress: float = 0.0) -> Tensor:
        """The images, augmented with the probability at ``progress`` of the run."""
        p = schedule.at(self.probability, progress)
        return _in_turn(self.transforms, x, p) if p > 0 else x


class Adaptive(nn.Module, ABC):
    """A module that adapts to the scores of real samples, on the discriminator's turns."""

    @abstractmethod
    def observe(self, real_scores: Tensor) -> None:
        """Note the scores of real samples, as the discriminator saw them."""


class Ada(Adaptive):
    """Adaptive discriminator augmentation (ADA): ``(x, progress) -> x``.

    Karras et al. 2020, arXiv 2006.06676: the probability rises while r_t, the mean sign of the scores of real
    images, is above a target; r_t is 0 for a discriminator that guesses and 1 for one that overfits. Scores
    must be positive for real; with a relativistic loss, whose scores have no meaningful sign, use
    ``Augment``.

    Args:
        batch: real images in a turn of the discriminator, over all ranks and micro-batches.
        transforms: applied to the images in order; ADA's ``bgc`` by default.
        target: of r_t.
        kimg: thousands of real images in which the probability can go from 0 to 1.
    """

    def __init__(
        self, batch: int, transforms: tuple[Transform, ...] = BGC, target: float = 0.6, kimg: float = 500.0
    ) -> None:
        super().__init__()
        self.transforms = transforms
        change = batch / (1000 * kimg)
        self.p = State(torch.zeros(()), lambda p, seen: (p + change * (seen - target).sign()).clamp(0, 1))

    def forward(self, x: Tensor, progress: float = 0.0) -> Tensor:
        """The augmented images."""
        return _in_turn(self.transforms, x, self.p.value)

    def observe(self, real_scores: Tensor) -> None:
        """Note the scores of (augmented) real images; p is updated when the discriminator's turn ends."""
        self.p.note(at_least_float32(real_scores.detach()).sign().mean())


def augmentation(name: str, batch: int) -> Augment | Ada | None:
    """DiffAugment (Zhao et al. 2020, arXiv 2006.10738), ADA, or none, by the names of options.

    Args:
        name: ``diffaugment``, ``ada`` or ``none``.
        batch: real images in a turn of the discriminator.
    """
    if name == "ada":
        return Ada(batch)
    return Augment(color, translation, cutout) if name == "diffaugment" else None


def _in_turn(transforms: tuple[Transform, ...], x: Tensor, p: Probability) -> Tensor:
    """Without autocast: a bf16 grid would move pixels by whole rows."""
    with without_autocast(x):
        x = at_least_float32(x)
        for transform in transforms:
            x = transform(x, p)
    return x
