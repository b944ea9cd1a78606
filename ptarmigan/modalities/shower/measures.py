"""Measures of showers, of their high-level features and of what a detector needs in bins of energy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.frechet import Moments, frechet
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale
from ptarmigan.metrics.search import nearest
from ptarmigan.metrics.view import View

Floats: TypeAlias = NDArray[np.float64]
BINS, ENERGY_BINS = 50, 5
TIMES = 20
"""Resamplings for a standard error."""
THOUSAND = 1_000
COPIES = 1_000
"""Showers whose nearest training shower is looked for."""
SIZES, BATCH, TREES = 10, 2_000, 5_000
"""Sample sizes of the extrapolation of FPD, showers in a batch of KPD, and of each kind that trees tell
apart."""


def separation(fake: Floats, real: Floats) -> float:
    """½ Σ (p − q)²/(p + q) of the histograms of every feature, ``(n, features)``; the mean of all.

    In 50 bins of the real range; what lies beside it counts into the first and the last.
    """
    found = []
    for q, p in zip(fake.T, real.T, strict=True):
        edges = np.linspace(p.min(), p.max(), BINS + 1)
        if edges[0] == edges[-1]:
            continue
        first, second = (np.histogram(np.clip(x, edges[0], edges[-1]), edges)[0] / len(x) for x in (q, p))
        both = first + second
        found.append(0.5 * (np.square(first - second)[both > 0] / both[both > 0]).sum())
    return float(np.mean(found))


def wasserstein(fake: Floats, real: Floats) -> float:
    """The 1-Wasserstein distance of every feature over its real standard deviation; the mean of all."""
    share = (np.arange(1_000) + 0.5) / 1_000
    quantiles = [np.quantile(x, share, axis=0) for x in (fake, real)]
    spread = real.std(0)
    there = spread > 1e-9 * np.abs(real).max()
    return float((np.abs(quantiles[0] - quantiles[1]).mean(0)[there] / spread[there]).mean())


def physics_distance(fake: Floats, real: Floats) -> float:
    """FPD: a Fréchet distance, extrapolated to infinitely many samples (arXiv 2211.10295).

    Features are over their largest real absolute value; the intercept of a line in 1/N through ten sizes.
    """
    unit = np.maximum(np.abs(real).max(0), 1e-12)
    most = min(len(fake), len(real))
    sizes = np.unique(np.linspace(most / 2.5, most, SIZES).astype(int))
    rng, found = np.random.default_rng(key("shower", "fpd")), []
    for n in sizes:
        first, second = (x[rng.permutation(len(x))[:n]] / unit for x in (fake, real))
        found.append(frechet(Moments.of(first), Moments.of(second), warn=False))
    return float(np.polyfit(1 / sizes, found, 1)[1])


def kernel_distance(fake: Floats, real: Floats) -> float:
    """KPD: the median of the MMD over ten batches of 2,000 (arXiv 2211.10295 takes 5,000)."""
    unit = np.maximum(np.abs(real).max(0), 1e-12)
    rng, most = np.random.default_rng(key("shower", "kpd")), min(BATCH, len(fake), len(real))
    values = []
    for _ in range(10):
        first, second = (x[rng.permutation(len(x))[:most]] / unit for x in (fake, real))
        values.append(quartic_mmd(first, second))
    return float(np.median(values))


def quartic_mmd(first: Floats, second: Floats) -> float:
    """The squared discrepancy of the kernel (x·y/d + 1)⁴, without bias."""

    def within(x: Floats) -> float:
        values = (x @ x.T / x.shape[1] + 1) ** 4
        return float((values.sum() - np.trace(values)) / (len(x) * (len(x) - 1)))

    across = ((first @ second.T / first.shape[1] + 1) ** 4).mean()
    return within(first) + within(second) - 2 * float(across)


def tell_apart(fake: Floats, real: Floats) -> float:
    """The area under the curve of boosted trees that tell one half of both from the other; ½ is perfect."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    most = min(len(fake), len(real), TREES)
    rng = np.random.default_rng(key("shower", "auc"))
    x = np.concatenate([each[rng.permutation(len(each))[:most]] for each in (real, fake)])
    y = np.repeat([0, 1], most)
    order = rng.permutation(len(x))
    train, test = order[::2], order[1::2]
    model = HistGradientBoostingClassifier(max_iter=100, random_state=0).fit(x[train], y[train])
    return float(roc_auc_score(y[test], model.predict_proba(x[test])[:, 1]))


