"""Measures of samples of any kind, in any features."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ptarmigan.data.mixture import Mixture
from ptarmigan.metrics.classes import (
    Probabilities,
    class_balance,
    classifier_score,
    conditional_agreement,
    inception_score,
)
from ptarmigan.metrics.distance import DIRECTIONS, sliced_wasserstein
from ptarmigan.metrics.estimate import TIMES, Estimate
from ptarmigan.metrics.frechet import Moments, frechet
from ptarmigan.metrics.kernel import kid, mmd
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale, nothing
from ptarmigan.metrics.memorised import memorised
from ptarmigan.metrics.modes import Modes, modes
from ptarmigan.metrics.neighbours import (
    DENSITY_K,
    PRECISION_K,
    authenticity,
    density_coverage,
    precision_recall,
)
from ptarmigan.metrics.two_sample import classifier_test
from ptarmigan.metrics.vendi import vendi
from ptarmigan.metrics.view import View

SMALL, TIMES_SMALL, TIMES_LARGE = 256, 50, 10
"""Distances of at most ``SMALL`` features are bootstrapped ``TIMES_SMALL`` times, others ``TIMES_LARGE``."""
UNKNOWN = Estimate(float("nan"), 0.0)
SLOW_SAMPLES = 2_000
"""Samples that slow measures use, at most."""
TRAINING_SAMPLES = 20_000
"""Training samples that they compare with, at most."""
COPY_SAMPLES = 1_000
"""Samples that are searched for among all training samples, at most."""


def _frechet(reference: Reference) -> Measured:
    real = Moments.of(reference.real.features)

    def measure(fake: View) -> Estimates:
        def distance(rows: Any) -> float:
            return frechet(Moments.of(fake.features[rows]), real, warn=False)

        times = TIMES_SMALL if real.dimensions <= SMALL else TIMES_LARGE
        return (Estimate(distance(slice(None)), reference.error(distance, len(fake), times)),)

    return measure


def _kid(reference: Reference) -> Measured:
    return lambda fake: (kid(reference.real.features, fake.features),)


def _precision(reference: Reference) -> Measured:
    real = reference.real.features
    reach = reference.real.reach(PRECISION_K)
    return lambda fake: precision_recall(real, fake.features, PRECISION_K, reach)


def _density(reference: Reference) -> Measured:
    real = reference.real.features
    reach = reference.real.reach(DENSITY_K)
    return lambda fake: density_coverage(real, fake.features, DENSITY_K, reach)


def _sliced(reference: Reference) -> Measured:
    real = reference.real.features

    def measure(fake: View) -> Estimates:
        def distance(rows: Any) -> float:
            some = fake.features[rows]
            # a generator that has diverged gets a bad score instead of ending the run
            return sliced_wasserstein(some, real) if np.isfinite(some).all() else np.inf

        error = reference.error(distance, len(fake), TIMES_LARGE)
        return (Estimate(distance(slice(None)), error),)

    return measure


def _mmd(reference: Reference) -> Measured:
    real = reference.real.features[:SLOW_SAMPLES]
    return lambda fake: (mmd(real, fake.features[:SLOW_SAMPLES]).estimate,)


def _two_sample(reference: Reference) -> Measured:
    real = reference.real.features

    def measure(fake: View) -> Estimates:
        n = min(len(real), len(fake), SLOW_SAMPLES)
        return (classifier_test(real[:n], fake.features[:n]).accuracy,)

    return measure


def _vendi(reference: Reference) -> Measured:
    return lambda fake: (vendi(fake.features),)


def _classes(reference: Reference) -> Measured:
    real = probabilities(reference.real)

    def measure(fake: View) -> Estimates:
        p = probabilities(fake)
        times = TIMES if p.shape[1] <= SMALL else TIMES_LARGE

        def estimate(statistic: Callable[[Probabilities], float]) -> Estimate:
            return Estimate(statistic(p), reference.error(lambda rows: statistic(p[rows]), len(p), times))

        balance, confidence = estimate(lambda p: class_balance(p, real)), reference.mean(p.max(axis=1))
        return balance, confidence, estimate(classifier_score)

    return measure


def _agreement(reference: Reference) -> Measured:
    def measure(fake: View) -> Estimates:
        labels = fake.set.labels
        return (UNKNOWN if labels is None else conditional_agreement(probabilities(fake), labels),)

    return measure


def _inception(reference: Reference) -> Measured:
    return lambda fake: (inception_score(probabilities(fake)),)


def _modes(mixture: Mixture, reference: Reference) -> Measured:
    def measure(fake: View) -> Estimates:
        def counted(rows: Any) -> Modes:
            return modes(fake.features[rows], mixture.centres, mixture.sigma)

        found = counted(slice(None))

        def estimate(which: Callable[[Modes], float]) -> Estimate:
            error = reference.error(lambda rows: which(counted(rows)), len(fake), TIMES_SMALL)
            return Estimate(which(found), error)

        return (
            estimate(lambda m: m.divergence),
            estimate(lambda m: m.reverse_kl),
            Estimate(found.found, 0.0),
            estimate(lambda m: m.good),
        )

    return measure


def _authentic(reference: Reference) -> Measured:
    train = reference.train.features[:TRAINING_SAMPLES]
    return lambda fake: (authenticity(train, fake.features[:SLOW_SAMPLES]),)


def _copies(reference: Reference) -> Measured:
    def measure(fake: View) -> Estimates:
        held_out = reference.real.set.raw(COPY_SAMPLES)
        found = memorised(fake.set.raw(COPY_SAMPLES), reference.train.set, held_out)
        return found.exact, found.near, found.ratio

    return measure


def probabilities(view: View) -> Probabilities:
    """The class probabilities, where the features are a classifier's.

    Raises:
        ValueError: they are not.
    """
    if view.probabilities is None:
        raise ValueError("these features have no classes")
    return view.probabilities


def _no_classes(reference: Reference) -> str:
    return "" if reference.real.probabilities is not None else "the features have no classes"


def _not_conditional(reference: Reference) -> str:
    return _no_classes(reference) if reference.conditional else "the samples were not generated for classes"


def _same_sets(reference: Reference) -> str:
    return "" if reference.has_held_out else "no real samples are held out to compare with"


NEIGHBOURS = "in balls that reach to neighbour {}"
WITHIN = "good within 3 deviations of a centre"

FRECHET = Measure("frechet", (Scale("Fréchet distance", "squared features", True),), _frechet, quick=True)
KID = Measure(
    "kid", (Scale("kernel distance", "squared features", True, "KID: cubic kernel, all pairs"),), _kid
)
PRECISION = Measure(
    "precision",
    (
        Scale("precision", "share", False, NEIGHBOURS.format(PRECISION_K)),
        Scale("recall", "share", False, NEIGHBOURS.format(PRECISION_K)),
    ),
    _precision,
)
DENSITY = Measure(
    "density",
    (
        Scale("density", "balls", False, NEIGHBOURS.format(DENSITY_K)),
        Scale("coverage", "share", False, NEIGHBOURS.format(DENSITY_K)),
    ),
    _density,
)
SLICED = Measure(
    "sliced",
    (Scale("sliced Wasserstein distance", "features", True, f"{DIRECTIONS} directions, seed 0"),),
    _sliced,
    quick=True,
)
VENDI = Measure("vendi", (Scale("Vendi score", "samples", False, "cosine kernel"),), _vendi)
CLASSES = Measure(
    "classes",
    (
        Scale("class balance", "nats", True, "KL of predicted classes"),
        Scale("confidence", "probability", False, "of the most probable class"),
        Scale("classifier score", "classes", False, "the Inception Score's formula, without splits"),
    ),
    _classes,
    _no_classes,
    quick=True,
)
AGREEMENT = Measure(
    "agreement",
    (Scale("agreement", "share", False, "classified as the requested class"),),
    _agreement,
    _not_conditional,
)
INCEPTION_SCORE = Measure(
    "inception-score",
    (Scale("Inception Score", "classes", False, "of these features' classes; mean of 10 splits"),),
    _inception,
    _no_classes,
    default=False,
)
TWO_SAMPLE = Measure(
    "two-sample",
    (Scale("told from real", "accuracy", True, f"a classifier on {SLOW_SAMPLES:,} of each; 1/2 is chance"),),
    _two_sample,
)
MMD = Measure("mmd", (Scale("MMD", "squared", True, "Gaussian kernel of median width"),), _mmd, default=False)
AUTHENTICITY = Measure(
    "authenticity",
    (
        Scale(
            "authenticity",
            "share",
            False,
            f"farther from {TRAINING_SAMPLES:,} training samples than these from one another; "
            f"of {SLOW_SAMPLES:,}",
        ),
    ),
    _authentic,
    of_training=True,
)
COPIED = Measure(
    "copies",
    (
        Scale("exact copies", "share", True, "of training samples, in every value"),
        Scale(
            "near copies", "share", True, "nearer to one training sample than to ten, as 1 in 100 real are"
        ),
        Scale("distance to training", "ratio", False, "of the median to that of held-out samples"),
    ),
    _copies,
    _same_sets,
    of_training=True,
)

DISTANCES = (FRECHET, KID, PRECISION, DENSITY, SLICED, VENDI)
CLASSIFIED = (CLASSES, AGREEMENT, INCEPTION_SCORE)
TESTS = (TWO_SAMPLE, MMD, AUTHENTICITY, COPIED)
MEASURES = (*DISTANCES, *CLASSIFIED, *TESTS)
"""All of them; sets are ranked by the first that fits and of which lower is better."""


def modes_of(mixture: Mixture | None) -> Measure:
    """The coverage of the modes of a known mixture."""
    return Measure(
        "modes",
        (
            Scale("mode divergence", "nats", True, f"KL over modes and the outside; {WITHIN}"),
            Scale("reverse KL", "nats", True, f"good samples over the modes; {WITHIN}"),
            Scale("modes", "modes", False, f"with one good sample or more; {WITHIN}"),
            Scale("good samples", "share", False, WITHIN),
        ),
        partial(_modes, mixture) if mixture is not None else _no_modes,
        nothing if mixture is not None else lambda reference: "the data are not a known mixture",
        quick=True,
    )


def _no_modes(reference: Reference) -> Measured:
    raise ValueError("modes are counted only for a known mixture")
