from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ptarmigan.data import describe as describing
from ptarmigan.data.describe import describe_samples
from ptarmigan.data.named import open_named
from ptarmigan.data.points import points
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.spaces import ImageSpace


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
    described = describe_samples(images(raw, labels, ("cat", "dog", "owl")), bad=["x.png: truncated"])
    assert (described.kind, described.count, described.held_out) == ("images", 50, 0)
    assert described.sizes == {"6 × 4": 50}
    assert (described.channels, described.bits) == (4, 8)
    assert described.classes == {"cat": 20, "dog": 30, "owl": 0}
    assert described.duplicates == 3
    assert (described.low, described.high) == (raw.min(), 255)
    assert described.constant == (3,)
    assert described.bad == ("x.png: truncated",)
    table = "\n".join(described.table())
    for words in (
        "50",
        "6 × 4",
        "RGBA",
        "cat (20), dog (30), owl (0)",
        "3 equal",
        "channel 3",
        "x.png: truncated",
    ):
        assert words in table


def test_chunks_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks see what one large chunk sees."""
    samples = images(random(37, 3, 3, 1))
    whole = describe_samples(samples)
    monkeypatch.setattr(describing, "CHUNK", 30)
    assert describe_samples(samples).table() == whole.table()


def test_sixteen_bits() -> None:
    raw = random(10, 5, 5, 1, dtype=np.uint16)
    described = describe_samples(images(raw))
    assert (described.bits, described.low, described.high) == (16, raw.min(), raw.max())
    assert described.duplicates == 0
    assert "grey), 16 bits" in "\n".join(described.table())


def test_the_preview_has_a_row_for_every_class() -> None:
    shades = np.array([50, 100, 200], np.uint8)
    labels = np.random.default_rng(1).integers(3, size=100)
    raw = np.broadcast_to(shades[labels][:, None, None, None], (100, 4, 4, 1)).copy()
    pixels = np.asarray(describe_samples(images(raw, labels)).preview)
    edges = np.linspace(0, len(pixels), 4).astype(int)
    for row, shade in enumerate(shades):
        band = pixels[edges[row] : edges[row + 1]]
        assert set(np.unique(band)) <= {0, shade}
        assert (band == shade).mean() > 0.5


def test_a_class_with_few_images_or_none_has_black_in_its_row() -> None:
    raw = np.full((12, 4, 4, 1), 255, np.uint8)
    described = describe_samples(images(raw, np.array([0] * 10 + [2] * 2), ("a", "b", "c")))
    pixels = np.asarray(described.preview)
    first, second, third = (band.mean() for band in np.array_split(pixels, 3))
    assert first > 4 * third > 0
    assert second < first / 10
    assert described.duplicates == 11


def test_few_images_are_enough() -> None:
    described = describe_samples(images(random(1, 3, 5, 3)))
    assert (described.count, described.duplicates, described.constant) == (1, 0, ())
    assert described.preview.width > described.preview.height


def test_points() -> None:
    described = describe_samples(points("ring", batch=4, n=3000))
    assert (described.kind, described.count, described.held_out) == ("points", 3000, 10_000)
    assert (described.channels, described.bits, described.sizes) == (2, 0, {"2": 3000})
    assert described.low == pytest.approx(-1, abs=0.05)
    assert described.high == pytest.approx(1, abs=0.05)
    pixels = np.asarray(described.preview)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 2
    assert "no labels" in "\n".join(described.table())


def test_digits() -> None:
    source, space, held_out = open_named("digits")
    described = describe_samples(Samples(source, space, batch=1, held_out=held_out))
    assert (described.count, described.held_out, len(described.classes)) == (1438, 359, 10)
    assert sum(described.classes.values()) == 1438
    assert (described.low, described.high) == (0, 255)


def test_real_files() -> None:
    shared = Path(os.environ.get("PTARMIGAN_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
    if not (shared / "mnist").is_dir():
        pytest.skip(f"{shared / 'mnist'} is not here")
    source, space, held_out = open_named("mnist", shared)
    described = describe_samples(Samples(source, space, batch=1, held_out=held_out))
    assert described.classes["0"] == 5923  # as published
    assert (described.count, described.low, described.high) == (60_000, 0, 255)
    assert described.duplicates == 0
