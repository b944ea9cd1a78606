"""What a run shows of itself: pictures and scores of its averaged weights, and the file to share."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save as to_bytes

from ptarmigan.core.game import Game
from ptarmigan.media.files import write
from ptarmigan.metrics.score import Metric, default_metrics
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.tasks.generate import abnormalities, every_class, generate, some_classes
from ptarmigan.tasks.translate.show import TranslationShow
from ptarmigan.training import run_folder as folders
from ptarmigan.training.ema import Average
from ptarmigan.training.private import privacy
from ptarmigan.training.run import Run
from ptarmigan.training.settings import Settings

SHOWN = 64
POINTS = 1024
QUANTILES = 1_001
"""That the shared file remembers of the abnormality of training samples."""


class Show(Protocol):
    """What there is to see of the averaged weights, and how good it is."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """By what the run is scored; the first decides which checkpoint is best."""
        ...

    def picture(self, game: Game) -> Image.Image:
        """One picture, of the same latents and inputs every time."""
        ...

    def scores(self, game: Game) -> dict[str, float]:
        """Every metric's value."""
        ...

    def described(self) -> dict[str, Any]:
        """What the shared file says, so that it can be used without the data."""
        ...


class Studio:
    """Makes pictures, scores and the shared file of one run.

    Attributes:
        show: of samples, or of translations.
    """

    def __init__(self, run: Run, folder: Path, settings: Settings, precision: torch.dtype | None) -> None:
        self.run, self.folder, self.precision = run, folder, precision
        kind = SampleShow if run.samples.inputs is None else TranslationShow
        self.show: Show = kind(run, settings.score_samples, precision)

    def keep(self, average: Average, name: str, found: dict[str, Any]) -> None:
        """Write the averaged weights, with all that is needed to use them, as one file."""
        with average.playing(self.run.game) as game:
            described = folders.load(self.folder) | {
                **self.show.described(),
                **self.remembered(game),
                **privacy(game),
                "precision": str(self.precision).removeprefix("torch.") if self.precision else None,
                **found,
            }
        tensors = {
            key: value.detach().cpu().contiguous() for key, value in average.networks.state_dict().items()
        }
        data = to_bytes(tensors, metadata={"ptarmigan": json.dumps(described)})
        write(self.folder / name, data)

    def remembered(self, game: Game) -> dict[str, Any]:
        """How abnormal a detector finds what it was trained on, from the least to the most."""
        if not isinstance(game, Detector):
            return {}
        samples = self.run.samples
        some = np.linspace(0, len(samples) - 1, min(len(samples), game.remembered)).astype(np.int64)
        raw = samples.source.read(some)
        scores = abnormalities(game, self.run.space, raw, precision=self.precision)
        return {"abnormality": np.quantile(scores, np.linspace(0, 1, QUANTILES)).tolist()}


class SampleShow:
    """Samples from latents.

    Args:
        run: what is shown.
        n: samples that are scored.
        precision: the dtype of autocast, or None.
    """

    def __init__(self, run: Run, n: int, precision: torch.dtype | None) -> None:
        self.run, self.n, self.precision = run, n, precision

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """By what samples are scored."""
        return default_metrics(self.run.samples, self.n)

    @cached_property
    def frequencies(self) -> NDArray[np.int64] | None:
        """How often each class occurs in the data."""
        labels = self.run.samples.source.labels
        return None if labels is None else np.bincount(labels, minlength=len(self.run.space.classes))

    def picture(self, game: Game) -> Image.Image:
        """Samples from the same latents every time; in the plane, over real ones and the judge's surface."""
        space, count = self.run.space, len(self.run.space.classes)
        if len(space.shape) == 3:
            return space.render(self.make(game, SHOWN, every_class(count, SHOWN)))
        samples = self.run.samples
        real = samples.source.read(np.arange(min(POINTS, len(samples))))

        def surface(points: NDArray[Any]) -> NDArray[Any] | None:
            with torch.no_grad():
                x = space.encode(points).to(next(game.parameters()))
                heights = game.judge(x)
            return None if heights is None else heights.float().cpu().numpy()

        return space.render(self.make(game, POINTS, None), real, surface)

    def scores(self, game: Game) -> dict[str, float]:
        """Every metric's value for samples from ``game``."""
        raw = self.make(game, self.n, some_classes(self.frequencies, self.n, self.run.seed))
        return {metric.name: metric(raw) for metric in self.metrics}

    def described(self) -> dict[str, Any]:
        """The space, and how often its classes occur."""
        frequencies = None if self.frequencies is None else self.frequencies.tolist()
        return {"space": self.run.space.to_json(), "frequencies": frequencies}

    def make(self, game: Game, n: int, classes: NDArray[np.int64] | None) -> NDArray[Any]:
        """``n`` raw samples, the same latents every time."""
        chunks = generate(
            game, self.run.space, n, seed=self.run.seed, classes=classes, precision=self.precision
        )
        return np.concatenate(list(chunks))
