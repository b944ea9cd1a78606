from __future__ import annotations

import gzip
import io
import json
import os
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import environment
from PIL import Image
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from ptarmigan.data import cache
from ptarmigan.data.blank import Blank
from ptarmigan.data.left_out import left_out
from ptarmigan.modalities.image import decode, files, reading, survey
from ptarmigan.modalities.image.source import Images, parse_size
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.point.space import PointSpace


def random(*shape: int, dtype: type = np.uint8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(np.iinfo(dtype).max + 1, size=shape, dtype=dtype)


def smooth(height: int, width: int, channels: int = 3) -> np.ndarray:
    """A picture that survives JPEG: every channel a slope, and all four corners different."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [255 * x / width, 255 * y / height, 127 * (x / width + y / height), 255 * (1 - y / height)]
    return np.stack(planes[:channels], 2).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(pixels: np.ndarray) -> bytes:
    return encoded(Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels), "PNG")


def folder(root: Path, **contents: bytes) -> Path:
    """Files by name; ``__`` stands for a slash and the last ``_`` for the dot."""
    for name, data in contents.items():
        path = root / ".".join(name.replace("__", "/").rsplit("_", 1))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def many(root: Path, n: int, pixels: Callable[[int], np.ndarray] = lambda i: random(6, 5, 3, seed=i)) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        (root / f"{i:03d}.png").write_bytes(png(pixels(i)))
    return root


def everything(data: object, **options: object) -> np.ndarray:
    samples = Images(data, **options).open(batch=1)  # type: ignore[arg-type]
    return samples.source.read(np.arange(len(samples)))


# --- what a file decodes to


def test_png_of_every_kind() -> None:
    for channels in (1, 2, 3, 4):
        pixels = random(5, 7, channels)
        data = png(pixels)
        np.testing.assert_array_equal(decode.decode(data), pixels)
        assert decode.header(data) == (5, 7, channels, 8)


def test_sixteen_bit_grey() -> None:
    pixels = random(5, 7, dtype=np.uint16)
    for kind in ("PNG", "TIFF"):
        data = encoded(Image.fromarray(pixels), kind)
        assert decode.header(data) == (5, 7, 1, 16)
        assert decode.decode(data).dtype == np.uint16
        np.testing.assert_array_equal(decode.decode(data)[..., 0], pixels)
    pgm = b"P5 7 5 65535\n" + pixels.astype(">u2").tobytes()
    np.testing.assert_array_equal(decode.decode(pgm)[..., 0], pixels)


def test_palette_and_its_transparency() -> None:
    image = Image.new("P", (2, 2))
    image.putdata([0, 1, 2, 1])
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    plain = decode.decode(encoded(image, "PNG"))
    assert plain.tolist() == [[[10, 20, 30], [40, 50, 60]], [[70, 80, 90], [40, 50, 60]]]
    seen_through = encoded(image, "PNG", transparency=bytes([255, 0, 128]))
    assert decode.header(seen_through).channels == 4
    assert decode.decode(seen_through)[..., 3].tolist() == [[255, 0], [128, 0]]
    np.testing.assert_array_equal(decode.decode(seen_through)[..., :3], plain)


def test_grey_with_one_transparent_value() -> None:
    data = encoded(Image.fromarray(np.array([[0, 7], [7, 9]], np.uint8)), "PNG", transparency=7)
    assert decode.header(data).channels == 2
    assert decode.decode(data)[..., 1].tolist() == [[255, 0], [0, 255]]


def test_one_bit_cmyk_and_webp() -> None:
    bits = Image.fromarray(np.array([[True, False]]))
    assert decode.decode(encoded(bits, "PNG"))[..., 0].tolist() == [[255, 0]]
    cmyk = encoded(Image.new("CMYK", (4, 4), (0, 0, 0, 0)), "JPEG")
    assert decode.header(cmyk).channels == 3
    assert decode.decode(cmyk).min() > 250
    pixels = smooth(8, 6, 4)
    np.testing.assert_array_equal(
        decode.decode(encoded(Image.fromarray(pixels), "WEBP", lossless=True, exact=True)), pixels
    )


def test_the_first_frame_of_a_gif() -> None:
    frames = [Image.new("RGB", (4, 3), colour) for colour in ((200, 0, 0), (0, 200, 0))]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode.decode(data).shape == (3, 4, decode.header(data).channels)
    assert (decode.decode(data)[..., :3] == (200, 0, 0)).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_orientation(kind: str, orientation: int) -> None:
    """The stored picture is what a camera held that way would write."""
    seen = smooth(24, 40)
    stored = {
        1: seen,
        2: seen[:, ::-1],
        3: seen[::-1, ::-1],
        4: seen[::-1],
        5: seen.transpose(1, 0, 2),
        6: np.rot90(seen),
        7: seen[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(seen, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    data = encoded(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif, **options)
    assert decode.header(data)[:2] == (24, 40)
    np.testing.assert_allclose(decode.decode(data).astype(int), seen.astype(int), atol=12)


def test_widened_and_what_holds_all() -> None:
    assert decode.union({1, 3}, {8}) == (3, 8)
    assert decode.union({1, 2}, {8}) == (2, 8)
    assert decode.union({2, 3}, {8, 16}) == (4, 16)
    grey = np.array([[[7]]], np.uint8)
    assert decode.widened(grey, 4, 8).tolist() == [[[7, 7, 7, 255]]]
    assert decode.widened(np.array([[[255, 0]]], np.uint8), 4, 16).tolist() == [[[65535, 65535, 65535, 0]]]
    with pytest.raises(ValueError, match="4 channels"):
        decode.widened(np.zeros((1, 1, 4), np.uint8), 3, 8)


def test_resizing_is_antialiased_and_weighs_colour_by_alpha() -> None:
    fine = np.zeros((64, 64, 1), np.uint8)
    fine[::2] = 255
    assert np.ptp(decode.resized(fine, 8, 8)[2:-2].astype(int)) <= 2
    edge = np.zeros((8, 8, 4), np.uint8)
    edge[:, 4:] = (200, 200, 200, 255)
    edge[:, :4] = (255, 0, 0, 0)
    small = decode.resized(edge, 4, 3)
    assert (small[..., 0][small[..., 3] > 30] > 195).all()
    assert (small[..., 1][small[..., 3] > 30] > 195).all()
    deep = np.full((8, 8, 3), 40_000, np.uint16)
    assert (decode.resized(deep, 3, 5) == 40_000).all()


def test_cropping_keeps_proportions_and_squeezing_does_not() -> None:
    wide = np.zeros((20, 60, 1), np.uint8)
    wide[:, 20:40] = 255
    assert (decode.resized(wide, 10, 10, crop=True) > 235).all()
    squeezed = decode.resized(wide, 10, 10)
    assert squeezed[:, 0].max() < 5
    assert squeezed[:, 5].min() > 250


def test_a_large_jpeg_is_decoded_smaller_but_never_too_small() -> None:
    pixels = smooth(160, 240)
    data = encoded(Image.fromarray(pixels), "JPEG", quality=95)
    small = decode.decode(data, (40, 60))
    assert small.shape == (40, 60, 3)
    assert decode.decode(data, (41, 60)).shape == (80, 120, 3)
    np.testing.assert_allclose(small.astype(int), decode.resized(pixels, 40, 60).astype(int), atol=6)


def bomb(height: int = 30_000, width: int = 30_000) -> bytes:
    """A PNG of a few bytes whose header promises more pixels than there is memory for."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_bombs_are_refused_by_their_header() -> None:
    for data in (bomb(), bomb(8_001, 8_000)):
        for read in (decode.header, decode.decode):
            with pytest.raises(ValueError, match="bomb"):
                read(data)
    assert decode.header(bomb(8_000, 8_000)) == (8_000, 8_000, 3, 8)


def test_other_formats_are_not_opened() -> None:
    with pytest.raises(ValueError, match="not an image"):
        decode.decode(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")


# --- folders


def test_a_flat_folder(tmp_path: Path) -> None:
    root = many(tmp_path / "set", 4)
    (root / ".hidden.png").write_bytes(png(random(9, 9, 3)))
    folder(root, __MACOSX__x_png=png(random(9, 9, 3)), Thumbs_db=b"x", notes_txt=b"x")
    samples = Images(str(root)).open(batch=2)
    assert len(samples) == 4
    assert not samples.labelled
    assert samples.space == ImageSpace(6, 5, 3)
    np.testing.assert_array_equal(samples.source.read(np.array([2, 0]))[0], random(6, 5, 3, seed=2))
    assert samples.held_out is samples.source
    assert left_out(samples) == ()


def test_class_folders_and_splits(tmp_path: Path) -> None:
    for part, n in (("Train", 3), ("Test", 2), ("val", 1)):
        for name in ("dog", "cat"):
            many(tmp_path / part / name, n)
    samples = Images(tmp_path).open(batch=1)
    assert (len(samples), len(samples.held_out)) == (6, 4)
    assert samples.space.classes == ("cat", "dog")
    assert samples.source.labels is not None
    assert samples.source.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert samples.held_out.labels is not None
    assert samples.held_out.labels.tolist() == [0, 0, 1, 1]


def test_folders_that_are_no_splits_are_classes(tmp_path: Path) -> None:
    many(tmp_path / "train" / "deep", 2)
    many(tmp_path / "plane", 1)
    samples = Images(tmp_path).open(batch=1)
    assert samples.space.classes == ("plane", "train")
    assert len(samples) == 3


def test_a_class_only_among_the_held_out(tmp_path: Path) -> None:
    for name in ("train/cat", "train/dog", "test/cat", "test/owl"):
        many(tmp_path / name, 1)
    with pytest.raises(ValueError, match="owl"):
        Images(tmp_path).open(batch=1)


def test_linked_folders_are_followed_once(tmp_path: Path) -> None:
    many(tmp_path / "far", 2)
    many(tmp_path / "set" / "a", 1)
    (tmp_path / "set" / "b").symlink_to(tmp_path / "far")
    (tmp_path / "set" / "a" / "loop").symlink_to(tmp_path / "set")
    samples = Images(tmp_path / "set").open(batch=1)
    assert len(samples) == 3
    assert samples.space.classes == ("a", "b")


def test_kinds_of_images_are_joined(tmp_path: Path) -> None:
    grey, colour, clear = random(4, 4, 1), random(4, 4, 3), random(4, 4, 4)
    root = folder(tmp_path / "set", a_png=png(grey), b_png=png(colour))
    raw = everything(root)
    assert raw.shape == (2, 4, 4, 3)
    np.testing.assert_array_equal(raw[0], grey.repeat(3, 2))
    folder(root, c_png=png(clear))
    raw = everything(root)
    np.testing.assert_array_equal(raw[2], clear)
    assert (raw[:2, ..., 3] == 255).all()
    folder(root, d_png=encoded(Image.fromarray(random(4, 4, dtype=np.uint16)), "PNG"))
    raw = everything(root)
    assert raw.dtype == np.uint16
    np.testing.assert_array_equal(raw[2], clear.astype(np.uint16) * 257)


def test_mixed_sizes_need_one(tmp_path: Path) -> None:
    root = folder(tmp_path / "set", a_png=png(random(8, 6, 3)), b_png=png(random(9, 7, 3)))
    with pytest.raises(ValueError, match=r"a\.png is 8x6, b\.png is 9x7 .*--size"):
        Images(root).open(batch=1)
    assert everything(root, size="4x3").shape == (2, 4, 3, 3)
    assert everything(root, size="5", crop=True).shape == (2, 5, 5, 3)


def test_bad_files_are_skipped_and_named(tmp_path: Path) -> None:
    root = many(tmp_path / "set", 60)
    whole = encoded(Image.fromarray(random(6, 5, 3)), "JPEG", quality=95)
    folder(
        root,
        cut_jpg=whole[: len(whole) // 2],
        empty_png=b"",
        bomb_png=bomb(),
        text_png=b"hello, this is text",
    )
    (root / "gone.png").symlink_to(tmp_path / "nowhere")
    samples = Images(root).open(batch=1)
    assert len(samples) == 60
    reasons = dict(b.split(": ", 1) for b in left_out(samples))
    assert reasons.keys() == {"cut.jpg", "empty.png", "bomb.png", "text.png", "gone.png"}
    assert "empty" in reasons["empty.png"]
    assert "bomb" in reasons["bomb.png"]
    assert "not an image" in reasons["text.png"]
    np.testing.assert_array_equal(samples.source.read(np.array([59]))[0], random(6, 5, 3, seed=59))
    again = Images(root).open(batch=1)  # from the cache
    assert dict(b.split(": ", 1) for b in left_out(again)) == reasons


@pytest.mark.parametrize("broken", [b"", b"\x89PNG\r\n\x1a\n broken"])
def test_more_than_a_tenth_bad_is_an_error(tmp_path: Path, broken: bytes) -> None:
    root = many(tmp_path / "set", 8)
    folder(root, x_png=broken)
    with pytest.raises(ValueError, match=r"1 of 9 images cannot be read, for example x\.png"):
        Images(root).open(batch=1)


def test_truncated_files_are_an_error_too_when_many(tmp_path: Path) -> None:
    """Only decoding finds them: their headers are whole."""
    root = many(tmp_path / "set", 8)
    folder(root, x_png=png(random(6, 5, 3))[:80])
    with pytest.raises(ValueError, match=r"1 of 9 images"):
        Images(root).open(batch=1)


def test_decoded_when_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set too large to be kept gives the same pixels; one of its class stands in for a damaged file."""
    root = tmp_path / "set"
    many(root / "a", 20)
    many(root / "b", 20, lambda i: random(6, 5, 3, seed=100 + i))
    kept = Images(root).open(batch=8)
    monkeypatch.setattr(files, "KEPT", 0)
    samples = Images(root).open(batch=8)
    assert isinstance(samples.source, files.FileSource)
    for position in range(3):
        assert torch.equal(samples.load(position).x, kept.load(position).x)
    last = root / "a" / "019.png"
    last.write_bytes(last.read_bytes()[:80])
    samples = Images(root).open(batch=8)
    assert len(samples) == 40
    assert left_out(samples) == ()
    got = samples.source.read(np.array([19, 20]))
    np.testing.assert_array_equal(got[0], random(6, 5, 3, seed=0))
    np.testing.assert_array_equal(got[1], random(6, 5, 3, seed=100))
    assert [b.split(":")[0] for b in left_out(samples)] == ["a/019.png"]
    for i in range(4):
        path = root / "b" / f"{i:03d}.png"
        path.write_bytes(path.read_bytes()[:80])
    samples = Images(root).open(batch=8)
    with pytest.raises(ValueError, match="5 of 40 images cannot be read"):
        samples.source.read(np.arange(40))


def test_what_is_kept_follows_the_files(tmp_path: Path) -> None:
    root = many(tmp_path / "set", 3)
    before = everything(root)
    path = root / "001.png"
    path.write_bytes(png(random(6, 5, 3, seed=77)))
    os.utime(path, ns=(1, 1))
    after = everything(root)
    np.testing.assert_array_equal(after[1], random(6, 5, 3, seed=77))
    np.testing.assert_array_equal(after[[0, 2]], before[[0, 2]])


def test_a_second_opening_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = many(tmp_path / "set", 3)
    first = everything(root)

    def fail(*_: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(reading, "decode", fail)
    monkeypatch.setattr(survey, "header", fail)
    np.testing.assert_array_equal(everything(root), first)


def test_no_cache_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file where the cache should be, and then no room for temporary files either."""
    root = many(tmp_path / "set", 3)
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path / "file"))
    samples = Images(root).open(batch=1)
    assert isinstance(samples.source, files.PixelFile)
    np.testing.assert_array_equal(samples.source.read(np.array([1]))[0], random(6, 5, 3, seed=1))
    monkeypatch.setattr(cache, "SPARE", 1 << 62)
    samples = Images(root, size="4").open(batch=1)
    assert isinstance(samples.source, files.FileSource)
    assert samples.source.read(np.array([1])).shape == (1, 4, 4, 3)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path))

    def full(file: io.BufferedWriter) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    assert cache.made("kind", "name", 0, full) is None
    assert list((tmp_path / "kind").iterdir()) == []


