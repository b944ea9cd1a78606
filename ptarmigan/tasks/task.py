"""A task: what is done with a game and its samples, such as generating, translating or detecting."""

from __future__ import annotations

from abc import ABC, abstractmethod
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
"""Samples that are made again of other conditions."""


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
    """What is shown, measured and kept of a game on its samples, while it is trained and afterwards.

    ``task_of`` makes the task of a game, which names it by its attribute ``task``.

    Args:
        samples: the real samples.
        seed: of latents, and of classes.
        n: samples that are scored.
        precision: the dtype of autocast, or None.
    """

    repeated: ClassVar[str]
    """What is the same in all pictures of a run: ``latents``."""

    def __init__(
        self, samples: Samples, *, seed: int = 0, n: int = 10_000, precision: torch.dtype | None = None
    ) -> None:
        self.samples, self.seed, self.n, self.precision = samples, seed, n, precision

    @property
    def space(self) -> Space:
        """What one sample is."""
        return self.samples.space

    @property
    @abstractmethod
    def metrics(self) -> tuple[Metric, ...]:
        """By what the game is scored; the first decides which checkpoint is best."""

    @abstractmethod
    def picture(self, game: Game) -> Image.Image:
        """One picture, of the same latents and inputs every time."""

    @abstractmethod
    def scores(self, game: Game) -> dict[str, float]:
        """Every metric's value."""

    @abstractmethod
    def described(self, game: Game) -> dict[str, Any]:
        """What the shared weights file says, as plain data, so that it can be used without the data."""

    @abstractmethod
    def some(self, game: Game, n: int) -> NDArray[Any]:
        """A few raw samples, of every class, or made of the first inputs."""

    @staticmethod
    @abstractmethod
    def caption(step: int) -> str:
        """What the picture drawn at a step shows, in a sentence."""

    @abstractmethod
    def section(self, game: Game) -> Section:
        """The task's part of the report."""

    def vital_signs(self, game: Game, z: Tensor, c: Tensor, x: Tensor, real: Tensor) -> dict[str, float]:
        """What samples have to do with their conditions, in numbers for the doctor; without gradients.

        Unless the task knows better: whether other conditions make other samples.

        Args:
            game: in evaluation mode.
            z: latents.
            c: conditions, as many.
            x: the samples made of both.
            real: real samples; the first conditions are theirs.
        """
        other = game.sample(z[:FEW], c[:FEW].roll(1, 0)).float()
        same = torch.allclose(other, x[:FEW].float(), rtol=1e-3, atol=1e-3)
        return {"conditional": float(not same)}

    @staticmethod
    def fallback(usual: str, *, hidden: bool) -> str:
        """The recipe that a run may end in where no change of options helps; empty where there is none.

        Args:
            usual: the modality's default recipe; one for another task is not taken.
            hidden: a cycle of the run hides information in its outputs.
        """
        return usual
