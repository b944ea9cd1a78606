"""Translation: samples are made from inputs, such as pictures of day from those of night."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game
from ptarmigan.data.permutation import Indices
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.metrics.panel import Metric
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.generate import CHUNK
from ptarmigan.tasks.task import Figure, Section, Task
from ptarmigan.tasks.translate.cycle import apart
from ptarmigan.tasks.translate.show import BACK, INPUT, OUTPUT, ROWS, TARGET, Columns, pictured
from ptarmigan.tasks.translate.vital_signs import alike as alike
from ptarmigan.tasks.translate.vital_signs import vital_signs

REPORTED = 96
"""Held-out inputs that are translated for a report."""
WITHOUT_CYCLE = "translate.cut"
EACH = 4
"""Rows of each of its pictures."""


class Translate(Task):
    """Translations of inputs that are not trained on, where there are such; ``n`` at most.

    Raises:
        ValueError: the samples come with no inputs.
    """

    repeated = "inputs"

    def __init__(
        self, samples: Samples, *, seed: int = 0, n: int = 10_000, precision: torch.dtype | None = None
    ) -> None:
        self.inputs = samples.require_condition()
        super().__init__(samples, seed=seed, n=min(n, len(self.inputs.held_out)), precision=precision)

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """By what translations are scored."""
        from ptarmigan.tasks.translate.evaluate import evaluator  # it stands on scipy

        return evaluator(self.samples, Request(n=self.n)).metrics

    def picture(self, game: Game) -> Image.Image:
        """Rows of input, output, and target where there is one; back again where the game does that."""
        return pictured(self.samples, self.rows(game, np.arange(min(ROWS, self.n))))

    def scores(self, game: Game) -> dict[str, float]:
        """Every metric's value for the translations of the first held-out inputs."""
        raw = np.concatenate(list(self.translate(game, np.arange(self.n))))
        return {metric.name: metric(raw) for metric in self.metrics}

    def described(self, game: Game) -> dict[str, Any]:
        """The spaces that are translated between."""
        return {"space": self.space.to_json(), "inputs": self.inputs.space.to_json()}

    def some(self, game: Game, n: int) -> NDArray[Any]:
        """Translations of the first ``n`` inputs that are trained on."""
        raw = self.inputs.source.read(np.arange(n))
        return np.concatenate([*self._translate(game, [raw])])

    @staticmethod
    def caption(step: int) -> str:
        """Whose translations these are."""
        return (
            f"Translations by the EMA weights at step {step:,}. A row for each input, which is on the left."
        )

    def section(self, game: Game) -> Section:
        """Rows of inputs, outputs and targets, from the outputs nearest to their targets to the farthest."""
        n = min(REPORTED, self.n)
        columns = self.rows(game, np.arange(n))
        held_out = self.inputs.held_out is not self.inputs.source
        kind = "held-out inputs" if held_out else "inputs, which were trained on as none are held out"
        return Section(
            "Translations",
            f"Of {n:,} {kind}. In a row, from the left: {', '.join(columns)}.",
            tuple(self._nearest_to_farthest(columns, n) if TARGET in columns else self._some(columns, n)),
        )

    def vital_signs(self, game: Game, z: Tensor, c: Tensor, x: Tensor, real: Tensor) -> dict[str, float]:
        """What outputs have to do with their inputs, in numbers."""
        assert isinstance(game, Translation)
        return vital_signs(game, game.back, self.samples, self.seed, z, c, x, real)

    @staticmethod
    def fallback(usual: str, *, hidden: bool) -> str:
        """What needs no way back, where one hides information in its outputs."""
        return WITHOUT_CYCLE if hidden else ""

    def _some(self, columns: Columns, n: int) -> Iterator[Figure]:
        some = np.unique(np.linspace(0, n - 1, 2 * EACH).round().astype(np.int64))
        yield Figure(self._shown(columns, some), "translations: Some", "Some.")

    def _nearest_to_farthest(self, columns: Columns, n: int) -> Iterator[Figure]:
        far = apart(self.space, columns[OUTPUT], columns[TARGET])
        order, few = np.argsort(far, kind="stable"), min(EACH, -(-n // 3))
        middle = (n - few) // 2
        share = "of the pixels" if isinstance(self.space, LabelSpace) else "of the range"
        chosen = {"Nearest": order[:few], "Middling": order[middle : middle + few], "Farthest": order[-few:]}
        for name, which in chosen.items():
            median = f"{100 * float(np.median(far[which])):.1f} % {share}"
            yield Figure(
                self._shown(columns, which), f"translations: {name}", f"{name} to the target: {median}."
            )

    def _shown(self, columns: Columns, which: Indices) -> Image.Image:
        return pictured(self.samples, {title: raw[which] for title, raw in columns.items()})

    def rows(self, game: Game, which: Indices) -> Columns:
        """Held-out inputs, their outputs, targets where they match, and what becomes of outputs again."""
        outputs = np.concatenate(list(self.translate(game, which)))
        shown = {INPUT: self.inputs.held_out.read(which), OUTPUT: outputs}
        if self.inputs.matched:
            shown[TARGET] = self.samples.held_out.read(which)
        back = self.back(game, outputs)
        return shown if back is None else {**shown, BACK: back}

    def translate(self, game: Game, which: Indices) -> Iterator[NDArray[Any]]:
        """Translations of held-out inputs, a few at a time."""
        parts = np.array_split(which, max(1, -(-len(which) // CHUNK)))
        return self._translate(game, (self.inputs.held_out.read(part) for part in parts))

    def _translate(self, game: Game, given: Iterable[NDArray[Any]]) -> Iterator[NDArray[Any]]:
        spaces = self.inputs.space, self.space
        return translations(game, *spaces, given, seed=self.seed, precision=self.precision)

    @torch.no_grad()
    def back(self, game: Game, raw: NDArray[Any]) -> NDArray[Any] | None:
        """Raw outputs made into raw inputs again, each by itself; None where the game goes one way only."""
        assert isinstance(game, Translation)
        device = next(game.parameters()).device
        found = []
        for b in self.space.encode(raw).to(torch.get_default_dtype()).split(1):
            noise.at(self.seed, "translate back", device=device)
            z = noise.normal(1, game.latent)
            with torch.autocast(device.type, self.precision, enabled=self.precision is not None):
                a = game.back(b.to(device), z)
            if a is None:
                return None
            found.append(self.inputs.space.decode(a))
        return np.concatenate(found)


class Translation(Game):
    """A game whose samples are made from inputs: ``batch.c`` holds inputs, ``batch.x`` what they become.

    ``latent`` is 0 where an input has one translation only.
    """

    task = Translate
    latent = 0
    generator: nn.Module
    discriminator: nn.Module

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """Inputs of shape ``(n, ...)``, encoded as their space encodes them, made into samples: G(a).

        Args:
            a: the inputs; pictures may have any height and width.
            z: standard normal, of shape ``(n, latent)``: which of its translations an input gets.
        """
        return torch.as_tensor(self.generator(a))

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of an image's patches."""
        return torch.as_tensor(self.discriminator(x)).mean((1, 2))

    def back(self, b: Tensor, z: Tensor) -> Tensor | None:
        """Samples made into inputs again; None where the game goes one way only."""
        return None

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Translations of the inputs ``c``."""
        if c is None:
            raise ValueError("a translation is made from an input, and there is none")
        return self.translate(c, z)


@torch.no_grad()
def translations(
    game: Game,
    inputs: Space,
    space: Space,
    given: Iterable[NDArray[Any]],
    *,
    seed: int = 0,
    precision: torch.dtype | None = None,
) -> Iterator[NDArray[Any]]:
    """Raw inputs, a few at a time, made into as many raw samples by a game in evaluation mode.

    Every input is translated by itself, so that what it becomes does not depend on its neighbours.

    Args:
        game: translates.
        inputs: encodes the inputs.
        space: decodes the samples.
        given: raw inputs, one a row.
        seed: the random seed of the latent, and what a network drops, where there are such: the same for all
            inputs.
        precision: the dtype of autocast, or None.
    """
    device = next(game.parameters()).device
    for raw in given:
        made = []
        for a in inputs.encode(raw).to(torch.get_default_dtype()).split(1):
            noise.at(seed, "translate", device=device)
            z = noise.normal(1, game.latent)
            with torch.autocast(device.type, precision, enabled=precision is not None):
                made.append(space.decode(game.sample(z, a.to(device))))
        yield np.concatenate(made)


def both(batch: Batch) -> tuple[Tensor, Tensor]:
    """The samples and the inputs of a batch.

    Raises:
        ValueError: there are no inputs.
    """
    if batch.c is None:
        raise ValueError("this game is played with inputs, and the batch has none")
    return batch.x, batch.c
