"""How good points are: how they spread over the modes of a known mixture, else distances of their numbers."""

from __future__ import annotations

from functools import partial

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator, by_features, by_numbers
from ptarmigan.metrics.features import choose_features, pixels
from ptarmigan.metrics.measure import Scale
from ptarmigan.metrics.measures import MEASURES, WITHIN, modes_of
from ptarmigan.metrics.request import Request

POINTS = 2_500
"""Samples of a mixture whose modes are counted in training, as PacGAN has it."""


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of points.

    Raises:
        ValueError: there are no such features or measures, or ``n`` is not positive.
    """
    modes = modes_of(samples.mixture)
    if samples.mixture is None:
        return by_numbers(samples, request, pixels, more=(modes,))
    divergence, reverse, found, _ = modes.scales
    quick = modes.with_scales(
        divergence,
        reverse,
        Scale("modes", "modes", False, f"of {len(samples.mixture.centres)}, {found.note}"),
        Scale("good samples", "share", False, f"near any mode; {WITHIN}"),
    )
    features = partial(choose_features, request.features, pixels, request.weights)
    return by_features(
        samples,
        request,
        features,
        (modes, *MEASURES),
        (quick,),
        n=POINTS,
        quick_features=lambda: pixels,
    )