# --- arrays


def test_arrays_of_any_layout() -> None:
    raw = random(6, 5, 7, 3)
    np.testing.assert_array_equal(everything(raw), raw)
    np.testing.assert_array_equal(everything(raw.transpose(0, 3, 1, 2)), raw)
    np.testing.assert_array_equal(everything(torch.from_numpy(raw).permute(0, 3, 1, 2)), raw)
    np.testing.assert_array_equal(everything(raw[..., 0])[..., 0], raw[..., 0])
    np.testing.assert_array_equal(everything((raw / 255).astype(np.float32)), raw)
    np.testing.assert_array_equal(everything(raw > 99), (raw > 99) * 255)
    deep = random(6, 5, 7, dtype=np.uint16)
    samples = Images(deep.astype(">u2")).open(batch=1)
    assert samples.space.bits == 16
    np.testing.assert_array_equal(samples.source.read(np.arange(6))[..., 0], deep)


def test_arrays_with_labels() -> None:
    samples = Images((random(4, 5, 5), np.array([[7], [3], [7], [9]]))).open(batch=2)
    assert samples.space.classes == ("3", "7", "9")
    assert samples.source.labels is not None
    assert samples.source.labels.tolist() == [1, 0, 1, 2]
    with pytest.raises(ValueError, match=r"labels of shape \(3,\) do not fit 4 images"):
        Images((random(4, 5, 5), np.zeros(3, int))).open(batch=2)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.full((2, 4, 4), 3.0), r"from 0 to 3: give uint8"),
        (np.full((2, 4, 4), -1.0), r"from -1 to 0"),
        (np.full((2, 4, 4), np.nan), "nan"),
        (np.zeros((2, 4, 4), np.int64), "int64: give uint8"),
        (np.zeros((2, 9, 9, 7), np.uint8), "1 to 4 channels"),
        (np.zeros((2, 9), np.uint8), "shape"),
        (np.zeros((0, 9, 9), np.uint8), "shape"),
        (np.array([[["a"]]], object), "object"),
        (3, "int"),
    ],
)
def test_what_is_no_array_of_images(data: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Images(data).open(batch=1)


def test_floats_are_checked_when_they_are_read() -> None:
    raw = np.zeros((2000, 2, 2), np.float32)
    raw[3] = 2
    samples = Images(raw).open(batch=1)
    with pytest.raises(ValueError, match="from 0 to 2"):
        samples.source.read(np.array([3]))


def test_resized_arrays() -> None:
    raw = np.full((3, 8, 6, 3), 50, np.uint8)
    samples = Images((raw, [0, 1, 1]), size="4x3").open(batch=3)
    assert samples.space == ImageSpace(4, 3, 3, 8, ("0", "1"))
    assert (samples.source.read(np.arange(3)) == 50).all()
    assert samples.load(0).x.shape == (3, 3, 4, 3)


def test_npy_is_read_in_place(tmp_path: Path) -> None:
    raw = random(6, 5, 7, 3)
    np.save(tmp_path / "x.npy", raw)
    np.testing.assert_array_equal(everything(tmp_path / "x.npy"), raw)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"ends before"):
        Images(tmp_path / "cut.npy").open(batch=1)
    (tmp_path / "not.npy").write_bytes(b"not an array")
    with pytest.raises(ValueError, match=r"not a readable \.npy"):
        Images(tmp_path / "not.npy").open(batch=1)


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("harmed",)


