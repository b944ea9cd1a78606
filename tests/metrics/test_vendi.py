"""The Vendi score against its definition and the cases in which it is a count."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from ptarmigan.metrics import vectors
from ptarmigan.metrics.vendi import vendi


def draw(n=200, d=6, seed=0):
    return np.random.default_rng((seed, n, d)).normal(size=(n, d))


def by_definition(x):
    """The n × n kernel, whatever n is."""
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    values = np.linalg.eigvalsh(unit @ unit.T / len(x))
    values = values[values > 1e-12]
    return np.exp(-np.sum(values * np.log(values)))


@pytest.mark.parametrize(("n", "d"), [(200, 6), (6, 200), (50, 50), (51, 50), (40, 1)])
def test_equals_the_definition(n, d):
    assert vendi(draw(n, d)).value == pytest.approx(by_definition(draw(n, d)), rel=1e-9)


def test_orthogonal_vectors_are_counted():
    for n in (2, 9, 64):
        assert vendi(7 * np.eye(n)).value == pytest.approx(n)
        assert vendi(np.repeat(np.eye(n), 5, 0)).value == pytest.approx(n)


def test_copies_count_once():
    found = vendi(np.tile(draw(1), (50, 1)))
    assert found.value == pytest.approx(1)
    assert found.error == pytest.approx(0, abs=1e-9)


def test_shares_are_weighed():
    """Three quarters of one thing and a quarter of another are exp of the entropy of (¾, ¼)."""
    x = np.repeat(np.eye(2), [75, 25], 0)
    assert vendi(x).value == pytest.approx(np.exp(-0.75 * np.log(0.75) - 0.25 * np.log(0.25)))


def test_only_directions_count():
    x = draw()
    lengths = np.random.default_rng(1).uniform(1, 9, (200, 1))
    assert vendi(x * lengths).value == pytest.approx(vendi(x).value)


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e150])
def test_whatever_the_scale(scale):
    assert vendi(scale * draw()).value == pytest.approx(vendi(draw()).value)


def test_zero_vectors_are_copies_of_each_other():
    x = np.vstack([np.eye(3), np.zeros((1, 3))])
    assert vendi(x).value == pytest.approx(4)
    assert vendi(np.repeat(x, 10, 0)).value == pytest.approx(4)
    assert vendi(np.zeros((10, 3))).value == pytest.approx(1)


def test_order_and_blocks_do_not_matter(monkeypatch):
    x = draw()
    whole = vendi(x).value
    monkeypatch.setattr(vectors, "ROWS", 17)
    assert vendi(x[::-1]).value == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("shape", [(2_000, 3), (3, 2_000)])
def test_the_smaller_matrix_is_taken(shape):
    tracemalloc.start()
    vendi(draw(*shape))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000**2


def test_grows_with_spread_and_is_at_most_the_dimensions():
    middle = np.ones(6)
    scores = [vendi(middle + s * draw()).value for s in (0.01, 0.1, 0.5, 2, 10)]
    assert scores == sorted(scores)
    assert scores[0] < 1.01
    assert 5 < scores[-1] <= 6


def test_the_error_is_that_of_the_draw():
    middle = np.ones(6)
    found = [vendi(middle + draw(seed=seed)) for seed in range(60)]
    deviation = np.std([estimate.value for estimate in found], ddof=1)
    assert np.mean([estimate.error for estimate in found]) == pytest.approx(deviation, rel=0.3)
    assert vendi(draw(), seed=1) != vendi(draw(), seed=2)
    assert vendi(draw(), seed=1) == vendi(draw(), seed=1)


def test_bad_input():
    bad = draw()
    bad[3, 3] = np.nan
    with pytest.raises(ValueError, match="1 of 200 samples are not finite"):
        vendi(bad)
    with pytest.raises(ValueError, match="at least 2 samples are needed, and there are 1"):
        vendi(draw(1))
    with pytest.raises(ValueError, match="shape"):
        vendi(np.zeros(4))
