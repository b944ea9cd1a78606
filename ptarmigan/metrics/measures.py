"""What can be measured of samples: a table, and how each measure is worked out from what the judge saw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from numpy.typing import NDArray

from ptarmigan.data.mixture import Mixture
from ptarmigan.metrics.classes import (
    Probabilities,
    class_balance,
    classifier_score,
    conditional_agreement,
    inception_score,
)
from ptarmigan.metrics.distance import DIRECTIONS, sliced_wasserstein
from ptarmigan.metrics.estimate import TIMES, Estimate, bootstrap, mean_of
from ptarmigan.metrics.frechet import Moments, frechet
from ptarmigan.metrics.kernel import kid, mmd
from ptarmigan.metrics.memorised import memorised
from ptarmigan.metrics.modes import Modes, modes
from ptarmigan.metrics.neighbours import (
    DENSITY_K,
    PRECISION_K,
    authenticity,
    density_coverage,
    precision_recall,
)
from ptarmigan.metrics.similarity import ms_ssim_diversity, scales
from ptarmigan.metrics.two_sample import classifier_test
from ptarmigan.metrics.vendi import vendi
from ptarmigan.metrics.view import View
from ptarmigan.modalities.image.stacked_modes import StackedModes

SMALL, TIMES_SMALL, TIMES_LARGE = 256, 50, 10
"""Up to so many features a distance is cheap to work out so many times; with more, so few times."""
UNKNOWN = Estimate(float("nan"), 0.0)
LOOKED_AT = 2_000
"""Samples that slow measures look at."""
TRAINED = 20_000
"""Training samples that they are compared with."""
COPIES = 1_000
"""Samples that are looked for among all training samples."""


@dataclass(frozen=True)
class Scale:
    """What a number says.

    Attributes:
        name: of the measure.
        unit: of the number.
        lower_is_better: its direction.
        note: what of its definition there is to choose.
    """

    name: str
    unit: str
    lower_is_better: bool
    note: str = ""


@dataclass(frozen=True, eq=False)
class Reference:
    """The real samples.

    Attributes:
        real: what is compared with.
        train: what was learnt from; the same where nothing is held out.
        apart: whether they differ.
        mixture: what the samples were drawn from, where that is known.
        stacks: counts the modes of raw samples where these are stacked digits.
        asked: whether the labels of samples are the classes that they were asked to be.
    """

    real: View
    train: View
    apart: bool
    mixture: Mixture | None = None
    stacks: Callable[[NDArray[Any]], StackedModes] | None = None
    asked: bool = False


Numbers: TypeAlias = tuple[Estimate, ...]
Measured: TypeAlias = Callable[[View], Numbers]


@dataclass(frozen=True)
class Measure:
    """One or more numbers that are worked out together.

    Attributes:
        key: its short name, for ``--metrics``.
        scales: what each number says.
        against: real samples to a function that measures others.
        unfit: why it cannot be measured here, or nothing.
        usual: whether it is measured when nothing else is said.
        of_training: whether samples are compared with those for training, so that its floor is what held-out
            real samples score.
    """

    key: str
    scales: tuple[Scale, ...]
    against: Callable[[Reference], Measured]
    unfit: Callable[[Reference], str] = lambda reference: ""
    usual: bool = True
    of_training: bool = False


def chosen(keys: Sequence[str]) -> tuple[Measure, ...]:
    """The measures of those short names; the usual ones when none are given, every one for ``all``.

    Raises:
        ValueError: there is no measure of that name.
    """
    if "all" in keys:
        return MEASURES
    known = {measure.key: measure for measure in MEASURES}
    for key in keys:
        if key not in known:
            raise ValueError(f"there is no measure {key!r}: choose from {', '.join(known)}, or all")
    return tuple(known[key] for key in keys) or tuple(m for m in MEASURES if m.usual)


def keys_of(names: Iterable[str]) -> tuple[str, ...]:
    """The short names of the measures that give scores of these names."""
    wanted = {*names}
    return tuple(m.key for m in MEASURES if wanted & {scale.name for scale in m.scales})


def _frechet(reference: Reference) -> Measured:
    real = Moments.of(reference.real.features)

    def measure(fake: View) -> Numbers:
        def distance(rows: Any) -> float:
            return frechet(Moments.of(fake.features[rows]), real, warn=False)

        times = TIMES_SMALL if real.dimensions <= SMALL else TIMES_LARGE
        return (Estimate(distance(slice(None)), bootstrap(distance, len(fake), times, 0)),)

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

    def measure(fake: View) -> Numbers:
        def distance(rows: Any) -> float:
            return sliced_wasserstein(fake.features[rows], real)

        error = bootstrap(distance, len(fake), TIMES_LARGE, 0)
        return (Estimate(distance(slice(None)), error),)

    return measure


def _mmd(reference: Reference) -> Measured:
    real = reference.real.features[:LOOKED_AT]
    return lambda fake: (mmd(real, fake.features[:LOOKED_AT]).estimate,)


def _two_sample(reference: Reference) -> Measured:
    real = reference.real.features

    def measure(fake: View) -> Numbers:
        n = min(len(real), len(fake), LOOKED_AT)
        return (classifier_test(real[:n], fake.features[:n]).accuracy,)

    return measure


def _vendi(reference: Reference) -> Measured:
    return lambda fake: (vendi(fake.features),)


def _alike(reference: Reference) -> Measured:
    return lambda fake: (ms_ssim_diversity(fake.set.raw(LOOKED_AT)),)


def _classes(reference: Reference) -> Measured:
    real = told(reference.real)

    def measure(fake: View) -> Numbers:
        p = told(fake)
        times = TIMES if p.shape[1] <= SMALL else TIMES_LARGE

        def estimate(statistic: Callable[[Probabilities], float]) -> Estimate:
            return Estimate(statistic(p), bootstrap(lambda rows: statistic(p[rows]), len(p), times, 0))

        return estimate(lambda p: class_balance(p, real)), mean_of(p.max(axis=1)), estimate(classifier_score)

    return measure


def _agreement(reference: Reference) -> Measured:
    def measure(fake: View) -> Numbers:
        labels = fake.set.labels
        return (UNKNOWN if labels is None else conditional_agreement(told(fake), labels),)

    return measure


def _inception(reference: Reference) -> Measured:
    return lambda fake: (inception_score(told(fake)),)


def _modes(reference: Reference) -> Measured:
    mixture = reference.mixture
    if mixture is None:
        raise ValueError("modes are counted where the samples are of a known mixture")

    def measure(fake: View) -> Numbers:
        def counted(rows: Any) -> Modes:
            return modes(fake.features[rows], mixture.centres, mixture.sigma)

        found = counted(slice(None))

        def estimate(which: Callable[[Modes], float]) -> Estimate:
            error = bootstrap(lambda rows: which(counted(rows)), len(fake), TIMES_SMALL, 0)
            return Estimate(which(found), error)

        return (
            estimate(lambda m: m.divergence),
            estimate(lambda m: m.reverse_kl),
            Estimate(float(found.found), 0.0),
            estimate(lambda m: m.good),
        )

    return measure


def _stacks(reference: Reference) -> Measured:
    count = reference.stacks
    if count is None:
        raise ValueError("stacks are counted where the samples are stacked digits")

    def measure(fake: View) -> Numbers:
        found = count(fake.set.raw())
        return found.found, found.reverse_kl

    return measure


def _authentic(reference: Reference) -> Measured:
    train = reference.train.features[:TRAINED]
    return lambda fake: (authenticity(train, fake.features[:LOOKED_AT]),)


def _copies(reference: Reference) -> Measured:
    def measure(fake: View) -> Numbers:
        held_out = reference.real.set.raw(COPIES)
        found = memorised(fake.set.raw(COPIES), reference.train.set, held_out)
        return found.exact, found.near, found.ratio

    return measure


def told(view: View) -> Probabilities:
    """The probabilities of the classes, where the features tell some."""
    if view.probabilities is None:
        raise ValueError("these features tell no classes")
    return view.probabilities


def _no_classes(reference: Reference) -> str:
    return "" if reference.real.probabilities is not None else "the features tell no classes"


def _not_asked(reference: Reference) -> str:
    return _no_classes(reference) if reference.asked else "the samples were not asked to be of a class"


def _no_images(reference: Reference) -> str:
    raw = reference.real.set.raw(1)
    large = raw.ndim == 4 and scales(*raw.shape[1:3]) > 0
    return "" if large else "it compares images of 11 pixels or more"


def _no_mixture(reference: Reference) -> str:
    return "" if reference.mixture is not None else "the samples are of no known mixture"


def _no_stacks(reference: Reference) -> str:
    return "" if reference.stacks is not None else "the samples are no stacked digits"


def _same_sets(reference: Reference) -> str:
    return "" if reference.apart else "no real samples are held out that could say how near is near"


NEIGHBOURS = "in balls that reach to neighbour {}"
WITHIN = "good within 3 deviations of a centre"

MEASURES = (
    Measure(
        "modes",
        (
            Scale("mode divergence", "nats", True, f"KL over modes and the outside; {WITHIN}"),
            Scale("reverse KL", "nats", True, f"good samples over the modes; {WITHIN}"),
            Scale("modes", "modes", False, f"with one good sample or more; {WITHIN}"),
            Scale("good samples", "share", False, WITHIN),
        ),
        _modes,
        _no_mixture,
    ),
    Measure(
        "stacks",
        (
            Scale("stacked modes", "modes", False, "of 1,000; told by a classifier of single digits"),
            Scale("reverse KL of stacks", "nats", True, "against even modes"),
        ),
        _stacks,
        _no_stacks,
    ),
    Measure("frechet", (Scale("Fréchet distance", "squared features", True),), _frechet),
    Measure(
        "kid", (Scale("kernel distance", "squared features", True, "KID: cubic kernel, all pairs"),), _kid
    ),
    Measure(
        "precision",
        (
            Scale("precision", "share", False, NEIGHBOURS.format(PRECISION_K)),
            Scale("recall", "share", False, NEIGHBOURS.format(PRECISION_K)),
        ),
        _precision,
    ),
    Measure(
        "density",
        (
            Scale("density", "balls", False, NEIGHBOURS.format(DENSITY_K)),
            Scale("coverage", "share", False, NEIGHBOURS.format(DENSITY_K)),
        ),
        _density,
    ),
    Measure(
        "sliced",
        (Scale("sliced Wasserstein distance", "features", True, f"{DIRECTIONS} directions, seed 0"),),
        _sliced,
    ),
    Measure("vendi", (Scale("Vendi score", "samples", False, "cosine kernel"),), _vendi),
    Measure(
        "ms-ssim",
        (Scale("likeness of pairs", "MS-SSIM", True, f"random pairs among {LOOKED_AT:,} samples"),),
        _alike,
        _no_images,
    ),
    Measure(
        "classes",
        (
            Scale("class balance", "nats", True, "KL of predicted classes"),
            Scale("confidence", "probability", False, "of the most probable class"),
            Scale("classifier score", "classes", False, "the Inception Score's formula, without splits"),
        ),
        _classes,
        _no_classes,
    ),
    Measure(
        "agreement",
        (Scale("agreement", "share", False, "told as the class they were asked to be"),),
        _agreement,
        _not_asked,
    ),
    Measure(
        "inception-score",
        (Scale("Inception Score", "classes", False, "of these features' classes; mean of 10 splits"),),
        _inception,
        _no_classes,
        usual=False,
    ),
    Measure(
        "two-sample",
        (Scale("told from real", "accuracy", True, f"a classifier on {LOOKED_AT:,} of each; 1/2 is chance"),),
        _two_sample,
    ),
    Measure("mmd", (Scale("MMD", "squared", True, "Gaussian kernel of median width"),), _mmd, usual=False),
    Measure(
        "authenticity",
        (
            Scale(
                "authenticity",
                "share",
                False,
                f"farther from {TRAINED:,} training samples than these from one another; of {LOOKED_AT:,}",
            ),
        ),
        _authentic,
        of_training=True,
    ),
    Measure(
        "copies",
        (
            Scale("exact copies", "share", True, "of training samples, in every value"),
            Scale(
                "near copies",
                "share",
                True,
                "nearer to one training sample than to ten, as 1 in 100 real are",
            ),
            Scale("distance to training", "ratio", False, "of the median to that of held-out samples"),
        ),
        _copies,
        _same_sets,
        of_training=True,
    ),
)
"""All measures; by the first that fits, of which lower is better, a set is ranked."""
