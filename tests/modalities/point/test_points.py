from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.modalities.point.source import NAMES, mixture, points, read_points


def drawn(samples: Samples) -> np.ndarray:
    assert isinstance(samples.source, ArraySource)
    return samples.source.raw


@pytest.mark.parametrize("name", NAMES)
def test_a_set_is_fixed_by_its_name(name: str) -> None:
    one, other = (drawn(points(name, batch=8, seed=seed, n=500)) for seed in (0, 1))
    np.testing.assert_array_equal(one, other)
    assert one.shape == (500, 2)
    assert one.dtype == np.float32
    assert not np.array_equal(
        points(name, batch=8, seed=0).indices(0), points(name, batch=8, seed=1).indices(0)
    )


@pytest.mark.parametrize("name", NAMES)
def test_networks_see_about_unit_range_around_the_origin(name: str) -> None:
    samples = points(name, batch=8)
    x = samples.space.encode(drawn(samples))
    assert 0.9 < float(x.abs().max()) < 1.2
    assert float(x.mean(0).abs().max()) < 0.15
    assert samples.source.labels is None
    np.testing.assert_allclose(samples.space.decode(x), drawn(samples), rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_held_out_is_other_points_of_the_same_distribution(name: str) -> None:
    samples = points(name, batch=8)
    train, other = drawn(samples), samples.held_out.read(np.arange(len(samples.held_out)))
    assert len(samples) == 100_000
    assert not {tuple(p) for p in train} & {tuple(p) for p in other}
    np.testing.assert_allclose(train.mean(0), other.mean(0), atol=0.06 * train.std())
    np.testing.assert_allclose(np.cov(train.T), np.cov(other.T), atol=0.06 * train.var())


@pytest.mark.parametrize(
    ("name", "modes", "sigma", "apart"), [("ring", 8, 0.01, 0.765), ("grid", 25, 0.05, 2.0)]
)
def test_mixtures_are_those_of_the_benchmark(name: str, modes: int, sigma: float, apart: float) -> None:
    mix = mixture(name)
    assert mix is not None
    assert mix.centres.shape == (modes, 2)
    assert mix.sigma == sigma
    between = np.linalg.norm(mix.centres[:, None] - mix.centres[None], axis=2)
    assert between[between > 0].min() == pytest.approx(apart, abs=1e-3)
    x = drawn(points(name, batch=8))
    distance = np.linalg.norm(x[:, None] - mix.centres[None], axis=2)
    counts = np.bincount(distance.argmin(1), minlength=modes)
    assert abs(counts / counts.mean() - 1).max() < 0.1
    residue = x - mix.centres[distance.argmin(1)]
    np.testing.assert_allclose(residue.std(0), sigma, rtol=0.02)
    # within three deviations in the plane: 1 - exp(-9/2)
    assert (distance.min(1) < 3 * sigma).mean() == pytest.approx(1 - np.exp(-4.5), abs=0.002)


def test_ring_and_grid_lie_where_they_should() -> None:
    ring, grid = mixture("ring"), mixture("grid")
    assert ring is not None
    assert grid is not None
    np.testing.assert_allclose(np.linalg.norm(ring.centres, axis=1), 1)
    assert set(grid.centres.ravel()) == {-4, -2, 0, 2, 4}


@pytest.mark.parametrize("name", ["swissroll", "moons", "spiral", "mnist", "/a/file.csv"])
def test_what_has_no_modes(name: str) -> None:
    assert mixture(name) is None


def test_the_curves_are_curves() -> None:
    roll = drawn(points("swissroll", batch=8))
    assert 1.5 * np.pi - 1.5 < np.linalg.norm(roll, axis=1).min()
    radius, angle = np.linalg.norm(roll, axis=1), np.arctan2(roll[:, 1], roll[:, 0])
    turns = (radius - angle) / (2 * np.pi)  # on the roll, radius = angle + a whole number of turns
    assert (abs(turns - turns.round()) < 0.15).mean() > 0.98
    spiral = drawn(points("spiral", batch=8))
    radius, angle = np.linalg.norm(spiral, axis=1), np.arctan2(spiral[:, 1], spiral[:, 0])
    outer = radius > 0.5
    turns = ((3 * np.pi * radius - angle) / np.pi)[outer]
    assert (abs(turns - turns.round()) < 0.3).mean() > 0.98
    moons = drawn(points("moons", batch=8))
    upper = np.linalg.norm(moons + np.array([0.5, 0.25]), axis=1)
    lower = np.linalg.norm(moons - [0.5, 0.25], axis=1)
    assert (np.minimum(abs(upper - 1), abs(lower - 1)) < 0.2).mean() > 0.999


def test_points_from_files(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32) * 7
    np.save(tmp_path / "x.npy", x.astype(np.float64))
    np.savetxt(tmp_path / "x.csv", x, delimiter=",")
    (tmp_path / "named.csv").write_text("a,b,c\n" + (tmp_path / "x.csv").read_text())
    (tmp_path / "bom.csv").write_text("\ufeff" + (tmp_path / "x.csv").read_text(), encoding="utf-8")
    for name in ("x.npy", "x.csv", "named.csv", "bom.csv"):
        samples = points(str(tmp_path / name), batch=4)
        np.testing.assert_allclose(drawn(samples), x, rtol=1e-6)
        assert samples.space.shape == (3,)
        assert float(samples.space.encode(x).abs().max()) == pytest.approx(1)
        assert samples.draw(0).x.shape == (4, 3)
        samples.close()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.csv", b"", "empty"),
        ("names.csv", b"a,b\n", "shape"),
        ("words.csv", b"1,2\n3,x\n", "words.csv does not hold numbers"),
        ("ragged.csv", b"1,2\n3\n", "line 2 has 1 cells"),
        ("nan.csv", b"1,2\n3,nan\n", "point 2 is not finite"),
        ("large.csv", b"1,2\n3,1e300\n", "point 2 is not finite"),
        ("picture.csv", b"\x89PNG\xff\xfe", "no UTF-8 text"),
        ("text.npy", b"hello", "not a readable .npy array"),
        ("empty.npy", b"", "not a readable .npy array"),
    ],
)
def test_bad_files_are_one_line(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=reason) as caught:
        points(str(tmp_path / name), batch=4)
    assert "\n" not in str(caught.value)


def test_bad_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "flat.npy", np.zeros(5))
    np.save(tmp_path / "deep.npy", np.zeros((5, 2, 2)))
    np.save(tmp_path / "words.npy", np.array([["a", "b"]]))
    np.save(tmp_path / "pickle.npy", np.array([[{}]], object))
    for name, reason in (
        ("flat", "one point a row"),
        ("deep", "one point a row"),
        ("words", "numbers"),
        ("pickle", "numbers"),
    ):
        with pytest.raises(ValueError, match=reason):
            read_points(tmp_path / f"{name}.npy")


def test_files_and_names_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        points(str(tmp_path / "none.csv"), batch=4)
    with pytest.raises(ValueError, match="ring, grid, swissroll"):
        points("rong", batch=4)
