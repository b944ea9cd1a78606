"""Translation: samples are generated from inputs, such as pictures of day from those of night."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.panel import Metric
from ptarmigan.metrics.request import Request
from ptarmigan.tasks.task import Section, Task
from ptarmigan.tasks.translate.figures import figures
from ptarmigan.tasks.translate.outputs import Outputs
from ptarmigan.tasks.translate.show import ROWS, Columns, pictured
from ptarmigan.tasks.translate.vital_signs import alike as alike
from ptarmigan.tasks.translate.vital_signs import vital_signs

REPORTED = 96
"""Held-out inputs that are translated for a report."""
WITHOUT_CYCLE = "translate.cut"


class Translate(Task):
    """Translations of inputs that are not trained on, where there are such; ``n`` at most.

    Raises:
        ValueError: the samples come with no inputs.
    """

    use = "translate"
    repeated = "inputs"

    def __init__(
        self, samples: Samples, *, seed: int = 0, n: int = 10_000, precision: torch.dtype | None = None
    ) -> None:
        self.inputs = samples.require_condition()
        super().__init__(samples, seed=seed, n=min(n, len(self.inputs.held_out)), precision=precision)
        self.outputs = Outputs(samples, seed, precision)

    @cached_property
    def evaluator(self) -> Evaluator:
        """The evaluator of translations."""
        from ptarmigan.tasks.translate.evaluate import evaluator  # it stands on scipy

        return evaluator(self.samples, Request(n=self.n))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics of translations."""
        return self.evaluator.metrics

    def picture(self, game: Game) -> Image.Image:
        """Rows of input, output, and target where there is one; back again where the game does that."""
        return pictured(self.samples, self.columns(game, min(ROWS, self.n)))

    def columns(self, game: Game, n: int) -> Columns:
        """The first ``n`` held-out inputs, their outputs, targets and what becomes of outputs again."""
        assert isinstance(game, Translation)
        return self.outputs.columns(game, game.back, np.arange(n))

    def scores(self, game: Game) -> dict[str, float]:
        """Every metric's value for the translations of the first held-out inputs."""
        members = self.evaluator.members
        n = self.n if members == 1 else self.metrics[0].samples // members
        raw = np.concatenate(list(self.outputs.held_out(game, np.arange(n), members)))
        return {metric.name: metric(raw) for metric in self.metrics}

    def described(self, game: Game) -> dict[str, Any]:
        """The spaces that are translated between."""
        return {"space": self.space.to_json(), "inputs": self.inputs.space.to_json()}

    def some(self, game: Game, n: int) -> NDArray[Any]:
        """Translations of the first ``n`` inputs that are trained on."""
        raw = self.inputs.source.read(np.arange(n))
        return np.concatenate([*self.outputs.of(game, [raw])])

    @staticmethod
    def caption(step: int) -> str:
        """A sentence about the weights, the step and the rows."""
        return (
            f"Translations by the EMA weights at step {step:,}. A row for each input, which is on the left."
        )

    def section(self, game: Game) -> Section:
        """Rows of inputs, outputs and targets, from the outputs nearest to their targets to the farthest."""
        n = min(REPORTED, self.n)
        columns = self.columns(game, n)
        held_out = self.inputs.held_out is not self.inputs.source
        kind = "held-out inputs" if held_out else "inputs, which were trained on as none are held out"
        return Section(
            "Translations",
            f"Of {n:,} {kind}. In a row, from the left: {', '.join(columns)}.",
            figures(self.samples, columns),
        )

    def vital_signs(self, game: Game, z: Tensor, c: Tensor, x: Tensor, real: Tensor) -> dict[str, float]:
        """Vital signs of how outputs depend on their inputs."""
        assert isinstance(game, Translation)
        return vital_signs(game, game.back, self.samples, self.seed, z, c, x, real)

    @staticmethod
    def fallback(default: str, *, hidden: bool) -> str:
        """A recipe without a cycle, where outputs hide information."""
        return WITHOUT_CYCLE if hidden else ""


class Translation(Game):
    """A game whose samples are generated from inputs: ``batch.c`` holds inputs, ``batch.x`` targets.

    ``latent`` is 0 where an input has one translation only.
    """

    task = Translate
    latent = 0
    generator: nn.Module
    discriminator: nn.Module

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """Translate encoded inputs of shape ``(n, ...)``: G(a).

        Args:
            a: the inputs; pictures may have any height and width.
            z: standard normal latents, of shape ``(n, latent)``, where an input has several translations.
        """
        return torch.as_tensor(self.generator(a))

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of an image's patches."""
        return torch.as_tensor(self.discriminator(x)).mean((1, 2))

    def back(self, b: Tensor, z: Tensor) -> Tensor | None:
        """Translate samples back into inputs; None where the game has one direction only."""
        return None

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Translations of the inputs ``c``."""
        if c is None:
            raise ValueError("a translation needs an input, and there is none")
        return self.translate(c, z)


def both(batch: Batch) -> tuple[Tensor, Tensor]:
    """The samples and the inputs of a batch.

    Raises:
        ValueError: there are no inputs.
    """
    if batch.c is None:
        raise ValueError("this game needs inputs, and the batch has none")
    return batch.x, batch.c
