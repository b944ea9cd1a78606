"""Samples with classes, some of them rare: how they are read, resampled, classified, written and shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
Look: TypeAlias = Image.Image | Sequence[tuple[str, ...]]
"""Some samples, to be looked at: a picture, or rows of text after the names of their columns."""

SYNTHETIC = "synthetic"
"""What marks samples that are generated."""
NEIGHBOURS = 5
"""Of SMOTE, at most."""


@dataclass(frozen=True)
class Method:
    """What is done about a rare class before a classifier learns, or while it does.

    Attributes:
        resample: samples and the numbers of their classes to more of them; nothing when None.
        weighted: all classes weigh alike in the classifier's loss.
        jittered: images are moved and enlarged at random as they are learnt from.
    """

    resample: Callable[[Any, Codes], tuple[Any, Codes]] | None = None
    weighted: bool = False
    jittered: bool = False


class DownstreamClassifier(Protocol):
    """A classifier of samples of one kind, and what can be done about their classes beside a GAN."""

    def methods(self, seed: int) -> dict[str, Method]:
        """What a GAN is compared with, by name."""
        ...

    def fit(
        self, x: Any, c: Codes, classes: int, *, weighted: bool, jittered: bool, seed: int
    ) -> Callable[[Any], Floats]:
        """A classifier: samples to the probability of every class ``(n, classes)``."""
        ...


@dataclass(frozen=True, eq=False)
class Labelled:
    """Samples and their classes.

    Attributes:
        x: a frame, or images ``(n, height, width, channels)``.
        c: the number of the class of each.
        names: of the classes, sorted.
        classifier: classifies such samples.
        write: puts samples and the numbers of their classes, those generated after the real ones, in a place.
        show: some samples, to be looked at.
    """

    x: Any
    c: Codes
    names: tuple[str, ...]
    classifier: DownstreamClassifier
    write: Callable[[Any, Codes, Path], None]
    show: Callable[[Any], Look]


def repeated(seed: int) -> Callable[[Any, Codes], tuple[Any, Codes]]:
    """Real samples of rare classes, again and again."""

    def more(x: Any, c: Codes) -> tuple[Any, Codes]:
        from imblearn.over_sampling import RandomOverSampler

        rows, labels = RandomOverSampler(random_state=seed).fit_resample(np.arange(len(c))[:, None], c)
        return taken(x, rows[:, 0]), labels

    return more


def taken(x: Any, rows: NDArray[np.int64]) -> Any:
    """Some of the samples, whatever they are in."""
    return x[rows] if isinstance(x, np.ndarray) else x.iloc[rows].reset_index(drop=True)


def neighbours(c: Codes) -> int:
    """Between how many neighbours SMOTE can draw.

    Raises:
        ValueError: a class has one sample only.
    """
    fewest = int(np.bincount(c).min())
    if fewest < 2:
        raise ValueError(
            "a class has one sample to learn from, and SMOTE needs two: measure nothing (--splits 0)"
        )
    return min(NEIGHBOURS, fewest - 1)
