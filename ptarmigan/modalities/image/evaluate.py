"""How good images are: distances in learnt features, classes, likeness of pairs, modes of stacked digits."""

from __future__ import annotations

from pathlib import Path

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator, by_features
from ptarmigan.metrics.features import Features, as_features
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale, nothing
from ptarmigan.metrics.measures import CLASSES, CLASSIFIED, DISTANCES, FRECHET, SLOW_SAMPLES, TESTS
from ptarmigan.metrics.request import Request
from ptarmigan.metrics.similarity import ms_ssim_diversity, scales
from ptarmigan.metrics.view import View
from ptarmigan.modalities.image.extractors.pick import extractor
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.stacked import Stacked
from ptarmigan.modalities.image.stacked_modes import learn_digits, predicted_classes, stacked_modes

QUICK = (
    FRECHET,
    CLASSES.with_scales(
        Scale("class balance", "nats", True, "KL of predicted classes"),
        Scale("confidence", "probability", False),
        Scale(
            "classifier score",
            "classes",
            False,
            "the Inception Score's formula in this classifier's own classes",
        ),
    ),
)
"""What is measured in training; by the first, checkpoints are kept."""


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of images.

    Raises:
        ValueError: there is no measure of such a name, or ``n`` is not positive.
    """
    return by_features(
        samples,
        request,
        lambda: features_of(samples, request),
        (stacks_of(samples), *MEASURES),
        QUICK,
        quick_features=lambda: extractor("auto", samples),
    )


def features_of(samples: Samples, request: Request) -> Features:
    """The features that are asked for, ready for images like these.

    Raises:
        FileNotFoundError: their weights are not there, and cannot be downloaded.
        ValueError: there are no such features, or they do not fit these images.
    """
    if not isinstance(request.features, str):
        return as_features(request.features)
    request.notify(f"the feature extractor ({request.features})")
    weights = None if request.weights is None else Path(request.weights)
    return extractor(request.features, samples, weights=weights)


def stacks_of(samples: Samples) -> Measure:
    """How many modes of stacked digits are found, where the samples are such."""
    stacks, space = samples.source, samples.space

    def against(reference: Reference) -> Measured:
        assert isinstance(stacks, Stacked)
        assert isinstance(space, ImageSpace)
        digits = learn_digits(stacks, space)

        def measure(fake: View) -> Estimates:
            found = stacked_modes(predicted_classes(fake.set.raw(), digits), stacks.frequencies)
            return found.found, found.reverse_kl

        return measure

    return Measure(
        "stacks",
        (
            Scale("stacked modes", "modes", False, "of 1,000; told by a classifier of single digits"),
            Scale("reverse KL of stacks", "nats", True, "against even modes"),
        ),
        against,
        nothing if isinstance(stacks, Stacked) else lambda reference: "the samples are no stacked digits",
    )


def alike(reference: Reference) -> Measured:
    """MS-SSIM of random pairs."""
    return lambda fake: (ms_ssim_diversity(fake.set.raw(SLOW_SAMPLES)),)


def too_small(reference: Reference) -> str:
    """Whether images are too small for it."""
    return (
        "" if scales(*reference.real.set.raw(1).shape[1:3]) > 0 else "it compares images of 11 pixels or more"
    )


ALIKE = Measure(
    "ms-ssim",
    (Scale("likeness of pairs", "MS-SSIM", True, f"random pairs among {SLOW_SAMPLES:,} samples"),),
    alike,
    too_small,
)
MEASURES = (*DISTANCES, ALIKE, *CLASSIFIED, *TESTS)
"""What is measured of any images."""
