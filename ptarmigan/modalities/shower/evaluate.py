"""How good showers are: by what physicists look at, beside trivial generators and real ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator, by_features
from ptarmigan.metrics.features import Features, Vectors, choose_features
from ptarmigan.metrics.measure import Measure
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.shower.baselines import BOUNDS, WORDS, baselines
from ptarmigan.modalities.shower.measures import detector_measure, feature_measures, novelty
from ptarmigan.modalities.shower.source import Showers
from ptarmigan.modalities.shower.space import ShowerSpace


@dataclass(frozen=True)
class HighLevel:
    """High-level features of raw showers."""

    space: ShowerSpace
    name: str = "high-level features"

    @property
    def hash(self) -> str:
        """A digest of the calorimeter and the threshold."""
        return hashlib.sha256(repr((self.space.layers, self.space.threshold, 1)).encode()).hexdigest()[:16]

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The features of ``raw``, of shape (n, d)."""
        return self.space.describe(raw)


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of showers.

    Raises:
        ValueError: features or a measure are unknown, or ``n`` is not positive.
    """
    space = samples.space
    assert isinstance(space, ShowerSpace)
    known = measures(space)
    return by_features(
        samples,
        request,
        lambda: features_of(space, request),
        known,
        [measure for measure in known if measure.quick],
        quick_features=lambda: HighLevel(space),
        baselines=baselines(space),
        bounds=BOUNDS,
        baseline_names=WORDS,
    )


def features_of(space: ShowerSpace, request: Request) -> Features:
    """What is asked for, or high-level features."""
    return choose_features(request.features, HighLevel(space), request.weights)


def measures(space: ShowerSpace) -> tuple[Measure, ...]:
    """All measures of showers in a calorimeter."""
    names = space.features.names
    places = [names.index(f"sparsity {i}") for i in range(len(space.layers))]
    weights = np.array([layer.cells for layer in space.layers]) / space.cells

    def hit(features: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(features[:, places] @ weights, np.float64)

    def shape(raw: NDArray[Any]) -> NDArray[np.float32]:
        share = raw[:, 1:] / np.maximum(raw[:, 1:].sum(1, keepdims=True), 1e-9)
        return np.asarray(np.sqrt(share), np.float32)

    return (*feature_measures(), detector_measure(hit), novelty(shape))


def between(
    real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """The evaluator of showers beside real ones, in the calorimeter of both.

    Args:
        real: what ``Showers`` takes as data.
        fake: the same.
        request: what is asked.
        options: of ``Showers``.

    Raises:
        ValueError: they are of other calorimeters.
    """
    known = real if isinstance(real, Samples) else Showers(real, **options).open(batch=1)
    if isinstance(fake, Samples):
        space, raw = fake.space, fake.source.read(np.arange(len(fake)))
    else:
        raw, layers = Showers(fake, **options).read()
        space = ShowerSpace.of(raw, layers, known.space.threshold)
    if reason := known.space.same_form(space):
        raise ValueError(reason)
    n = request.count(len(raw))
    return evaluator(known, replace(request, n=n)), raw[:n]
