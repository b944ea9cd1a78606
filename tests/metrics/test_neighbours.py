"""Precision, recall, density, coverage and authenticity against plain implementations on all distances."""

from __future__ import annotations

import numpy as np
import pytest

from ptarmigan.metrics import vectors
from ptarmigan.metrics.neighbours import authenticity, density_coverage, precision_recall


def draw(n=200, d=6, seed=0, scale=1.0):
    return scale * np.random.default_rng((seed, n, d)).normal(size=(n, d))


def brute_force(real, fake, k):
    """All four, and authenticity, one sample at a time; written after the papers, not after the package."""
    real, fake = real.astype(float), fake.astype(float)
    distance = lambda a, b: np.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))
    kth = lambda one, others, k: sorted(distance(one, other) for other in others)[k - 1]
    others = lambda points, i: [points[j] for j in range(len(points)) if j != i]
    of_real = [kth(real[i], others(real, i), k) for i in range(len(real))]
    of_fake = [kth(fake[i], others(fake, i), k) for i in range(len(fake))]
    precision = np.mean([any(distance(f, r) <= d for r, d in zip(real, of_real, strict=True)) for f in fake])
    recall = np.mean([any(distance(r, f) <= d for f, d in zip(fake, of_fake, strict=True)) for r in real])
    density = sum(distance(f, r) <= d for f in fake for r, d in zip(real, of_real, strict=True))
    coverage = np.mean([any(distance(f, r) <= d for f in fake) for r, d in zip(real, of_real, strict=True)])
    authentic = []
    for f in fake:
        to_real = [distance(f, r) for r in real]
        i = int(np.argmin(to_real))
        authentic.append(to_real[i] > kth(real[i], others(real, i), 1))
    return precision, recall, density / (k * len(fake)), coverage, np.mean(authentic)


def measured(real, fake, k):
    found = (*precision_recall(real, fake, k), *density_coverage(real, fake, k), authenticity(real, fake))
    return tuple(estimate.value for estimate in found)


def digits(n, seed):
    """Small counts, so that many distances are equal."""
    return np.random.default_rng(seed).integers(0, 3, (n, 5))


SETS = {
    "normal": (draw(60, 3), draw(60, 3, 1, 1.2)),
    "of different sizes": (draw(70, 3), draw(40, 3, 1)),
    "float32": (draw(60, 4).astype(np.float32) + 100, draw(60, 4, 1).astype(np.float32) + 100),
    "counts": (digits(60, 0), digits(50, 1)),
    "some copied": (draw(60, 3), np.vstack([draw(60, 3)[:30], draw(30, 3, 1)])),
    "copies within": (np.repeat(draw(15, 3), 4, 0), np.repeat(draw(15, 3), 4, 0) + np.eye(3)[0] / 1e3),
    "collapsed": (draw(60, 3), np.tile(draw(1, 3), (60, 1))),
    "apart": (draw(60, 3), draw(60, 3, 1) + 100),
}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("k", [1, 3, 5])
def test_equal_to_brute_force(name, k, monkeypatch):
    expected = brute_force(*SETS[name], k)
    assert measured(*SETS[name], k) == pytest.approx(expected, abs=1e-12)
    monkeypatch.setattr(vectors, "ROWS", 17)
    assert measured(*SETS[name], k) == pytest.approx(expected, abs=1e-12)


def test_known_cases():
    """Points on a line: balls of radius 1 around 0, 1, 2 and 3."""
    real = np.arange(4.0)[:, None]
    fake = np.array([[-1.0], [-1.1], [1.5], [9.0]])
    precision, recall = precision_recall(real, fake, k=1)
    assert precision.value == 2 / 4  # -1 is on a surface
    # around the fake ones are balls of radius 0.1, 0.1, 2.5 and 7.5, which reach all
    assert recall.value == 1
    density, coverage = density_coverage(real, fake, k=1)
    assert density.value == (1 + 0 + 2 + 0) / 4
    assert coverage.value == 3 / 4
    assert authenticity(real, fake).value == 2 / 4  # -1 is as far from 0 as 1 is


