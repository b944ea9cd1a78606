from __future__ import annotations

import time

import numpy as np
import pytest

from ptarmigan.data.permutation import CHUNK, permute, permute_next


@pytest.mark.parametrize("size", [*range(1, 301), 1023, 1024, 1025, 4097, 100_003])
def test_every_place_is_taken_once(size: int) -> None:
    np.testing.assert_array_equal(np.sort(permute(np.arange(size), size, "key")), np.arange(size))


def test_huge_sizes_stay_inside_and_apart() -> None:
    size = 2**40 + 7
    positions = np.random.default_rng(0).integers(size, size=100_000)
    out = permute(positions, size, 1)
    assert out.min() >= 0
    assert out.max() < size
    assert len(np.unique(out)) == len(np.unique(positions))


def test_a_position_goes_to_one_place_whoever_asks() -> None:
    whole = permute(np.arange(1000), 1000, 3, "x", 0)
    some = np.array([999, 0, 17, 17])
    np.testing.assert_array_equal(permute(some, 1000, 3, "x", 0), whole[some])
    np.testing.assert_array_equal(whole, permute(np.arange(1000), 1000, 3, "x", 0))


@pytest.mark.parametrize("size", [1, 100, CHUNK, CHUNK + 1, 3 * CHUNK - 5])
def test_the_next_ones_go_where_all_of_them_do(size: int) -> None:
    whole = permute(np.arange(size), size, 3, "x", 0)
    for start in range(0, size, 999):
        batch = np.arange(start, start + 64) % size
        np.testing.assert_array_equal(permute_next(batch, size, 3, "x", 0), whole[batch])


def test_keys_give_permutations_that_have_nothing_in_common() -> None:
    orders = [
        permute(np.arange(10_000), 10_000, *k) for k in ((0, "x", 0), (0, "x", 1), (1, "x", 0), (0, "y", 0))
    ]
    for i, one in enumerate(orders):
        assert abs(np.corrcoef(one, np.arange(10_000))[0, 1]) < 0.05
        for other in orders[:i]:
            assert (one == other).mean() < 0.002
            assert abs(np.corrcoef(one, other)[0, 1]) < 0.05


def test_every_place_is_equally_likely() -> None:
    """Chi-squared of where position 0 of 10 goes under 2,000 keys: mean 9, deviation 4.2."""
    counts = np.bincount([permute(np.array([0]), 10, k)[0] for k in range(2000)], minlength=10)
    assert ((counts - 200) ** 2 / 200).sum() < 30


def test_a_million_take_less_than_a_second() -> None:
    start = time.process_time()
    permute(np.arange(1_000_000), 1_000_000, "speed")
    assert time.process_time() - start < 1


@pytest.mark.parametrize(("position", "size"), [(-1, 10), (10, 10), (0, 0), (2**40, 10)])
def test_positions_outside_are_refused(position: int, size: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        permute(np.array([0, position][-1:]), size, "key")


def test_no_position_is_no_place() -> None:
    assert permute(np.array([], np.int64), 10, "key").shape == (0,)
