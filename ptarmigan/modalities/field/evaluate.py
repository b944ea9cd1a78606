"""How good fields are: their spectra and values, and distances in their embedding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.evaluator import Evaluator, by_features
from ptarmigan.metrics.features import EmbeddedFeatures, choose_features
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale
from ptarmigan.metrics.measures import MEASURES
from ptarmigan.metrics.request import Request
from ptarmigan.metrics.view import View
from ptarmigan.modalities.field.space import FieldSpace
from ptarmigan.modalities.field.spectrum import QUIET, spectrum

TIMES = 50
"""Resamplings for a standard error."""
QUANTILES = np.linspace(0.005, 0.995, 100)


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of patches of fields.

    Raises:
        ValueError: there is no measure of such a name, or ``n`` is not positive.
    """
    space = samples.space
    assert isinstance(space, FieldSpace)
    own = EmbeddedFeatures(space)
    spectra, values = spectrum_measure(space), values_measure(space)
    return by_features(
        samples,
        request,
        lambda: choose_features(request.features, own, request.weights),
        (spectra, values, *MEASURES),
        (spectra, values),
        quick_features=lambda: own,
    )


def spectrum_measure(space: FieldSpace) -> Measure:
    """The distance of mean spectra, in decibels, over waves and channels."""

    def against(reference: Reference) -> Measured:
        real = power(space, reference.real.set.raw()).mean(0)

        def measure(fake: View) -> Estimates:
            found = power(space, fake.set.raw())

            def distance(rows: Any) -> float:
                ratio = np.maximum(found[rows].mean(0), QUIET) / np.maximum(real, QUIET)
                return float(10 * np.sqrt(np.square(np.log10(ratio)).mean()))

            return (Estimate(distance(slice(None)), reference.error(distance, len(found), TIMES)),)

        return measure

    note = (
        "root mean square over waves of the logarithm of mean radial spectra, of values as networks see them"
    )
    return Measure("spectrum", (Scale("spectrum", "dB", True, note),), against, quick=True)


def values_measure(space: FieldSpace) -> Measure:
    """The Wasserstein distance of the values of all places, as shares of the range that networks see."""

    def against(reference: Reference) -> Measured:
        real = quantiles(space, reference.real.set.raw())

        def measure(fake: View) -> Estimates:
            raw = fake.set.raw()

            def distance(rows: Any) -> float:
                return float(np.abs(quantiles(space, raw[rows]) - real).mean()) / 2

            return (Estimate(distance(slice(None)), reference.error(distance, len(raw), TIMES // 5)),)

        return measure

    note = "Wasserstein distance of the values of all places, a mean over channels"
    return Measure("values", (Scale("values", "share of the range", True, note),), against, quick=True)


def power(space: FieldSpace, raw: NDArray[Any]) -> NDArray[np.float64]:
    """Spectra ``(n, channels, waves)`` of raw fields as networks see them, without their mean."""
    return spectrum(space.encode(raw).numpy()[:, : space.count])[..., 1:]


def quantiles(space: FieldSpace, raw: NDArray[Any]) -> NDArray[np.float64]:
    """Quantiles ``(100, channels)`` of values as networks see them."""
    x = space.encode(raw).numpy()[:, : space.count]
    found: NDArray[np.float64] = np.quantile(x.swapaxes(0, 1).reshape(x.shape[1], -1), QUANTILES, axis=1)
    return found