class TestProperties:
    def test_identical_sets(self):
        x = draw()
        precision, recall = precision_recall(x, x)
        density, coverage = density_coverage(x, x)
        assert precision.value == recall.value == coverage.value == 1
        assert precision.error == recall.error == coverage.error == 0
        assert density.value == pytest.approx(1, abs=0.3)
        assert authenticity(x, x).value == 0

    def test_precision_of_one_is_recall_of_the_other(self):
        a, b = draw(150), draw(120, seed=1, scale=1.3)
        assert precision_recall(a, b) == precision_recall(b, a)[::-1]

    def test_order_does_not_matter(self):
        a, b = draw(150), draw(120, seed=1, scale=1.3)
        shuffled = (np.random.default_rng(0).permutation(x) for x in (a, b))
        assert measured(*shuffled, 3) == pytest.approx(measured(a, b, 3), abs=1e-12)

    def test_noise_costs_fidelity(self):
        real, fake = draw(400), draw(400, seed=1)
        noise = draw(400, seed=2)
        levels = [fake + s * noise for s in (0, 0.5, 1, 2, 4)]
        precision = [precision_recall(real, x)[0].value for x in levels]
        density, coverage = zip(*(density_coverage(real, x) for x in levels), strict=True)
        for scores in (precision, [d.value for d in density], [c.value for c in coverage]):
            assert scores == sorted(scores, reverse=True)
            assert scores[0] > 0.8 > 0.3 > scores[-1]

    def test_lost_modes_cost_variety_and_not_fidelity(self):
        centres = 20 * np.eye(6)
        cluster = lambda modes, seed: draw(300, seed=seed) + centres[np.arange(300) % modes]
        precision, recall = precision_recall(cluster(6, 0), cluster(2, 1))
        _, coverage = density_coverage(cluster(6, 0), cluster(2, 1))
        assert precision.value > 0.6
        assert recall.value == pytest.approx(1 / 3, abs=0.1)
        assert coverage.value == pytest.approx(1 / 3, abs=0.1)

    def test_copies_are_not_authentic(self):
        train, held_out = draw(300), draw(300, seed=1)
        copies = train + 1e-3 * held_out
        floor = authenticity(train, held_out)
        assert authenticity(train, copies).value == 0
        half = np.vstack([copies[:150], held_out[:150]])
        assert authenticity(train, half).value == pytest.approx(floor.value / 2, abs=3 * floor.error)

    def test_errors_are_those_of_the_samples_asked_about(self):
        real = draw(400)
        draws = [density_coverage(real, draw(100, seed=1 + seed))[0] for seed in range(100)]
        deviation = np.std([density.value for density in draws], ddof=1)
        assert np.mean([density.error for density in draws]) == pytest.approx(deviation, rel=0.25)


@pytest.mark.parametrize("metric", [precision_recall, density_coverage, authenticity])
class TestBadInput:
    def test_not_more_than_k(self, metric):
        arguments, least = ((), 2) if metric is authenticity else ((4,), 5)
        for sets, which in (((draw(least - 1), draw()), "real"), ((draw(), draw(least - 1)), "fake")):
            words = f"at least {least} {which} samples are needed, and there are {least - 1}"
            with pytest.raises(ValueError, match=words):
                metric(*sets, *arguments)

    def test_dimensions(self, metric):
        with pytest.raises(ValueError, match="of 6 and of 3 dimensions"):
            metric(draw(), draw(d=3))

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_not_finite(self, metric, bad):
        x = draw()
        x[7] = bad
        with pytest.raises(ValueError, match="1 of 200 fake samples are not finite"):
            metric(draw(), x)

    def test_nothing_to_score_against(self, metric):
        with pytest.raises(ValueError, match="all real samples are the same"):
            metric(np.ones((200, 6)), draw())


@pytest.mark.parametrize("metric", [precision_recall, density_coverage])
def test_no_neighbour_at_all(metric):
    with pytest.raises(ValueError, match="0 neighbours"):
        metric(draw(), draw(), 0)
