"""The judge of images and points."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.data.space import Space
from ptarmigan.evaluation.features import looked_at
from ptarmigan.evaluation.request import Asked, counted
from ptarmigan.evaluation.written import scored, written
from ptarmigan.metrics.features import Features
from ptarmigan.metrics.measures import Scale, chosen
from ptarmigan.metrics.panel import Panel, Score
from ptarmigan.metrics.path import encoded, path_length
from ptarmigan.modalities.image.classifier import Classifier
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.stacked import Stacked
from ptarmigan.modalities.image.stacked_modes import StackedModes, learn_digits, stacked_modes, told_of
from ptarmigan.modalities.point.source import NAMES, points
from ptarmigan.trained import Trained
from ptarmigan.training.run import Run

PATH = "path"
"""The measure that asks a generator, and no samples."""
STEPS = 10_000


def of_two(
    real: Any, fake: Any, n: int | None, asked: Asked, size: str = "", crop: bool = False
) -> dict[str, Any]:
    """The scores of ``n`` samples, images made to one size first where one is given."""
    asked.of_no_table()
    known, judged = opened(real, size, crop), opened(fake, size, crop)
    same_form(known.space, judged.space)
    count = counted(len(judged.source), n)
    panel = panel_of(known, count, asked)
    raw = judged.source.read(np.arange(len(judged.source)))[:count]
    return written(panel.judge(ArraySource(raw)), count, panel.features.name, panel.features.hash)


def of_run(run: Run, trained: Trained, n: int, seed: int, asked: Asked) -> dict[str, Any]:
    """The scores of ``n`` samples that a run makes."""
    asked.of_no_table()
    rest = replace(asked, metrics=[name for name in asked.metrics if name != PATH])
    panel = panel_of(run.samples, n, rest, conditional=trained.conditional())
    asked.tell(f"{n:,} samples")
    raw, classes = trained.sample(n, seed=seed), trained.classes(n, seed)
    verdict = panel.judge(ArraySource(raw, classes, trained.space.classes))
    found = written(verdict, n, panel.features.name, panel.features.hash)
    if PATH in asked.metrics or "all" in asked.metrics:
        asked.tell(PATH)
        found["scores"]["perceptual path length"] = path(trained, panel.features, n, seed)
    return found


def panel_of(samples: Samples, n: int, asked: Asked, *, conditional: bool = False) -> Panel:
    """The judge of ``n`` samples like these; ``conditional`` ones are of the classes that were asked for."""
    measures = chosen(asked.metrics)
    if n < 1:
        raise ValueError(f"a score of {n} samples says nothing: at least 1 is needed (--n)")
    return Panel(
        looked_at(samples, asked),
        samples.source,
        samples.held_out,
        measures,
        n,
        what=samples.space.words,
        mixture=samples.mixture,
        stacks=stacks_of(samples),
        asked=conditional,
        tell=asked.tell,
    )


def stacks_of(samples: Samples) -> Callable[[NDArray[Any]], StackedModes] | None:
    """Counts the modes of stacked digits, where the samples are such."""
    stacks, space = samples.source, samples.space
    if not isinstance(stacks, Stacked) or not isinstance(space, ImageSpace):
        return None
    digits = learn_digits(stacks, space)
    return lambda raw: stacked_modes(told_of(raw, digits), stacks.frequencies)


def path(trained: Trained, features: Features, n: int, seed: int) -> dict[str, Any]:
    """The perceptual path length of a generator, in a classifier's features where these are at hand."""
    network, name = (
        (features.net.features, features.name) if isinstance(features, Classifier) else (encoded, "pixels")
    )
    game = trained.game
    found = path_length(
        game.sample,
        game.latent,
        n=min(n, STEPS),
        features=network,
        classes=trained.classes(min(n, STEPS), seed),
        seed=seed,
        device=next(game.parameters()).device,
    )
    scale = Scale("perceptual path length", "squared features", True)
    said = f"features {name}; {min(n, STEPS):,} steps on great circles in z; seed {seed}"
    return scored(Score(scale, found, None, {}, said))


def opened(data: Any, size: str = "", crop: bool = False) -> Samples:
    """Any samples: points by name, from a file or an array of two dimensions; else images.

    Raises:
        ValueError: they cannot be read.
        FileNotFoundError: there is nothing of that name.
    """
    if isinstance(data, Samples):
        return data
    if isinstance(data, str | os.PathLike) and (str(data) in NAMES or str(data).endswith(".csv")):
        return points(str(data), batch=1)
    vectors = rows(data)
    if vectors is None:
        return Images(data if not isinstance(data, os.PathLike) else str(data), size, crop).open(batch=1)
    return points(vectors, batch=1)


def rows(data: Any) -> NDArray[Any] | None:
    """Vectors, one a row, where an array or a ``.npy`` file holds such; else None."""
    if isinstance(data, str | os.PathLike) and str(data).endswith(".npy"):
        try:
            data = np.load(data, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None  # images are opened, and say what is wrong
    if isinstance(data, torch.Tensor):
        data = data.detach().cpu().numpy()
    return data if isinstance(data, np.ndarray) and data.ndim == 2 else None


def same_form(real: Space, fake: Space) -> None:
    """Refuse to compare apples with pears.

    Raises:
        ValueError: the two kinds of samples differ in shape or depth.
    """
    if real.words == fake.words:
        return
    hint = ""
    if isinstance(real, ImageSpace) and isinstance(fake, ImageSpace):
        sized = (real.channels, real.bits) == (fake.channels, fake.bits)
        hint = ": give a --size" if sized else ": convert one of them first"
    raise ValueError(f"{real.words} cannot be compared with {fake.words}{hint}")
