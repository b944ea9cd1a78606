"""How far outputs are from their targets: one number a pair of pictures or of label maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.metrics.estimate import TIMES, Estimate
from ptarmigan.metrics.measure import Reference
from ptarmigan.metrics.raw import unit
from ptarmigan.metrics.similarity import psnr, ssim

Raw = NDArray[Any]
Numbers = NDArray[np.float64]

EXACT = 96.0
"""The PSNR of a picture that is met exactly: what one of 16 bits could still tell."""
ROWS = 256
"""Pairs that are compared at a time."""


def l1(a: Raw, b: Raw) -> Numbers:
    """The mean absolute difference of pixels, as a share of their range, of shape (n,)."""
    # row by row: as float64 a set is eight times its size
    differences = (np.abs(x.astype(np.float64) - y).mean() for x, y in zip(a, b, strict=True))
    span = np.iinfo(b.dtype).max if b.dtype.kind in "iu" else max(float(np.nanmax(b) - np.nanmin(b)), 1e-12)
    return np.fromiter(differences, np.float64, len(a)) / span


def decibels(a: Raw, b: Raw) -> Numbers:
    """The peak signal-to-noise ratio of every pair, at most 96 dB, of shape (n,)."""
    found = [psnr(unit(a[rows]), unit(b[rows])).clamp(max=EXACT).numpy() for rows in _parts(len(a))]
    return np.concatenate(found).astype(np.float64)


def structure(a: Raw, b: Raw) -> Numbers:
    """The structural similarity of every pair, of shape (n,): see ``ssim``."""
    return np.concatenate([ssim(unit(a[rows]), unit(b[rows])).numpy() for rows in _parts(len(a))]).astype(
        np.float64
    )


def confusion(found: Raw, truth: Raw, labels: int) -> NDArray[np.int64]:
    """How many pixels of each class are told as which, of shape (n, labels, labels + 1): truth, then found.

    The last column counts those that are told as no class. Pixels that are of none are not counted.

    Args:
        found: label maps, ``(n, height, width, 1)``.
        truth: the same.
        labels: how many classes there are.
    """
    kinds = labels + 1
    pairs = truth.astype(np.int64) * kinds + found
    counts = [np.bincount(one.ravel(), minlength=kinds * kinds) for one in pairs]
    return np.stack(counts).reshape(-1, kinds, kinds)[:, :labels]


def agreement(counts: NDArray[np.int64], reference: Reference) -> tuple[Estimate, Estimate]:
    """Pixel accuracy and mean intersection over union, from the ``confusion`` of every picture.

    The first is the share of pixels whose class is right, of those that are of a class. The second is worked
    out over all of these in the set: of each class that occurs, those that are told right among those that
    are it or are told as it (Everingham et al. 2015, "The Pascal visual object classes challenge: a
    retrospective"), averaged over the classes.
    """
    of_a_class = counts[counts.any(axis=(1, 2))]
    right = of_a_class.trace(axis1=1, axis2=2) / of_a_class.sum(axis=(1, 2))

    def overlap(rows: Any) -> float:
        return mean_iou(counts[rows].sum(axis=0))

    error = reference.error(overlap, len(counts), TIMES)
    return reference.mean(right), Estimate(overlap(slice(None)), error)


def mean_iou(counts: NDArray[np.int64]) -> float:
    """The mean intersection over union of the classes that occur, from one confusion matrix."""
    both = counts.diagonal()
    either = counts.sum(axis=0)[: len(counts)] + counts.sum(axis=1) - both
    return float((both[either > 0] / either[either > 0]).mean())


def _parts(n: int) -> list[slice]:
    return [slice(start, start + ROWS) for start in range(0, n, ROWS)]