@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_pickled_objects_are_refused(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"x.{kind}"
    objects = np.array([Harmful()], object)
    np.save(path, objects, allow_pickle=True) if kind == "npy" else np.savez(path, x=objects)
    with pytest.raises(ValueError, match="Python objects"):
        Images(path).open(batch=1)
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(save: Callable[..., None], tmp_path: Path) -> None:
    x, y = random(6, 5, 7, 3), np.array([0, 1, 2, 0, 1, 2])
    save(tmp_path / "a.npz", images=x, labels=y)
    samples = Images(tmp_path / "a.npz").open(batch=1)
    np.testing.assert_array_equal(samples.source.read(np.arange(6)), x)
    assert samples.source.labels is not None
    assert samples.source.labels.tolist() == y.tolist()
    save(tmp_path / "b.npz", x_train=x[:4], y_train=y[:4], x_test=x[4:], y_test=y[4:])
    samples = Images(tmp_path / "b.npz").open(batch=1)
    assert len(samples) == 4
    np.testing.assert_array_equal(samples.held_out.read(np.arange(2)), x[4:])
    save(tmp_path / "c.npz", weights=x)
    with pytest.raises(ValueError, match="holds weights; expected x or images"):
        Images(tmp_path / "c.npz").open(batch=1)
    (tmp_path / "d.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:200])
    with pytest.raises(ValueError, match=r"not a readable \.npz"):
        Images(tmp_path / "d.npz").open(batch=1)


def idx(array: np.ndarray, shape: tuple[int, ...] | None = None) -> bytes:
    shape = shape or array.shape
    return bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + array.tobytes()


@pytest.mark.parametrize("packed", [True, False])
def test_idx_with_labels_and_held_out(tmp_path: Path, packed: bool) -> None:
    x, y = random(6, 5, 7), np.arange(6, dtype=np.uint8) % 3
    pack = gzip.compress if packed else bytes
    for part, at in (("train", slice(0, 4)), ("t10k", slice(4, 6))):
        for what, a in (("images-idx3", x[at]), ("labels-idx1", y[at])):
            (tmp_path / f"{part}-{what}-ubyte{'.gz' * packed}").write_bytes(pack(idx(a)))
    for path in (tmp_path, next(tmp_path.glob("train-images*"))):
        samples = Images(path).open(batch=1)
        np.testing.assert_array_equal(samples.source.read(np.arange(4))[..., 0], x[:4])
        np.testing.assert_array_equal(samples.held_out.read(np.arange(2))[..., 0], x[4:])
        assert samples.space.classes == ("0", "1", "2")
    with pytest.raises(ValueError, match="labels"):
        Images(next(tmp_path.glob("train-labels*"))).open(batch=1)


@pytest.mark.parametrize("packed", [True, False])
def test_an_idx_header_that_lies(tmp_path: Path, packed: bool) -> None:
    lie = idx(random(2, 4, 4), (2_000_000_000, 1000, 1000))
    path = tmp_path / f"x-images-idx3-ubyte{'.gz' * packed}"
    path.write_bytes(gzip.compress(lie) if packed else lie)
    with pytest.raises(ValueError, match="more than the file can hold"):
        Images(path).open(batch=1)


# --- datasets


class Items(Dataset):  # type: ignore[type-arg]
    def __init__(self, *items: object) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> object:
        return self.items[index]


class Stream(IterableDataset):  # type: ignore[type-arg]
    def __iter__(self) -> Iterator[object]:
        return iter([random(4, 4)])


def test_datasets() -> None:
    pixels = random(5, 7, 3)
    image, tensor = Image.fromarray(pixels), torch.from_numpy(pixels).permute(2, 0, 1)
    for data in (
        Items(image, image),
        Items(pixels, tensor),
        Items(tensor / 255, pixels / 255),
        TensorDataset(torch.stack([tensor, tensor])),
        DataLoader(TensorDataset(torch.stack([tensor, tensor])), batch_size=1, shuffle=True),
        Items((image, 4), (tensor, torch.tensor(9))),
        Items((image, "a"), (tensor, "b")),
    ):
        samples = Images(data).open(batch=2)
        raw = samples.source.read(np.array([1, 0]))
        np.testing.assert_array_equal(raw, np.stack([pixels, pixels]))
    assert samples.space == ImageSpace(5, 7, 3, 8, ("a", "b"))
    assert everything(Items(image, Image.fromarray(random(9, 9, 1)[..., 0])), size="4").shape == (2, 4, 4, 3)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (Items(), "empty"),
        (Stream(), "no length"),
        (DataLoader(Stream()), "can only be iterated"),
        (Items((random(4, 4), 1, 2)), "3 things"),
        (Items("text"), "str"),
        (Items(random(4, 4, 3), random(5, 4, 3)), "item 1 is 5x4"),
        (Items((random(4, 4), 1), random(4, 4)), "item 1 has no label"),
        (Items((random(4, 4), 1.5)), "label is 1.5"),
        (Items(torch.randn(3, 4, 4)), "in \\[0, 1\\]"),
    ],
)
def test_what_is_no_dataset_of_images(data: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Images(data).open(batch=1)


# --- the argument


def test_names_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    many(tmp_path / "digits", 2)
    assert Images().open(batch=1).space == ImageSpace(8, 8, 1, 8, tuple("0123456789"))
    assert Images("./digits").open(batch=1).space.shape == (3, 6, 5)
    assert Images("digits", size="12").open(batch=5).load(0).x.shape == (5, 1, 12, 12)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no data 'photoes': expected digits.*folder"):
        Images("photoes").open(batch=1)
    for name, words in (
        ("x.png", "a single image"),
        ("x.docx", "no kind of data"),
        ("x.zip", "not a readable zip"),
        ("x.tar", "tar archive"),
    ):
        (tmp_path / name).write_bytes(b"something else" * 99)
        with pytest.raises(ValueError, match=words):
            Images(tmp_path / name).open(batch=1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no images"):
        Images(tmp_path / "empty").open(batch=1)
    with pytest.raises(ValueError, match="--crop needs a --size"):
        Images(crop=True).open(batch=1)


def test_sizes() -> None:
    assert parse_size("32") == (32, 32)
    assert parse_size("48x64") == (48, 64)
    for text in ("0", "x", "3x", "-3", "4x5x6", "99999x99999", "٣"):
        with pytest.raises(ValueError, match="height x width"):
            parse_size(text)


def test_without_the_data() -> None:
    space = ImageSpace(4, 5, 3, classes=("a", "b"))
    samples = Images(Blank(space), size="9").open(batch=2)
    assert samples.space == space
    assert samples.labelled
    with pytest.raises(ValueError, match="there is no sample to draw"):
        samples.draw(0)
    samples.close()
    with pytest.raises(ValueError, match="PointSpace"):
        Images(Blank(PointSpace())).open(batch=2)


def test_flip_mirrors_what_is_trained_on() -> None:
    raw = random(16, 4, 4, 1)
    flipped, plain = (Images(raw, flip=f).open(batch=16).load(0).x for f in (True, False))
    mirrored = [bool((a != b).any()) for a, b in zip(flipped, plain, strict=True)]
    assert 0 < sum(mirrored) < 16
    for a, b, m in zip(flipped, plain, mirrored, strict=True):
        assert torch.equal(a, b.flip(-1) if m else b)


# --- real files, and little memory


def test_mnist_from_its_folder(shared: Path) -> None:
    samples = Images(shared / "mnist").open(batch=64)
    assert (len(samples), len(samples.held_out)) == (60_000, 10_000)
    assert samples.space == ImageSpace(28, 28, 1, 8, tuple("0123456789"))
    assert samples.source.labels is not None
    assert samples.source.labels[:6].tolist() == [5, 0, 4, 1, 9, 2]


def test_emoji_from_their_zip(shared: Path) -> None:
    samples = Images(shared / "noto_emoji_32.zip").open(batch=64)
    assert len(samples) == 3_583
    assert samples.space == ImageSpace(32, 32, 4)
    assert not samples.labelled


LITTLE = """
import io, resource, sys, zipfile
from pathlib import Path
import numpy as np
from PIL import Image
from ptarmigan.modalities.image import files
from ptarmigan.modalities.image.source import Images

root = Path(sys.argv[1])
np.lib.format.open_memmap(root / "x.npy", mode="w+", dtype=np.uint8, shape=(2048, 256, 256, 3))
buffer = io.BytesIO()
Image.linear_gradient("L").convert("RGB").save(buffer, "JPEG")
with zipfile.ZipFile(root / "x.zip", "w") as archive:
    for i in range(1100):
        archive.writestr(f"{i}.jpg", buffer.getvalue())
Images("digits").open(batch=64).load(0)

mapped = int(next(l for l in open("/proc/self/status") if l.startswith("VmSize")).split()[1]) << 10
resource.setrlimit(resource.RLIMIT_AS, (mapped + (160 << 20),) * 2)
for data in ("x.npy", "x.zip"):
    try:
        np.ones((1100, 256, 256, 3), np.uint8)
    except MemoryError:
        pass
    else:
        raise SystemExit("the limit does not bite")
    for kept in (0, 1 << 30) if data == "x.zip" else (0,):
        files.KEPT = kept
        samples = Images(root / data).open(batch=8)
        print(type(samples.source).__name__)
        for position in range(40):
            assert samples.draw(position).x.shape == (8, 3, 256, 256)
        samples.close()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits its memory as Linux does")
def test_a_set_larger_than_the_memory(tmp_path: Path) -> None:
    """400 MB of numbers, and 216 MB of decoded JPEGs, where 160 MB may be taken."""
    done = subprocess.run(
        [sys.executable, "-c", LITTLE, str(tmp_path)],
        env=environment() | {"MALLOC_ARENA_MAX": "2", "PTARMIGAN_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["ArrayImages", "FileSource", "PixelFile"], done.stderr
    assert done.returncode == 0, done.stderr


def test_what_was_not_used_for_long_leaves_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path))
    now = time.time()

    def put(name: str) -> Path:
        path = cache.made("kind", name, 1, lambda file: cache._put(file, b"x"))
        assert path is not None
        return path

    old, used, young = put("old"), put("used"), put("young")
    for path in (old, used):
        os.utime(path, (now - cache.UNUSED - 60,) * 2)
    put("used")
    assert old.exists(), "nothing is removed before something new is made"
    put("new")
    assert not old.exists()
    assert used.exists()
    assert young.exists()


def test_what_is_cached_is_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of pixels and a JSON: nothing that could hold code."""
    monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path / "cache"))
    everything(many(tmp_path / "set", 2))
    (survey,) = (tmp_path / "cache" / "surveys").iterdir()
    assert json.loads(survey.read_text()) == {"form": [6, 5, 3, 8], "bad": [{}]}
    (pixels,) = (tmp_path / "cache" / "decoded").iterdir()
    assert pixels.read_bytes()[: 6 * 5 * 3] == random(6, 5, 3).tobytes()


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    theirs = load_digits()
    samples = Images("digits").open(batch=1)
    for part in (samples.source, samples.held_out):
        raw = part.read(np.arange(len(part)))
        for image, label in zip(raw[:50], part.labels[:50], strict=True):
            same = (np.round(theirs.images * (255 / 16)) == image[..., 0]).all((1, 2))
            assert theirs.target[same].tolist() == [label]
    assert len(samples.source) + len(samples.held_out) == len(theirs.images)
