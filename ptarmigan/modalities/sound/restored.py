"""How near sounds are to those that they should be, where each was made from an input."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples, Source
from ptarmigan.data.space import Space
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.evaluator import Evaluator, count_of
from ptarmigan.metrics.features import CHUNK
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale, choose
from ptarmigan.metrics.outputs import OutputPanel
from ptarmigan.metrics.request import Notify, Request, ignore
from ptarmigan.metrics.view import View, raw_view
from ptarmigan.modalities.sound.audible import window_for
from ptarmigan.modalities.sound.masks import ideal, subtracted
from ptarmigan.modalities.sound.measures import MEASURES, Compare
from ptarmigan.modalities.sound.space import SoundSpace

AGAIN = "inputs heard again"
"""What the space of inputs decodes: of log-mel frames Griffin-Lim's sounds, of noisy sounds these."""
SUBTRACTION, RATIO = "spectral subtraction", "ideal ratio mask"
QUICK = ("stft", "mel")
PERFECT = {"si-sdr": None, "stoi": 1.0}
"""What a sound has that is as it should be, where that is not 0."""
FEWEST_VOICED = 1
"""Clips with a pitch that are needed for an error of it."""


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of outputs of the first held-out inputs, beside their targets.

    Raises:
        ValueError: there is no measure of such a name, or ``n`` is not positive.
    """
    space = samples.space
    assert isinstance(space, SoundSpace)
    n = min(count_of(samples, request), len(samples.held_out))
    known = [measure_of(key, space.rate) for key in MEASURES]
    quick = [measure for measure in known if measure.quick]

    @cache
    def panel() -> Pairs:
        return Pairs(choose(known, request.metrics, "sounds"), samples, n, notify=request.notify)

    def thorough(source: Source) -> Any:
        return panel().evaluate(source)

    return Evaluator(
        n,
        choose(known, request.metrics, "sounds"),
        thorough,
        lambda: (Pairs(quick, samples, n, errors=False),),
    )


def measure_of(key: str, rate: int) -> Measure:
    """A measure of pairs: the mean over clips of a distance."""
    name, unit, lower, of = MEASURES[key]
    compare = of(rate)

    def against(reference: Reference) -> Measured:
        targets = reference.real.set.raw()

        def measure(fake: View) -> Estimates:
            values = in_chunks(compare, targets, fake.set.raw())
            found = values[np.isfinite(values)]
            if len(found) < FEWEST_VOICED:
                return (Estimate(float("nan"), float("nan")),)
            return (reference.mean(found),)

        return measure

    scale = Scale(name, unit, lower, "mean over clips; where there is something to hear")
    perfect = PERFECT.get(key, 0.0)
    return Measure(key, (scale,), against, quick=key in QUICK, real=lambda reference: (perfect,))


def in_chunks(compare: Compare, real: NDArray[Any], fake: NDArray[Any]) -> NDArray[np.float64]:
    """A distance for every pair, a few at a time."""
    parts = range(0, len(fake), CHUNK)
    return np.concatenate([compare(real[i : i + CHUNK], fake[i : i + CHUNK]) for i in parts])


class Pairs(OutputPanel):
    """Measures of outputs, one for each of the first held-out inputs, against their targets.

    Args:
        measures: of pairs.
        samples: the real ones, with inputs.
        n: how many outputs are scored.
        errors: whether standard errors and baselines are computed.
        notify: is called with a line on what is being computed.
    """

    features = "waveforms"

    def __init__(
        self,
        measures: Iterable[Measure],
        samples: Samples,
        n: int,
        *,
        errors: bool = True,
        notify: Notify = ignore,
    ) -> None:
        words = f"{samples.space.words}; {n:,} outputs of held-out inputs against their targets"
        super().__init__(measures, samples, n, words, errors=errors, notify=notify)

    def bounds(self, measure: Measure) -> tuple[str, ...]:
        """The mask that knows the noise."""
        return (RATIO,)

    @cached_property
    def trivial(self) -> dict[str, View]:
        """What the inputs sound like; noisy ones also with their bins kept in part.

        The share that is kept is an estimate's of the noise, and that of who knows the noise.
        """
        space = self.samples.require_condition().space
        again = raw_view(heard_again(space, self.inputs))
        if type(space) is not SoundSpace:
            return {AGAIN: again}
        noisy, clean, window = again.set.raw(), self.reference.real.set.raw(), window_for(space.rate)
        return {
            AGAIN: again,
            SUBTRACTION: raw_view(subtracted(noisy, window)),
            RATIO: raw_view(ideal(noisy, clean, window)),
        }


def heard_again(space: Space, raw: NDArray[Any]) -> NDArray[Any]:
    """Raw inputs as their space decodes what it encodes."""
    parts = range(0, len(raw), CHUNK)
    return np.concatenate([space.decode(space.encode(raw[i : i + CHUNK])) for i in parts])
