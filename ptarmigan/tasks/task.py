"""A task of a game: generation, translation or detection."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptarmigan.core.game import Game
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.metrics.panel import Metric

FEW = 16
"""Samples that are generated again with other conditions."""


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture of a report.

    Attributes:
        picture: the picture.
        name: what it shows, in a few words.
        caption: what it shows, in a sentence.
    """

    picture: Image.Image
    name: str
    caption: str


@dataclass(frozen=True, eq=False)
class Section:
    """A task's part of a report: a title, a sentence about all figures, and the figures."""

    title: str
    note: str
    figures: tuple[Figure, ...]


class Task(ABC):
    """Pictures, scores and descriptions of a game on its samples, during training and afterwards.

    ``task_of`` makes the task of a game, whose class is the game's attribute ``task``.

    Args:
        samples: the real samples.
        seed: of latents, and of classes.
        n: samples that are scored.
        precision: the dtype of autocast, or None.
    """

    use: ClassVar[str] = "generate"
    """What a trained run of it is for: to generate, translate or detect."""
    repeated: ClassVar[str]
    """The inputs that are the same in all pictures of a run, in words: ``latents``."""

    def __init__(
        self, samples: Samples, *, seed: int = 0, n: int = 10_000, precision: torch.dtype | None = None
    ) -> None:
        self.samples, self.seed, self.n, self.precision = samples, seed, n, precision

    @property
    def space(self) -> Space:
        """The space of the samples."""
        return self.samples.space

    @property
    @abstractmethod
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics of the game; the first decides which checkpoint is the best."""

    @abstractmethod
    def picture(self, game: Game) -> Image.Image:
        """One picture, of the same latents and inputs every time."""

    @abstractmethod
    def scores(self, game: Game) -> dict[str, float]:
        """Every metric's value."""

    def loss(self, scores: Mapping[str, float]) -> float:
        """The first of the scores, with its sign changed where higher is better; NaN where there are none."""
        if not scores:
            return float("nan")
        first = self.metrics[0]
        return scores[first.name] * (1 if first.lower_is_better else -1)

    @abstractmethod
    def described(self, game: Game) -> dict[str, Any]:
        """The part of the weights file's metadata by which it can be used without the data."""

    @abstractmethod
    def some(self, game: Game, n: int) -> NDArray[Any]:
        """A few raw samples, of every class, or translations of the first inputs."""

    @staticmethod
    @abstractmethod
    def caption(step: int) -> str:
        """The caption of the picture at a step."""

    @abstractmethod
    def section(self, game: Game) -> Section:
        """The task's part of the report."""

    def vital_signs(self, game: Game, z: Tensor, c: Tensor, x: Tensor, real: Tensor) -> dict[str, float]:
        """Vital signs of how samples depend on their conditions; called without gradients.

        By default: how much samples differ under other conditions.

        Args:
            game: in evaluation mode.
            z: latents.
            c: conditions, as many.
            x: the samples from both.
            real: real samples; the first conditions are theirs.
        """
        other = game.sample(z[:FEW], c[:FEW].roll(1, 0)).float()
        same = torch.allclose(other, x[:FEW].float(), rtol=1e-3, atol=1e-3)
        return {"conditional": float(not same)}

    @staticmethod
    def fallback(default: str, *, hidden: bool) -> str:
        """The last treatment of a run: another recipe; empty where there is none.

        Args:
            default: the modality's default recipe; one for another task is not taken.
            hidden: a cycle of the run hides information in its outputs.
        """
        return default
