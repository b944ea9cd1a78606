"""Inputs made from pictures: what is lost, what stays, and that any picture will do."""

from __future__ import annotations

import numpy as np
import pytest

from ptarmigan.data.samples import ArraySource
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.tasks.translate.degrade import EXAMPLES, Degraded, degradation

NAMES = ("gray", "edges", "lowres:2", "mask", "blur:2", "jpeg:10")


def random(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(0).integers(np.iinfo(dtype).max + 1, size=shape, dtype=dtype)


def made(name: str, picture: np.ndarray, i: int = 0) -> np.ndarray:
    return degradation(name).make(picture, i)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(2, 2, 1), (8, 8, 1), (12, 10, 2), (16, 24, 3), (9 * 2, 14, 4)])
def test_every_picture_becomes_what_its_space_says(name: str, dtype: type, shape: tuple[int, ...]) -> None:
    raw = random(3, *shape, dtype=dtype)
    space = ImageSpace(*shape, bits=8 * raw.itemsize, classes=("a",))
    how = degradation(name)
    source, given = Degraded(ArraySource(raw), how), how.space(space)
    out = source.read(np.array([2, 0]))
    assert out.shape == (2, given.height, given.width, given.channels)
    assert out.dtype == dtype
    assert (given.bits, given.classes) == (space.bits, ())
    np.testing.assert_array_equal(out[0], source.read(np.array([2]))[0])


def test_gray_keeps_lightness_and_alpha() -> None:
    picture = random(4, 5, 4)
    out = made("gray", picture)
    np.testing.assert_array_equal(out[..., 1], picture[..., 3])
    luma = picture[..., :3] @ np.array((0.299, 0.587, 0.114))
    assert np.abs(out[..., 0] - luma).max() <= 0.5


def square(low: int, high: int, side: int = 32) -> np.ndarray:
    picture = np.full((side, side, 3), low, np.uint8)
    picture[side // 4 : -side // 4, side // 4 : -side // 4] = high
    return picture


def test_edges_are_thin_lines_where_something_changes() -> None:
    out = made("edges", square(40, 200))[..., 0]
    assert (out[12:-12, 12:-12] == 255).all()
    assert (out[:5] == 255).all()
    across = out[16] < 128
    assert (across.sum(), across[[7, 8]].sum()) == (2, 1)


def test_edges_of_night_are_those_of_day() -> None:
    day, night = made("edges", square(40, 200)), made("edges", square(10, 30))
    np.testing.assert_array_equal(day < 128, night < 128)


def test_edges_of_what_is_flat_are_blank() -> None:
    noise = np.random.default_rng(0).integers(126, 130, (32, 32, 3), dtype=np.uint8)
    assert (made("edges", np.full((8, 8, 1), 7, np.uint8)) == 255).all()
    assert (made("edges", noise) > 150).all()


def test_edges_are_seen_in_colour_and_alpha_alone() -> None:
    colours = square(0, 0)
    colours[...] = (0, 130, 0)
    colours[8:-8, 8:-8] = (255, 0, 0)  # as light as the green
    assert (made("edges", colours) < 128).any()
    cloud = np.full((32, 32, 4), 255, np.uint8)
    cloud[..., 3] = square(0, 255)[..., 0]
    assert (made("edges", cloud) < 128).any()


def test_digits_keep_most_of_their_paper_white() -> None:
    from sklearn.datasets import load_digits

    for raw in (load_digits().images[:20] * 15.9).astype(np.uint8)[..., None]:
        assert 0.3 < (made("edges", raw) > 200).mean() < 0.9


def test_a_hole_depends_on_the_place_alone() -> None:
    first, other = random(20, 16, 3), square(0, 255)[:20, :16]
    holes = [made("mask", picture, 3)[..., 3] == 0 for picture in (first, other)]
    np.testing.assert_array_equal(*holes)
    assert 0.05 <= holes[0].mean() <= 0.27
    assert (made("mask", first, 3)[holes[0]] == 0).all()
    np.testing.assert_array_equal(made("mask", first, 3)[~holes[0]][:, :3], first[~holes[0]])
    assert not np.array_equal(made("mask", first, 4)[..., 3] == 0, holes[0])


@pytest.mark.parametrize("name", ["blur:2", "lowres:2"])
def test_what_is_not_seen_does_not_show(name: str) -> None:
    picture = np.full((16, 16, 4), 200, np.uint8)
    picture[:, 8:] = 0  # black, but see-through
    out = made(name, picture)
    assert np.abs(out[out[..., 3] > 20][:, :3].astype(int) - 200).max() <= 3


def test_blur_and_jpeg_lose_and_keep() -> None:
    picture = random(16, 16, 3)
    assert made("blur:2", picture).std() < picture.std() / 3
    flat = np.full((16, 16, 1), 0xABAB, np.uint16)
    assert np.abs(made("jpeg:50", flat).astype(int) - 0xABAB).max() <= 4 * 257
    np.testing.assert_array_equal(made("blur:3", flat), flat)


def test_lowres_needs_sides_that_shrink() -> None:
    with pytest.raises(ValueError, match="--size 8x4"):
        degradation("lowres:4").space(ImageSpace(9, 7, 3))


@pytest.mark.parametrize(
    "text", ["", "grey", "lowres:1", "lowres:99", "gray:2", "jpeg:0", "blur:x", "blur:-1"]
)
def test_what_no_degradation_is(text: str) -> None:
    with pytest.raises(ValueError, match="--pair"):
        degradation(text)


def test_the_examples_are_some() -> None:
    assert [degradation(text).name for text in EXAMPLES] == list(EXAMPLES)
