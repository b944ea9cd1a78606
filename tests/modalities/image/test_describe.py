from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.modalities import describe as describing
from ptarmigan.modalities.describe import describe_samples
from ptarmigan.modalities.image.describe import describe, describe_images
from ptarmigan.modalities.image.named import open_named
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.point.source import points
from ptarmigan.modalities.recognise import recognise


def images(
    raw: np.ndarray, labels: np.ndarray | None = None, classes: tuple[str, ...] | None = None
) -> Samples:
    space = ImageSpace(*raw.shape[1:], bits=8 * raw.itemsize, classes=classes or ())
    return Samples(ArraySource(raw, labels, classes), space, batch=1)


def random(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(0).integers(np.iinfo(dtype).max + 1, size=shape, dtype=dtype)


def test_what_is_counted() -> None:
    raw = random(50, 6, 4, 4)
    raw[..., 3] = 255
    raw[:, 0, 0, :3] = 7
    raw[10:13] = raw[3]
    labels = np.array([0, 1] * 20 + [1] * 10)
    described = describe(images(raw, labels, ("cat", "dog", "owl")))
    assert (described.kind, described.count, described.held_out) == ("images", 50, 0)
    assert described.sizes == {"6 × 4": 50}
    assert (described.channels, described.bits) == (4, 8)
    assert described.classes == {"cat": 20, "dog": 30, "owl": 0}
    assert described.duplicates == 3
    assert (described.low, described.high) == (raw.min(), 255)
    assert described.constant == (3,)
    assert described.bad == ()
    table = "\n".join(described.table())
    for words in (
        "50",
        "6 × 4",
        "RGBA",
        "cat (20), dog (30), owl (0)",
        "3 equal",
        "channel 3",
    ):
        assert words in table


def test_chunks_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks see what one large chunk sees."""
    samples = images(random(37, 3, 3, 1))
    whole = describe_images(samples)
    monkeypatch.setattr(describing, "CHUNK", 30)
    assert describe_images(samples).table() == whole.table()


def test_sixteen_bits() -> None:
    raw = random(10, 5, 5, 1, dtype=np.uint16)
    described = describe_images(images(raw))
    assert (described.bits, described.low, described.high) == (16, raw.min(), raw.max())
    assert described.duplicates == 0
    assert "grey), 16 bits" in "\n".join(described.table())


def test_the_preview_has_a_row_for_every_class() -> None:
    shades = np.array([50, 100, 200], np.uint8)
    labels = np.random.default_rng(1).integers(3, size=100)
    raw = np.broadcast_to(shades[labels][:, None, None, None], (100, 4, 4, 1)).copy()
    pixels = np.asarray(describe_images(images(raw, labels)).preview)
    edges = np.linspace(0, len(pixels), 4).astype(int)
    for row, shade in enumerate(shades):
        band = pixels[edges[row] : edges[row + 1]]
        assert set(np.unique(band)) <= {0, shade}
        assert (band == shade).mean() > 0.5


def test_a_class_with_few_images_or_none_has_black_in_its_row() -> None:
    raw = np.full((12, 4, 4, 1), 255, np.uint8)
    described = describe_images(images(raw, np.array([0] * 10 + [2] * 2), ("a", "b", "c")))
    pixels = np.asarray(described.preview)
    first, second, third = (band.mean() for band in np.array_split(pixels, 3))
    assert first > 4 * third > 0
    assert second < first / 10
    assert described.duplicates == 11


def test_few_images_are_enough() -> None:
    described = describe_images(images(random(1, 3, 5, 3)))
    assert (described.count, described.duplicates, described.constant) == (1, 0, ())
    assert described.preview.width > described.preview.height


def test_points() -> None:
    described = describe_samples(points("ring", batch=4, n=3000), "points")
    assert (described.kind, described.count, described.held_out) == ("points", 3000, 10_000)
    assert (described.channels, described.bits, described.sizes) == (2, 0, {"2": 3000})
    assert described.low == pytest.approx(-1, abs=0.05)
    assert described.high == pytest.approx(1, abs=0.05)
    pixels = np.asarray(described.preview)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 2
    assert "no labels" in "\n".join(described.table())


def test_digits() -> None:
    source, space, held_out = open_named("digits")
    described = describe_images(Samples(source, space, batch=1, held_out=held_out))
    assert (described.count, described.held_out, len(described.classes)) == (1438, 359, 10)
    assert sum(described.classes.values()) == 1438
    assert (described.low, described.high) == (0, 255)


def test_real_files() -> None:
    shared = Path(os.environ.get("PTARMIGAN_DATA") or ROOT.parent / "shared" / "data")
    if not (shared / "mnist").is_dir():
        pytest.skip(f"{shared / 'mnist'} is not here")
    source, space, held_out = open_named("mnist", shared)
    described = describe_images(Samples(source, space, batch=1, held_out=held_out))
    assert described.classes["0"] == 5923  # as published
    assert (described.count, described.low, described.high) == (60_000, 0, 255)
    assert described.duplicates == 0


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path


def write(path: Path, height: int, width: int, shade: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width, 3), shade, np.uint8)).save(path)


def test_a_folder_with_bad_files_and_duplicates(cache: Path) -> None:
    for i in range(30):
        write(cache / "photos" / ("cat" if i % 3 else "dog") / f"{i}.png", 8, 12, i if i < 28 else 5)
    (cache / "photos" / "cat" / "empty.png").write_bytes(b"")
    whole = (cache / "photos" / "dog" / "0.png").read_bytes()
    (cache / "photos" / "dog" / "cut.png").write_bytes(whole[: len(whole) - 30])
    described = describe(str(cache / "photos"))
    assert (described.count, described.duplicates) == (30, 2)
    assert described.sizes == {"8 × 12": 30}
    assert described.classes == {"cat": 20, "dog": 10}
    assert sorted(bad.split(":")[0] for bad in described.bad) == ["cat/empty.png", "dog/cut.png"]
    assert "empty.png" in "\n".join(described.table())


@pytest.mark.parametrize("pack", ["folder", "zip", "tar"])
def test_files_of_several_sizes_are_counted(cache: Path, pack: str) -> None:
    for i in range(20):
        write(cache / "photos" / f"{i}.png", 8, 12 if i < 15 else 9, i)
    path = cache / "photos"
    if pack != "folder":
        path = Path(shutil.make_archive(str(cache / "packed"), pack, path))
    described = describe(Images(str(path)))
    assert described.sizes == {"8 × 12": 15, "8 × 9": 5}
    assert (described.count, described.duplicates) == (20, 0)
    assert "8 × 12 (15), 8 × 9 (5)" in "\n".join(described.table())
    assert describe(Images(str(path), size="4x4")).sizes == {"4 × 4": 20}


def test_what_a_source_is_taken_for_is_described_so(cache: Path) -> None:
    np.savetxt(cache / "x.csv", np.eye(3), delimiter=",")
    np.save(cache / "x.npy", np.eye(3))
    np.save(cache / "images.npy", random(5, 4, 4))
    for data, kind in (
        ("moons", "points"),
        ("x.csv", "points"),
        ("x.npy", "points"),
        ("images.npy", "images"),
    ):
        source = data if data == "moons" else str(cache / data)
        taken = recognise(source).modality
        lines = taken.describe(taken.options(source)).lines
        assert lines[0].split() == ["kind", kind]


def test_what_cannot_be_described_says_why(cache: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no data"):
        describe(str(cache / "nowhere"))
    (cache / "x.zip").write_bytes(b"no zip")
    with pytest.raises(ValueError, match="zip"):
        describe(str(cache / "x.zip"))
    (cache / "empty").mkdir()
    with pytest.raises(ValueError, match="no images"):
        describe(str(cache / "empty"))
    (cache / "x.npy").write_bytes(b"no npy")
    with pytest.raises(ValueError, match=r"x\.npy"):
        describe(str(cache / "x.npy"))
