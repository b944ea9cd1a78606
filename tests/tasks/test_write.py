"""Samples and walks as files: whole or not there, never over something else, exact, in constant memory."""

from __future__ import annotations

import io
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from ptarmigan.media.png import png
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.point.space import PointSpace
from ptarmigan.tasks.write import LONG, write_samples, write_walk

GREY = ImageSpace(5, 7, 1)
COLOUR = ImageSpace(6, 4, 3)
PLANE = PointSpace(2)
FORMS = ["folder", "a.npy", "a.npz", "a.png", "a.csv"]


def images(space: ImageSpace, n: int, seed: int = 0) -> np.ndarray:
    dtype = np.uint8 if space.bits == 8 else np.uint16
    shape = (n, space.height, space.width, space.channels)
    return np.random.default_rng(seed).integers(0, space.white, shape, dtype, endpoint=True)


def points(n: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((n, 2)).astype(np.float32)


def cut(raw: np.ndarray, by: int = 8) -> Iterator[np.ndarray]:
    return (raw[i : i + by] for i in range(0, len(raw), by))


@pytest.mark.parametrize("space", [GREY, COLOUR, ImageSpace(4, 4, 4), ImageSpace(4, 4, 2)])
def test_a_folder_holds_every_image_exactly(tmp_path, space):
    raw = images(space, 21)
    said = write_samples(space, cut(raw), 21, tmp_path / "new" / "out")
    names = sorted(p.name for p in (tmp_path / "new" / "out").iterdir())
    assert names == [f"{i:06d}.png" for i in range(21)]
    for i, name in enumerate(names):
        read = np.asarray(Image.open(tmp_path / "new" / "out" / name))
        np.testing.assert_array_equal(read.reshape(raw[i].shape), raw[i])
    assert "out" in said
    assert "21" in said


def test_sixteen_bit_grey_keeps_its_bits(tmp_path):
    raw = images(ImageSpace(5, 7, 1, bits=16), 3)
    write_samples(ImageSpace(5, 7, 1, bits=16), cut(raw), 3, tmp_path / "out")
    read = np.asarray(Image.open(tmp_path / "out" / "000002.png"))
    np.testing.assert_array_equal(read, raw[2, :, :, 0])


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_sixteen_bit_colour_is_written_whole(channels):
    """Pillow keeps the upper byte of what it reads, so the lower one is seen by swapping them."""
    raw = images(ImageSpace(5, 7, channels, bits=16), 1)[0]
    mode = {2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    for pixels in (raw, raw.byteswap()):
        read = Image.open(io.BytesIO(png(pixels)))
        read.load()  # checks the checksums
        np.testing.assert_array_equal(np.asarray(read.convert(mode)), pixels >> 8)


@pytest.mark.parametrize("form", [".npy", ".npz"])
@pytest.mark.parametrize("raw", [images(COLOUR, 21), points(21)], ids=["images", "points"])
def test_arrays_are_what_numpy_writes(tmp_path, form, raw):
    space = COLOUR if raw.ndim == 4 else PLANE
    write_samples(space, cut(raw), 21, tmp_path / f"a{form}")
    read = np.load(tmp_path / f"a{form}")
    read = read if form == ".npy" else read["arr_0"]
    assert read.dtype == raw.dtype
    np.testing.assert_array_equal(read, raw)


@pytest.mark.parametrize("out", ["a.csv", "folder"])
def test_points_come_back_from_csv_bit_for_bit(tmp_path, out):
    raw = points(21)
    write_samples(PLANE, cut(raw), 21, tmp_path / out)
    file = tmp_path / out / "points.csv" if out == "folder" else tmp_path / out
    np.testing.assert_array_equal(np.loadtxt(file, delimiter=",", dtype=np.float32), raw)


@pytest.mark.parametrize("form", [".npy", ".npz"])
def test_memory_does_not_grow_with_the_number(tmp_path, form):
    chunk = images(ImageSpace(32, 32, 3), 64)
    tracemalloc.start()
    write_samples(ImageSpace(32, 32, 3), (chunk for _ in range(200)), 12_800, tmp_path / f"a{form}")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / f"a{form}").stat().st_size > 200 * chunk.nbytes
    assert peak < 8 * chunk.nbytes


def test_a_picture_shows_every_sample(tmp_path):
    write_samples(COLOUR, cut(images(COLOUR, 9)), 9, tmp_path / "a.png")
    picture = Image.open(tmp_path / "a.png")
    rows = np.asarray(picture)
    assert {tuple(p) for p in images(COLOUR, 9).reshape(-1, 3)} <= {tuple(p) for p in rows.reshape(-1, 3)}


@pytest.mark.parametrize("form", FORMS)
def test_nothing_that_is_there_is_overwritten(tmp_path, form):
    out = tmp_path / form
    if form == "folder":
        out.mkdir()
        (out / "mine.txt").write_text("kept")
    else:
        out.write_text("kept")
    with pytest.raises(ValueError, match=f"{form} is (there already|not empty)"):
        write_samples(PLANE, cut(points(4)), 4, out)
    assert (out / "mine.txt" if form == "folder" else out).read_text() == "kept"
    assert list(tmp_path.iterdir()) == [out]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "samples.old").mkdir()
    write_samples(GREY, cut(images(GREY, 3)), 3, tmp_path / "samples.old")
    assert len(list((tmp_path / "samples.old").iterdir())) == 3


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_whole_is_not_there(tmp_path, form):
    def failing() -> Iterator[np.ndarray]:
        yield points(4)
        assert not (tmp_path / form).exists()
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        write_samples(PLANE, failing(), 8, tmp_path / form)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", [".npy", ".npz"])
def test_too_few_samples_make_no_array(tmp_path, form):
    with pytest.raises(ValueError, match="8 samples were given, and 9 were expected"):
        write_samples(PLANE, cut(points(8)), 9, tmp_path / f"a{form}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("space", "n", "out", "words"),
    [
        (GREY, 4, "a.jpg", r"a\.jpg: samples are written to a folder, \.npz, \.npy, \.png"),
        (GREY, 4, "a.csv", r"\.csv holds points"),
        (GREY, 1_025, "a.png", "at most 1,024 of these samples, not 1,025"),
        (ImageSpace(1024, 1024, 3), 100, "a.png", "at most 76 of these"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_made(tmp_path, space, n, out, words):
    def never() -> Iterator[np.ndarray]:
        raise AssertionError("a sample was made")
        yield

    with pytest.raises(ValueError, match=words):
        write_samples(space, never(), n, tmp_path / out)
    assert list(tmp_path.iterdir()) == []


def test_a_progress_bar_changes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    raw = points(LONG)
    write_samples(PLANE, cut(raw, 100), LONG, tmp_path / "a.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), raw)
    assert f"{LONG}/{LONG}" in capsys.readouterr().err


def walk_of(space: ImageSpace, legs: int = 2, frames: int = 3) -> np.ndarray:
    return images(space, legs * frames + 1)


def test_a_strip_has_a_row_for_each_leg_from_stop_to_stop(tmp_path):
    space, walk = ImageSpace(80, 160, 1), walk_of(ImageSpace(80, 160, 1))
    write_walk(space, walk, 3, tmp_path / "a.png")
    strip = np.asarray(Image.open(tmp_path / "a.png"))
    assert strip.shape == (2 * 81 - 1, 4 * 161 - 1)
    for row in range(2):
        for column in range(4):
            cell = strip[row * 81 : row * 81 + 80, column * 161 : column * 161 + 160]
            np.testing.assert_array_equal(cell, walk[row * 3 + column, :, :, 0])


def test_a_gif_shows_every_sample_and_repeats(tmp_path):
    write_walk(COLOUR, walk_of(COLOUR), 3, tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as film:
        assert film.n_frames == 7
        assert film.info["loop"] == 0


def test_a_film_of_points_has_steady_axes_and_a_growing_path(tmp_path):
    write_walk(PLANE, points(4), 3, tmp_path / "a.gif")
    orange = []
    with Image.open(tmp_path / "a.gif") as film:
        assert film.n_frames == 4
        for i in range(4):
            film.seek(i)
            r, g, b = np.moveaxis(np.asarray(film.convert("RGB")).astype(int), 2, 0)
            orange.append(int(((r > 150) & (b < 100) & (g < 200)).sum()))
    assert orange == sorted(orange)
    assert 0 < orange[0] < orange[3]


@pytest.mark.parametrize(
    "space", [ImageSpace(641, 643, 3), ImageSpace(5, 7, 4), ImageSpace(8, 8, 1, bits=16)]
)
def test_an_mp4_has_every_frame_and_even_sides(tmp_path, space):
    write_walk(space, walk_of(space), 3, tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as film:
        frames = list(film.decode(video=0))
    assert len(frames) == 7
    assert frames[0].width % 2 == frames[0].height % 2 == 0
    assert frames[0].width >= space.width


def test_an_mp4_without_pyav_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ValueError, match=r"needs PyAV: pip install 'ptarmigan\[video\]'"):
        write_walk(COLOUR, walk_of(COLOUR), 3, tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_walk_is_written_to_three_forms_only(tmp_path):
    with pytest.raises(ValueError, match=r"a walk is written to \.png \(a strip\), \.gif or \.mp4"):
        write_walk(COLOUR, walk_of(COLOUR), 3, Path("walk.npz"))
