"""What translations are scored by while a run is played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.raw import unit
from ptarmigan.metrics.score import Metric, default_metrics
from ptarmigan.metrics.similarity import WINDOW, psnr, ssim
from ptarmigan.spaces.image import ImageSpace

Measure = Callable[[NDArray[Any], NDArray[Any]], float]


def translation_metrics(samples: Samples, n: int) -> tuple[Metric, ...]:
    """The metrics of translations of the first ``n`` held-out inputs; by the first, checkpoints are kept.

    Where inputs have targets: how far outputs are from these. Of images also the Fréchet distance to held-out
    samples of the target domain.
    """
    assert samples.inputs is not None
    found: list[Metric] = []
    if samples.inputs.matched:
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

    if not isinstance(samples.space, ImageSpace):
        return [metric("pixel error", "share", wrong, lower=True, floor=0.0)]
    found = [
        metric("L1", "share of the range", l1, lower=True, floor=0.0),
        metric("PSNR", "dB", mean_psnr, lower=False, floor=float("inf")),
    ]
    if min(samples.space.shape[1:]) >= WINDOW:
        found.append(metric("SSIM", "", mean_ssim, lower=False, floor=1.0))
    return found


def l1(a: NDArray[Any], b: NDArray[Any]) -> float:
    """The mean absolute difference of pixels, as a share of their range."""
    return float(np.abs(a.astype(np.float64) - b).mean() / np.iinfo(b.dtype).max)


def wrong(a: NDArray[Any], b: NDArray[Any]) -> float:
    """The share of pixels whose class is another."""
    return float((a != b).mean())


def mean_psnr(a: NDArray[Any], b: NDArray[Any]) -> float:
    """The mean over images; of an image that is met exactly, what one of 16 bits could still tell."""
    return float(psnr(unit(a), unit(b)).clamp(max=96.0).mean())


def mean_ssim(a: NDArray[Any], b: NDArray[Any]) -> float:
    """The mean over images."""
    return float(ssim(unit(a), unit(b)).mean())