def in_energy_bins(fake: Floats, real: Floats) -> tuple[float, float, float]:
    """Largest differences in five bins of energy: of response, resolution and sparsity.

    The first two are relative, of the mean and the standard deviation of the response; the third is of the
    share of empty cells. Bins of fewer than two are left out.

    Args:
        fake: incident energy, response and share of hit cells, ``(n, 3)``.
        real: the same, of real showers, whose energies the bins are of equal counts of.
    """
    edges = np.quantile(real[:, 0], np.linspace(0, 1, ENERGY_BINS + 1))[1:-1]
    gaps = []
    for i in range(ENERGY_BINS):
        first, second = (x[np.searchsorted(edges, x[:, 0]) == i] for x in (fake, real))
        if min(len(first), len(second)) < 2:
            continue  # too few to say anything of
        means = [x.mean(0) for x in (first, second)]
        spreads = [x[:, 1].std() / max(x[:, 1].mean(), 1e-12) for x in (first, second)]
        gaps.append(
            (
                abs(means[0][1] / means[1][1] - 1),
                abs(spreads[0] / max(spreads[1], 1e-12) - 1),
                abs(means[0][2] - means[1][2]),
            )
        )
    response, resolution, sparsity = np.max(gaps or [(np.nan, np.nan, np.nan)], 0).tolist()
    return response, resolution, sparsity


def feature_measures() -> tuple[Measure, ...]:
    """Those of all features together; the first keeps checkpoints."""

    def of(
        name: str, scale: Scale, compare: Callable[[Floats, Floats], float], *, quick: bool = False
    ) -> Measure:
        def against(reference: Reference) -> Measured:
            real = reference.real.features.astype(np.float64)

            def measure(fake: View) -> Estimates:
                x = fake.features.astype(np.float64)
                if not np.isfinite(x).all():
                    return (Estimate(np.inf, float("nan")),)
                error = (
                    reference.error(lambda rows: compare(x[rows], real), len(x), TIMES) if quick else np.nan
                )
                return (Estimate(compare(x, real), error),)

            return measure

        return Measure(name, (scale,), against, quick=quick)

    mean = "the mean over high-level features"
    return (
        of(
            "wasserstein",
            Scale("Wasserstein distance", "real deviations", True, mean),
            wasserstein,
            quick=True,
        ),
        of("separation", Scale("separation power", "share", True, mean), separation, quick=True),
        of(
            "fpd",
            Scale("FPD ×10³", "", True, "extrapolated"),
            lambda a, b: THOUSAND * physics_distance(a, b),
        ),
        of(
            "kpd",
            Scale("KPD ×10³", "", True, "of degree 4"),
            lambda a, b: THOUSAND * kernel_distance(a, b),
        ),
        of(
            "auc",
            Scale("classifier AUC", "", True, "boosted trees on features; ½ is best"),
            tell_apart,
        ),
    )


def detector_measure(hit: Callable[[Floats], Floats]) -> Measure:
    """Response, resolution and sparsity per bin of energy.

    Args:
        hit: of high-level features, the share of all cells that are hit.
    """

    def columns(x: NDArray[Any]) -> Floats:
        x = x.astype(np.float64)
        return np.stack([x[:, 0], x[:, 1], hit(x)], 1)

    def against(reference: Reference) -> Measured:
        real = columns(reference.real.features)

        def number(x: Floats, i: int, rows: NDArray[Any]) -> float:
            return in_energy_bins(x[rows], real)[i]

        def measure(fake: View) -> Estimates:
            x = columns(fake.features)
            if not np.isfinite(x).all():
                return (Estimate(np.inf, float("nan")),) * 3
            errors = [reference.error(partial(number, x, i), len(x), TIMES) for i in range(3)]
            found = in_energy_bins(x, real)
            return tuple(Estimate(value, error) for value, error in zip(found, errors, strict=True))

        return measure

    where = f"the largest of {ENERGY_BINS} bins of incident energy"
    scales = (
        Scale("response", "relative difference", True, f"of the mean, {where}"),
        Scale("resolution", "relative difference", True, f"of the deviation, {where}"),
        Scale("sparsity", "share of cells", True, f"difference of the empty ones, {where}"),
    )
    return Measure("detector", scales, against, quick=True)


def novelty(shape: Callable[[NDArray[Any]], NDArray[Any]]) -> Measure:
    """How far showers are from the nearest training shower in shares of energy, beside held-out ones.

    Args:
        shape: the vector of raw showers, in which a shower that is scaled is the same.
    """

    def against(reference: Reference) -> Measured:
        train = shape(reference.train.set.raw())
        unit = float(np.median(nearest(train, shape(reference.real.set.raw(COPIES)), 1)[1]))

        def measure(fake: View) -> Estimates:
            distances = nearest(train, shape(fake.set.raw(COPIES)), 1)[1][:, 0] / unit
            error = reference.error(lambda rows: float(np.median(distances[rows])), len(distances), TIMES)
            return (Estimate(float(np.median(distances)), error),)

        return measure

    scale = Scale(
        "novelty", "ratio", False, "median distance to the nearest training shower over that of held-out ones"
    )
    return Measure(
        "novelty",
        (scale,),
        against,
        lambda reference: "" if reference.has_held_out else "no real showers are held out to compare with",
        of_training=True,
    )
