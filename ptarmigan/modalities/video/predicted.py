"""How near frames are to those that really followed, beside what needs no network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples, Source
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.evaluator import Evaluator, count_of
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale, choose
from ptarmigan.metrics.outputs import OutputPanel
from ptarmigan.metrics.request import Notify, Request, ignore
from ptarmigan.metrics.view import View, raw_view
from ptarmigan.modalities.video.decode import Frames
from ptarmigan.modalities.video.truth import motion_energy

Floats = NDArray[np.float64]
Compare = Callable[[Frames, Frames], Floats]
"""Frames that followed and frames that were made to one number for each clip."""
LAST, LINE, MEAN = "last frame", "linear motion of values", "mean of frames given"
SCORED = 400


def pixels(real: Frames, fake: Frames) -> Floats:
    """The mean difference of values, of 255 levels: a blur is good at this."""
    return np.asarray(np.abs(real.astype(np.float64) - fake).reshape(len(real), -1).mean(1))


def noise_ratio(real: Frames, fake: Frames) -> Floats:
    """The peak signal-to-noise ratio in decibels."""
    error = np.square(real.astype(np.float64) - fake).reshape(len(real), -1).mean(1)
    return np.asarray(10 * np.log10(255**2 / np.maximum(error, 1e-2)))


def energy(real: Frames, fake: Frames) -> Floats:
    """The mean change from frame to frame over that of all that followed: of a still 0."""
    return np.asarray(motion_energy(fake)[0] / max(float(motion_energy(real)[0].mean()), 1e-9))


KNOWN: Mapping[str, tuple[Scale, Compare, float | None]] = {
    "pixels": (Scale("pixel distance", "levels", True, "mean over clips"), pixels, 0.0),
    "psnr": (Scale("PSNR", "dB", False, "mean over clips"), noise_ratio, None),
    "motion": (Scale("motion energy", "of real", False, "1 is as real; 0 a still"), energy, 1.0),
}
"""Scales, functions, and what frames have that are as they should be."""


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of frames after the first held-out ones, beside those that followed.

    Raises:
        ValueError: there is no measure of such a name, or ``n`` is not positive.
    """
    n = min(count_of(samples, request, SCORED), len(samples.held_out))
    known = [measure_of(key) for key in KNOWN]
    wanted = choose(known, request.metrics, "videos")

    @cache
    def panel() -> Predictions:
        return Predictions(wanted, samples, n, notify=request.notify)

    def thorough(source: Source) -> Any:
        return panel().evaluate(source)

    return Evaluator(n, wanted, thorough, lambda: (Predictions(known, samples, n, errors=False),))


def measure_of(key: str) -> Measure:
    """A measure of pairs: the mean over clips."""
    scale, compare, perfect = KNOWN[key]

    def against(reference: Reference) -> Measured:
        targets = reference.real.set.raw()

        def measure(fake: View) -> Estimates:
            found: Estimate = reference.mean(compare(targets, fake.set.raw()))
            return (found,)

        return measure

    return Measure(key, (scale,), against, quick=True, real=lambda reference: (perfect,))


class Predictions(OutputPanel):
    """Measures of frames, made after each of the first held-out ones, against those that followed.

    Args:
        measures: of pairs.
        samples: the real ones, with the frames before.
        n: how many are scored.
        errors: whether standard errors and baselines are computed.
        notify: is called with a line on what is being computed.
    """

    features = "values of pixels"

    def __init__(
        self,
        measures: Iterable[Measure],
        samples: Samples,
        n: int,
        *,
        errors: bool = True,
        notify: Notify = ignore,
    ) -> None:
        super().__init__(measures, samples, n, "", errors=errors, notify=notify)
        self.words = f"{samples.space.words} after {self.inputs.shape[1]} held-out ones; {n:,} clips"

    @cached_property
    def trivial(self) -> dict[str, View]:
        """The last frame for ever, the mean of those given, and every value going on as it did."""
        given, length = self.inputs, self.reference.real.set.raw().shape[1]
        last = given[:, -1:].astype(np.float64)
        steps = np.arange(1, length + 1).reshape(1, -1, 1, 1, 1)
        before = given[:, -2:-1].astype(np.float64) if given.shape[1] > 1 else last
        made = {
            LAST: last.repeat(length, 1),
            LINE: last + (last - before) * steps,
            MEAN: given.mean(1, keepdims=True).repeat(length, 1),
        }
        return {name: raw_view(np.clip(raw.round(), 0, 255).astype(np.uint8)) for name, raw in made.items()}
