"""Neighbours found by fast products against all distances, where products are at their worst too."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from ptarmigan.metrics import search, vectors
from ptarmigan.metrics.search import nearest, radii, within
from ptarmigan.metrics.vectors import against, checked, pair


def all_distances(a, b):
    a, b = (np.ascontiguousarray(x, float) for x in (a, b))
    return np.linalg.norm(a[:, None] - b[None], axis=2)


def rng(seed=0):
    return np.random.default_rng(seed)


def clustered():
    """Two tight clusters far apart: their insides are lost in the rounding of float32 products."""
    return np.repeat([[0.0, 0.0, 0.0], [1e3, 0.0, 0.0]], 60, 0) + 1e-4 * rng().normal(size=(120, 3))


SETS = {
    "normal": rng().normal(size=(120, 7)),
    "float32 far from zero": (5_000 + rng().normal(size=(120, 3))).astype(np.float32),
    "integers with ties": rng().integers(0, 3, (120, 4)),
    "bytes": rng().integers(0, 256, (120, 30), np.uint8),
    "half precision": rng().normal(size=(120, 5)).astype(np.float16),
    "one column rules": rng().normal(size=(120, 3)) * [1e6, 1, 1],
    "clustered": clustered(),
    "an outlier": np.vstack([rng().normal(size=(119, 3)), [[1e30, 0, 0]]]),
    "many outliers": rng().standard_cauchy(size=(120, 3)) ** 9,
    "too large for float32": 1e25 * rng().normal(size=(120, 3)),
    "squares too large": 1.7e19 * np.repeat([[1.0], [-1.0], [0.0]], 40, 0)
    + 1e17 * rng().normal(size=(120, 1)),
    "too small for float32": 1e-25 * rng().normal(size=(120, 3)),
    "copies": np.repeat(rng().normal(size=(6, 5)), 20, 0),
    "one dimension": rng().normal(size=(120, 1)),
    "laid out by columns": np.asfortranarray(rng().normal(size=(120, 40))),
}


@pytest.fixture(params=SETS)
def points(request):
    return SETS[request.param]


@pytest.fixture(params=[16, 2_048])
def rows(request, monkeypatch):
    monkeypatch.setattr(vectors, "ROWS", request.param)


@pytest.mark.usefixtures("rows")
class TestNearest:
    @pytest.mark.parametrize("k", [1, 3, 70])
    def test_distances_are_those_of_all_pairs(self, points, k):
        train, samples = points[::2], points[1::2]
        if k > len(train):
            k = len(train)
        indices, distances = nearest(train, samples, k)
        exact = all_distances(samples, train)
        np.testing.assert_array_equal(distances, np.sort(exact, axis=1)[:, :k])
        np.testing.assert_array_equal(np.take_along_axis(exact, indices, 1), distances)
        assert all(len(set(found)) == k for found in indices)

    def test_indices(self):
        points = SETS["normal"]
        exact = all_distances(points[1::2], points[::2])
        np.testing.assert_array_equal(nearest(points[::2], points[1::2], 4)[0], exact.argsort(1)[:, :4])

    def test_copies_are_found_at_distance_zero(self):
        train = rng().integers(0, 256, (300, 8, 8, 3), np.uint8)
        indices, distances = nearest(train, train[[7, 250]], 1)
        assert indices.ravel().tolist() == [7, 250]
        assert (distances == 0).all()

    def test_radii(self, points):
        exact = np.sort(all_distances(points, points), axis=1)
        for k in (1, 5):
            np.testing.assert_array_equal(radii(points, k), exact[:, k])


@pytest.mark.usefixtures("rows")
class TestWithin:
    def test_counts_are_those_of_all_pairs(self, points):
        a, b = points[::3], points[: len(points) // 2]  # half of a is in b
        of_a, of_b = radii(a, 2), radii(b, 3)
        exact = all_distances(a, b)
        expected = exact <= of_b, exact <= of_a[:, None]  # where the neighbour is in both, it is just so far
        for near, found in zip(expected, within(a, b, of_b, of_a[:, None]), strict=True):
            np.testing.assert_array_equal(found[0], near.sum(1))
            np.testing.assert_array_equal(found[1], near.sum(0))
            assert near.any()


def test_most_is_decided_by_the_product(monkeypatch):
    measured, used = [], set()
    distances, rounded = search.row_distances, search._Rounded.of
    monkeypatch.setattr(search, "row_distances", lambda a, b: measured.append(len(a)) or distances(a, b))
    monkeypatch.setattr(search._Rounded, "of", lambda *given: used.add(given[-1]) or rounded(*given))
    x = (1_000 + rng().normal(size=(600, 20))).astype(np.float32)
    radius = radii(x, 3)
    assert sum(measured) == 600 * 16  # k + 1 neighbours, and those kept in doubt
    measured.clear()
    within(x, x, radius)
    assert 600 <= sum(measured) < 0.01 * 600**2  # every third neighbour is on the surface
    measured.clear()
    radii(np.repeat(x[:20], 30, 0), 3)
    assert sum(measured) == 600 * 16
    assert used == {np.float32}


def test_memory_does_not_grow_with_the_pairs(monkeypatch):
    monkeypatch.setattr(vectors, "ROWS", 128)
    x = rng().normal(size=(3_000, 8)).astype(np.float32)
    tracemalloc.start()
    within(x, x, radii(x, 2))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < len(x) ** 2 / 2  # not even half a byte a pair


@pytest.mark.parametrize(("n", "d", "rows"), [(5_000, 3, 2_048), (5_000, 2**12, 1_024), (3, 2**23, 1)])
def test_blocks_are_small(n, d, rows):
    blocks = list(vectors.spans(n, d))
    assert blocks[0] == slice(0, rows)
    assert [i for block in blocks for i in range(block.start, block.stop)] == list(range(n))


def test_a_memory_map_will_do(tmp_path):
    x = SETS["normal"]
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    np.testing.assert_array_equal(radii(mapped, 3), radii(x, 3))
    assert isinstance(checked(mapped), np.memmap)


class TestBadInput:
    def test_too_many_neighbours(self):
        with pytest.raises(ValueError, match="not 3 nearest among 2"):
            nearest(np.zeros((2, 1)), np.zeros((1, 1)), 3)
        with pytest.raises(ValueError, match="2 neighbours need more than 2 samples, and there are 2"):
            radii(np.zeros((2, 1)), 2)

    def test_shapes(self):
        with pytest.raises(ValueError, match=r"shape \(2,\) and \(3,\)"):
            nearest(np.zeros((2, 2)), np.zeros((1, 3)))
        with pytest.raises(ValueError, match=r"real samples have the shape .* not \(4,\)"):
            pair(np.zeros(4), np.zeros((4, 1)), ("real", "fake"))
        with pytest.raises(ValueError, match=r"not \(0, 3\)"):
            checked(np.zeros((0, 3)))
        with pytest.raises(ValueError, match="of 2 and of 3 dimensions"):
            pair(np.zeros((4, 2)), np.zeros((4, 3)))

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e200])
    def test_not_finite(self, bad):
        x = np.ones((5, 2))
        x[[1, 3], 1] = bad
        with pytest.raises(ValueError, match="2 of 5 fake samples are not finite, or too large"):
            checked(x, "fake")

    def test_no_numbers(self):
        with pytest.raises(ValueError, match="samples are numbers, not <U1"):
            checked(np.array([["a"]]))
        with pytest.raises(ValueError, match="not complex128"):
            checked(np.ones((2, 2), complex))

    def test_too_few(self):
        with pytest.raises(ValueError, match="at least 3 real samples are needed, and there are 2"):
            against(np.eye(2), np.zeros((5, 2)), least=3)

    def test_nothing_to_score_against(self):
        with pytest.raises(ValueError, match="all real samples are the same"):
            against(np.ones((5, 2)), np.zeros((5, 2)))
        against(np.eye(2), np.ones((5, 2)))  # while a collapsed generator is scored
