"""What a translation shows of itself: inputs, what became of them, and what should have."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.data.permutation import Indices
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.media.pictures import grid
from ptarmigan.metrics.score import Metric
from ptarmigan.modalities.image.decode import resampled
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.generate import CHUNK, translations
from ptarmigan.tasks.translate.quick import translation_metrics
from ptarmigan.tasks.translate.translation import Translation
from ptarmigan.training.run import Run

ROWS = 8
INPUT, OUTPUT, TARGET, BACK = "input", "output", "target", "back again"
Columns: TypeAlias = dict[str, NDArray[Any]]
"""Raw samples by what they are, in the order in which people look at them; a row for each input."""


class TranslationShow:
    """Translations of inputs that are not trained on, where there are such.

    Args:
        run: what is shown.
        n: translations that are scored, at most.
        precision: the dtype of autocast, or None.
    """

    def __init__(self, run: Run, n: int, precision: torch.dtype | None) -> None:
        assert run.samples.inputs is not None
        self.run, self.inputs, self.precision = run, run.samples.inputs, precision
        self.n = min(n, len(self.inputs.held_out))

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """By what translations are scored."""
        return translation_metrics(self.run.samples, self.n)

    def picture(self, game: Game) -> Image.Image:
        """Rows of input, output, and target where there is one; back again where the game does that."""
        return pictured(self.run.samples, self.rows(game, np.arange(min(ROWS, self.n))))

    def scores(self, game: Game) -> dict[str, float]:
        """Every metric's value for the translations of the first held-out inputs."""
        raw = np.concatenate(list(self.make(game, np.arange(self.n))))
        return {metric.name: metric(raw) for metric in self.metrics}

    def described(self) -> dict[str, Any]:
        """The spaces that are translated between."""
        return {"space": self.run.space.to_json(), "inputs": self.inputs.space.to_json()}

    def rows(self, game: Game, which: Indices) -> Columns:
        """Held-out inputs, their outputs, targets where they match, and what becomes of outputs again."""
        made = np.concatenate(list(self.make(game, which)))
        shown = {INPUT: self.inputs.held_out.read(which), OUTPUT: made}
        if self.inputs.matched:
            shown[TARGET] = self.run.samples.held_out.read(which)
        back = self.back(game, made)
        return shown if back is None else {**shown, BACK: back}

    def make(self, game: Game, which: Indices) -> Iterator[NDArray[Any]]:
        """Translations of held-out inputs, a few at a time."""
        parts = np.array_split(which, max(1, -(-len(which) // CHUNK)))
        return translations(
            game,
            self.inputs.space,
            self.run.space,
            (self.inputs.held_out.read(part) for part in parts),
            seed=self.run.seed,
            precision=self.precision,
        )

    @torch.no_grad()
    def back(self, game: Game, raw: NDArray[Any]) -> NDArray[Any] | None:
        """Raw outputs made into raw inputs again, each by itself; None where the game goes one way only."""
        assert isinstance(game, Translation)
        device = next(game.parameters()).device
        made = []
        for b in self.run.space.encode(raw).to(torch.get_default_dtype()).split(1):
            noise.at(self.run.seed, "translate back", device=device)
            z = noise.normal(1, game.latent)
            with torch.autocast(device.type, self.precision, enabled=self.precision is not None):
                a = game.back(b.to(device), z)
            if a is None:
                return None
            made.append(self.inputs.space.decode(a))
        return np.concatenate(made)


def pictured(samples: Samples, columns: Columns) -> Image.Image:
    """Columns of raw inputs, outputs and so on, side by side: a row for each input."""
    assert samples.inputs is not None
    given, space = samples.inputs.space, samples.space
    height, width = space.shape[1:]
    shown = [
        np.stack([to_rgb(one, height, width) for one in seen(given if name in (INPUT, BACK) else space, raw)])
        for name, raw in columns.items()
    ]
    return grid(np.stack(shown, 1).reshape(-1, height, width, 3), len(columns))


def some_pairs(samples: Samples) -> Image.Image:
    """Inputs to train on beside samples, which belong together where they match."""
    given = samples.inputs
    assert given is not None
    which = np.arange(min(ROWS, len(given.source), len(samples)))
    return pictured(samples, {INPUT: given.source.read(which), TARGET: samples.source.read(which)})


def seen(space: Space, raw: NDArray[Any]) -> NDArray[Any]:
    """Raw samples as pictures: label maps in colours."""
    return space.painted(raw) if isinstance(space, LabelSpace) else raw


def to_rgb(pixels: NDArray[Any], height: int, width: int) -> NDArray[np.uint8]:
    """One picture in three channels of 8 bits and the size of others, over white where it is see-through."""
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.shape[2] in (2, 4):
        alpha = pixels[..., -1:].astype(np.float64) / 255
        pixels = (pixels[..., :-1] * alpha + 255 * (1 - alpha)).round().astype(np.uint8)
    if pixels.shape[:2] != (height, width):
        box = (0.0, 0.0, float(pixels.shape[1]), float(pixels.shape[0]))
        pixels = resampled(pixels, height, width, box, Image.Resampling.NEAREST)
    return pixels if pixels.shape[2] == 3 else pixels.repeat(3, axis=2)
