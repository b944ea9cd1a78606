"""The task of pictures from captions: samples of held-out ones, shown with what was asked."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.core.game import Game
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.panel import Metric
from ptarmigan.metrics.request import Request
from ptarmigan.tasks.caption.evaluate import Case, evaluator, of_held_out
from ptarmigan.tasks.caption.show import with_captions
from ptarmigan.tasks.caption.source import few
from ptarmigan.tasks.generate import Generate
from ptarmigan.tasks.task import Figure, Section

SHOWN, EACH = 16, 4
"""Held-out captions in a picture, and samples of each."""


class Illustrate(Generate):
    """Samples of captions that are not trained on, where there are such.

    Raises:
        ValueError: the samples come without captions.
    """

    use = "illustrate"
    repeated = "captions and latents"

    def __init__(
        self, samples: Samples, *, seed: int = 0, n: int = 10_000, precision: torch.dtype | None = None
    ) -> None:
        self.given = samples.require_condition()
        super().__init__(samples, seed=seed, n=n, precision=precision)

    @cached_property
    def evaluator(self) -> Evaluator:
        """The evaluator of samples of captions."""
        return evaluator(self.samples, Request(), self.n)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics of samples of captions."""
        return self.evaluator.metrics

    def picture(self, game: Game) -> Image.Image:
        """Four samples for each of the first held-out captions, with the captions."""
        captions = self.first(min(SHOWN, len(self.given.held_out)), EACH)
        raw = self.generate(game, len(captions), captions)
        return with_captions(self.space, raw, self.given.space.titles(captions))

    def first(self, n: int, times: int) -> NDArray[Any]:
        """The first held-out captions, each several times."""
        return np.repeat(self.given.held_out.read(np.arange(n)), times, 0)

    def scores(self, game: Game) -> dict[str, float]:
        """Every metric's value for samples of the first held-out captions."""
        n = self.evaluator.n
        raw = self.generate(game, n, of_held_out(self.samples, n))
        return {metric.name: metric(raw) for metric in self.metrics}

    def described(self, game: Game) -> dict[str, Any]:
        """The spaces of pictures and of captions, and some captions."""
        spaces = {"space": self.space.to_json(), "inputs": self.given.space.to_json()}
        return {**spaces, "given": few(self.samples)}

    def some(self, game: Game, n: int) -> NDArray[Any]:
        """Samples of the first ``n`` captions that are trained on."""
        return self.generate(game, n, self.given.source.read(np.arange(n)))

    @staticmethod
    def caption(step: int) -> str:
        """A sentence about the weights and the step."""
        return f"Samples of held-out captions by the EMA weights at step {step:,}, {EACH} of each."

    def section(self, game: Game) -> Section:
        """Held-out pictures, samples of their captions, and training pictures of the nearest captions."""
        n = min(SHOWN, len(self.given.held_out))
        captions = self.given.space.titles(self.first(n, 1))
        nearest = Case(self.samples, n).nearest(np.arange(n))
        known = self.given.space.titles(self.given.source.read(nearest))
        made = self.generate(game, n, self.first(n, 1))
        columns = (
            (
                self.samples.held_out.read(np.arange(n)),
                captions,
                "real pictures",
                "Real: of held-out captions.",
            ),
            (made, captions, "samples", "Generated of the same captions."),
            (
                self.samples.source.read(nearest),
                known,
                "nearest captions",
                "Training pictures whose captions share most words with these, at the same places.",
            ),
        )
        return Section(
            "Beside real samples",
            "",
            tuple(
                Figure(with_captions(self.space, raw, words, SHOWN // EACH), name, said)
                for raw, words, name, said in columns
            ),
        )
