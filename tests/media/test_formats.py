"""Every format has one writer, and what it wrote is read back alike."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ptarmigan.media.arrays import write_npy, write_npz
from ptarmigan.media.gif import is_whole, write_gif
from ptarmigan.media.pictures import grid, on_white
from ptarmigan.media.png import png
from ptarmigan.media.tables import write_csv, write_parquet
from ptarmigan.media.video import write_mp4


def noise(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def parts(raw: np.ndarray) -> Iterator[np.ndarray]:
    return (raw[i : i + 3] for i in range(0, len(raw), 3))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("write", [write_npy, write_npz])
def test_an_array_in_parts_is_one_array(write, dtype):
    raw, file = noise(10, 4, 2).astype(dtype), io.BytesIO()
    write(file, parts(raw), 10)
    file.seek(0)
    read = np.load(file)
    np.testing.assert_array_equal(read if write is write_npy else read["arr_0"], raw)


def test_an_array_of_another_length_than_announced_is_refused():
    with pytest.raises(ValueError, match="10 samples were given, and 11 were expected"):
        write_npy(io.BytesIO(), parts(noise(10, 2)), 11)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_sixteen_bit_colour_keeps_its_bits(channels):
    pixels = noise(5, 7, channels, dtype=np.uint16)
    data = png(pixels)
    assert Image.open(io.BytesIO(data)).size == (7, 5)
    start = data.index(b"IDAT") + 4
    rows = zlib.decompress(data[start : data.index(b"IEND") - 8])
    read = np.frombuffer(rows, np.uint8).reshape(5, 1 + 7 * channels * 2)[:, 1:]
    np.testing.assert_array_equal(read.copy().view(">u2").reshape(pixels.shape), pixels)


def test_a_gif_has_its_times_and_repeats(tmp_path):
    frames = [Image.fromarray(np.full((6, 4, 3), 60 * i, np.uint8)) for i in range(3)]
    write_gif(iter(frames), tmp_path / "a.gif", [100, 100, 2000])
    with Image.open(tmp_path / "a.gif") as film:
        assert (film.n_frames, film.info["loop"]) == (3, 0)
        shown = []
        for i in range(3):
            film.seek(i)
            shown.append(film.info["duration"])
            assert np.asarray(film.convert("RGB")).max() == 60 * i
    assert shown == [100, 100, 2000]


def test_a_gif_is_whole_up_to_its_last_byte(tmp_path):
    rng = np.random.default_rng(0)
    for extra in ({}, {"transparency": 3}):
        frames = [
            Image.fromarray(rng.integers(0, 255, (9, 7, 3), dtype=np.uint8)).quantize(17) for _ in "abc"
        ]
        frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], comment=b"a;b", **extra)
        data = (tmp_path / "a.gif").read_bytes()
        assert is_whole(data)
        assert is_whole(data + b"what some hosts add")
        assert not any(is_whole(data[:n]) for n in range(len(data) - 1))


def test_a_gif_stays_transparent(tmp_path):
    pixels = noise(6, 4, 4)
    pixels[..., 3] = 255
    pixels[:3, :, 3] = 0
    write_gif(
        [Image.fromarray(pixels), Image.fromarray(pixels[:, ::-1].copy())], tmp_path / "a.gif", 50, loop=None
    )
    with Image.open(tmp_path / "a.gif") as film:
        assert "loop" not in film.info
        film.seek(1)
        alpha = np.asarray(film.convert("RGBA"))[..., 3]
    assert alpha[:3].max() == 0
    assert alpha[3:].min() == 255


def test_an_mp4_shows_every_frame_with_even_sides(tmp_path):
    frames = (Image.fromarray(np.full((33, 35, 3), 80 * i, np.uint8)) for i in range(4))
    write_mp4(frames, tmp_path / "a.mp4", 12)
    with av.open(str(tmp_path / "a.mp4")) as film:
        assert film.streams.video[0].average_rate == 12
        read = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert [pixels.shape for pixels in read] == [(34, 36, 3)] * 4
    assert [pixels.mean() for pixels in read] == pytest.approx([0, 80, 160, 240], abs=6)


@pytest.mark.parametrize(("write", "read"), [(write_csv, pd.read_csv), (write_parquet, pd.read_parquet)])
def test_frames_become_one_table(tmp_path: Path, write, read):
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    write(tmp_path / "table", (frame[i : i + 1] for i in range(3)))
    pd.testing.assert_frame_equal(read(tmp_path / "table"), frame, check_dtype=False)


def test_images_stand_in_a_grid():
    raw = np.arange(1, 7, dtype=np.uint8).reshape(6, 1, 1, 1) * np.ones((1, 2, 2, 1), np.uint8)
    pixels = np.asarray(grid(raw, columns=3))
    enlarged = pixels.shape[0] // 5
    np.testing.assert_array_equal(pixels[::enlarged, ::enlarged][::3, ::3], [[1, 2, 3], [4, 5, 6]])
    with pytest.raises(ValueError, match="at least one image"):
        grid(raw[:0])


def test_what_is_transparent_becomes_white():
    clear = Image.fromarray(np.zeros((2, 2, 4), np.uint8))
    assert np.asarray(on_white(clear)).min() == 255
