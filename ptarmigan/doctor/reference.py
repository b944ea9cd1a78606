"""Statistics of real samples, and the distance of others to them: variety, coverage, precision, copies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptarmigan.doctor.features import Floats, clusters
from ptarmigan.metrics.pairwise import squared_distances

CLUSTERS = 20
NEAR, WIDE = 5, 32
"""Neighbours whose distance is the radius of likeness, and of coverage, around a real sample."""
EQUAL = 0.05
"""Two generated samples are the same when they are nearer than this share of real neighbours' distance."""
COPY = 1 / 3
"""A copy is nearer to a training sample than this share of that one's distance to the next."""
SHARP = 4.0
"""The kernel of the Vendi score is exp(-SHARP · squared distance / that of two real samples)."""
LISTED = 32
"""Groups whose shares are named one by one, at most."""

Groups = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reference:
    """Real training samples, and what is measured against them.

    Attributes:
        real: their coordinates, of shape (n, axes).
        group: the class, mode or cluster of each.
        shares: how much of the data is in each group.
        named: whether groups are classes or modes, and not merely clusters.
        spread: the standard deviation of real samples along every axis.
        typical: the mean squared distance of two real samples.
        some: as many of them as are generated for a look, and ``among``, their squared distances.
        covariance: of real samples, and ``root``, its square root.
        near: the squared radius around every real sample within which another counts as like it (precision).
        wide: a larger one, within which one of a few samples is to be expected (coverage).
        neighbour: the squared distance from every real sample to the nearest other one.
        diversity: the mean distance of two real samples.
        vendi: their effective number, of as many as are generated for a look.
        group_diversity: the mean distance within each group.
    """

    real: Floats
    group: Groups
    shares: Floats
    named: bool
    spread: Floats
    typical: float
    some: Floats
    among: Floats
    covariance: Floats
    root: Floats
    near: Floats
    wide: Floats
    neighbour: Floats
    diversity: float
    vendi: float
    group_diversity: Floats

    @staticmethod
    def of(real: Floats, group: Groups | None, groups: int, count: int, seed: int) -> Reference:
        """The reference of real samples.

        Args:
            real: coordinates, of shape (n, axes).
            group: the class or mode of each; clusters are found where None.
            groups: how many there are.
            count: generated samples that will be looked at; what depends on how many there are is measured on
                as many real ones.
            seed: the random seed of the clusters.
        """
        named = group is not None
        if group is None:
            centres = clusters(real, min(CLUSTERS, max(1, len(real) // 8)), seed)
            group, groups = squared_distances(real, centres).argmin(1), len(centres)
        between = squared_distances(real, real)
        typical = float(between.mean()) * len(real) / max(1, len(real) - 1)
        np.fill_diagonal(between, np.inf)
        ordered = np.sort(between, 1)
        last = max(0, len(real) - 2)
        some = real[:count]
        among = squared_distances(some, some)
        covariance = np.atleast_2d(np.cov(real.T, bias=True))
        return Reference(
            real=real,
            group=group,
            shares=np.bincount(group, minlength=groups) / len(group),
            named=named,
            spread=real.std(0),
            typical=typical,
            some=some,
            among=among,
            covariance=covariance,
            root=_root(covariance),
            near=ordered[:, min(NEAR - 1, last)],
            wide=ordered[:, min(WIDE - 1, last)],
            neighbour=ordered[:, 0],
            diversity=_diversity(among),
            vendi=_vendi(among, typical),
            group_diversity=np.array([_within(real[group == g]) for g in range(groups)]),
        )

    def measure(self, x: Floats, requested: Groups | None = None) -> dict[str, float]:
        """Signs of samples with the coordinates ``x``, of shape (n, axes).

        - ``diversity``: mean distance of two samples over that of real ones; ``vendi``: their effective count
          over that of as many real ones (the Vendi score of order 2: Pasarkar and Dieng 2023, arXiv
          2310.12952); ``duplicates``: the share with a twin.
        - ``coverage``: how much of the real data is in groups with any sample; ``balance``: KL(groups of the
          samples ‖ of real ones), in nats; ``reached``: the share of real samples with one beside them (Naeem
          et al. 2020, arXiv 2002.09797).
        - ``precision``: the share of samples that are like a real one (Kynkäänniemi et al. 2019, arXiv
          1904.06991); ``distance``: the median distance to the nearest training sample, over that between
          training samples; ``copies``: the share that is much nearer to one than that.
        - ``frechet``: the Fréchet distance to the real samples over their variance; ``two_sample_accuracy``:
          the leave-one-out accuracy of a nearest-neighbour classifier of real against generated samples (a
          half is ideal: Lopez-Paz and Oquab 2017, arXiv 1610.06545).
        - ``share/3``: the share of class or mode 3; ``class/3``: its variety over that of real ones, where
          classes are requested, and ``class_accuracy``: the share of samples of the class requested.

        Args:
            x: coordinates.
            requested: the class that was requested of each, where there are classes.
        """
        own, out = squared_distances(x, x), {"frechet": self.frechet(x)}
        out["diversity"] = _ratio(_diversity(own), self.diversity)
        out["vendi"] = _ratio(_vendi(own, self.typical), self.vendi)
        np.fill_diagonal(own, np.inf)
        out["duplicates"] = (
            float((own.min(1) < EQUAL**2 * np.median(self.neighbour)).mean()) if len(x) > 1 else 0.0
        )
        to_real = squared_distances(x, self.real)
        out["two_sample_accuracy"] = self.two_sample_accuracy(own, to_real[:, : len(self.some)])
        nearest = to_real.argmin(1)
        distance = to_real[np.arange(len(x)), nearest]
        found = np.bincount(self.group[nearest], minlength=len(self.shares)) / len(x)
        held = found > 0
        out["coverage"] = float(self.shares[held].sum())
        out["balance"] = float(
            np.sum(found[held] * np.log(found[held] / np.maximum(self.shares[held], 1e-6)))
        )
        out["reached"] = float((to_real.min(0) < self.wide).mean())
        out["precision"] = float((to_real < self.near).any(1).mean())
        out["distance"] = _ratio(float(np.median(distance)), float(np.median(self.neighbour))) ** 0.5
        out["copies"] = float((distance < COPY**2 * self.neighbour[nearest]).mean())
        if self.named and len(found) <= LISTED:
            out |= {f"share/{g}": float(share) for g, share in enumerate(found)}
        if requested is not None:
            out["class_accuracy"] = float((self.group[nearest] == requested).mean())
            if len(found) <= LISTED:
                for g in np.unique(requested):
                    out[f"class/{g}"] = _ratio(_within(x[requested == g]), float(self.group_diversity[g]))
        return out

    def frechet(self, x: Floats) -> float:
        """The Fréchet distance of Gaussians fitted to ``x`` and to real samples, over their variance."""
        covariance = np.atleast_2d(np.cov(x.T, bias=True))
        common = np.linalg.eigvalsh(self.root @ covariance @ self.root)
        moved = ((x.mean(0) - self.real.mean(0)) ** 2).sum()
        spread = np.trace(covariance) + np.trace(self.covariance) - 2 * np.sqrt(np.maximum(common, 0)).sum()
        return _ratio(float(moved + max(spread, 0.0)), float(np.trace(self.covariance)))

    def two_sample_accuracy(self, own: Floats, others: Floats) -> float:
        """The leave-one-out accuracy of a nearest-neighbour classifier of real against generated samples.

        Args:
            own: squared distances among the samples, the diagonal infinite.
            others: squared distances to as many real ones.
        """
        among = self.among.copy()
        np.fill_diagonal(among, np.inf)
        same = np.concatenate([own.min(1) < others.min(1), among.min(1) < others.min(0)])
        return float(same.mean())


def _root(covariance: Floats) -> Floats:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)


def _diversity(between: Floats) -> float:
    n = len(between)
    return float(np.sqrt(between).sum()) / max(1, n * (n - 1))


def _within(x: Floats) -> float:
    return _diversity(squared_distances(x, x)) if len(x) > 1 else 0.0


def _vendi(between: Floats, typical: float) -> float:
    """The effective number of different samples, by a Gaussian kernel."""
    return float(1 / np.mean(np.exp(between * (-2 * SHARP / max(typical, 1e-12)))))  # entries squared


def _ratio(a: float, b: float) -> float:
    return a / b if b > 0 else float("nan")
