"""Trivial sets of clips, which a GAN should be better than, and real ones that bound it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from ptarmigan.data.permutation import Indices, permute
from ptarmigan.data.source import ArraySource
from ptarmigan.metrics.view import Set
from ptarmigan.modalities.video.decode import Frames
from ptarmigan.modalities.video.watcher import ORDERS, reordered

Baseline = Callable[[Set, int], ArraySource]

TRAINING = "training clips"
BOUNDS = (TRAINING,)
"""Copies of real clips, which need not be beaten."""
WORDS = (
    "training clips; the same frozen at their first frame, with shuffled frames and reversed; the mean of "
    "all clips of a class"
)


def baselines() -> Mapping[str, Baseline]:
    """The sets by name, each a function of training clips and a number, with the classes of its clips."""
    orders = {order: copied(partial(reordered, order=order)) for order in ORDERS}
    return {TRAINING: copied(lambda raw: raw), **orders, "mean clip": means}


def copied(change: Callable[[Frames], Frames]) -> Baseline:
    """Training clips, changed."""

    def make(train: Set, n: int) -> ArraySource:
        rows = some(train, n)
        return labelled(change(train.read(rows)), train, rows)

    return make


def some(train: Set, n: int) -> Indices:
    """``n`` of the training clips; all in turn where they are fewer."""
    return permute(np.arange(n) % len(train), len(train), "video baselines")


def labelled(raw: Frames, train: Set, rows: Indices) -> ArraySource:
    """Clips with the classes of the training clips at ``rows``."""
    return ArraySource(raw, None if train.labels is None else train.labels[rows], train.classes or None)


def means(train: Set, n: int) -> ArraySource:
    """The mean of up to 500 training clips of a class, with a level of noise so that none equals another."""
    rows = some(train, n)
    classes = np.zeros(len(train), np.int64) if train.labels is None else train.labels
    out = np.empty((n, *train.read(rows[:1]).shape[1:]), np.uint8)
    for c in np.unique(classes[rows]):
        mean = train.read(np.flatnonzero(classes == c)[:500]).mean(0)
        mine = np.flatnonzero(classes[rows] == c)
        noise = np.random.default_rng(int(c)).integers(-1, 2, (len(mine), *mean.shape))
        out[mine] = np.clip(mean.round() + noise, 0, 255)
    return labelled(out, train, rows)
