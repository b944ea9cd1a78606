"""What translations are scored by while a run is played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.score import Metric, default_metrics
from ptarmigan.metrics.similarity import WINDOW
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.translate.pairs import EXACT, confusion, decibels, l1, mean_iou, structure

Measure = Callable[[NDArray[Any], NDArray[Any]], float]


def translation_metrics(samples: Samples, n: int) -> tuple[Metric, ...]:
    """The metrics of translations of the first ``n`` held-out inputs; by the first, checkpoints are kept.

    Where inputs have targets: how far outputs are from these. Of images also the Fréchet distance to held-out
    samples of the target domain.
    """
    found: list[Metric] = []
    if samples.require_condition().matched:
        found += paired(samples, n)
    if isinstance(samples.space, ImageSpace):
        found += default_metrics(samples, n)[:1]
    return tuple(found)


def paired(samples: Samples, n: int) -> list[Metric]:
    """Distances of outputs to their targets."""
    targets = samples.held_out.read(np.arange(n))
    said = f"{n:,} outputs against their targets"

    def metric(name: str, unit: str, measure: Measure, *, lower: bool, floor: float) -> Metric:
        return Metric(name, unit, lower, said, n, floor, lambda raw: measure(raw, targets))

    space = samples.space
    if isinstance(space, LabelSpace):
        labels = space.labels

        def overlap(raw: NDArray[Any], truth: NDArray[Any]) -> float:
            return mean_iou(confusion(raw, truth, labels).sum(axis=0))

        def right(raw: NDArray[Any], truth: NDArray[Any]) -> float:
            return float((raw == truth)[truth < labels].mean())

        return [
            metric("pixel accuracy", "share", right, lower=False, floor=1.0),
            metric("mean IoU", "share", overlap, lower=False, floor=1.0),
        ]
    found = [
        metric("L1", "share of the range", lambda a, b: float(l1(a, b).mean()), lower=True, floor=0.0),
        metric("PSNR", "dB", lambda a, b: float(decibels(a, b).mean()), lower=False, floor=EXACT),
    ]
    if min(space.shape[1:]) >= WINDOW:
        found.append(metric("SSIM", "", lambda a, b: float(structure(a, b).mean()), lower=False, floor=1.0))
    return found
