"""The files that are to be shared hold no rows: marked ones are looked for in all of their bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import TensorDataset

import ptarmigan
from ptarmigan import AnomalyGAN, SeriesGAN, TableGAN, zoo
from ptarmigan.contract import recipes as contract

QUICK: dict[str, Any] = {"steps": 4, "score_every": 2, "sample_every": 0, "vitals": False}
QUIET: dict[str, Any] = {**QUICK, "quiet": True, "report": False, "device": "cpu"}
N = 60
NUMBERS = np.round(np.random.default_rng(0).uniform(1_000, 2_000, (N, 3)), 5)
INNER = slice(5, -5)
"""Of sorted numbers those that are no ends of a range, which a file has to name and says so."""


def inner(numbers: Any) -> list[float]:
    """All but the ends of every column."""
    return np.sort(np.asarray(numbers), 0)[INNER].ravel().tolist()


def spellings(mark: Any) -> Iterator[bytes]:
    """How a file could hold a value: as text, and as numbers of 8 and of 4 bytes."""
    yield str(mark).encode()
    if isinstance(mark, float):
        yield np.float64(mark).tobytes()
        yield np.float32(mark).tobytes()


def held(path: Path, marks: list[Any]) -> list[Any]:
    """The marks that a file holds."""
    data = path.read_bytes()
    return [mark for mark in marks if any(spelt in data for spelt in spellings(mark))]


def shared_by(out: Path) -> list[Path]:
    found = [out / name for name in ("generator.safetensors", "best.safetensors", "run.json")]
    return [path for path in found if path.exists()]


def rows() -> pd.DataFrame:
    frame = pd.DataFrame(NUMBERS, columns=["a", "b", "c"])
    frame["person"] = [f"Person-{i:04}" for i in range(N)]
    frame["group"] = ["left", "right"] * (N // 2)
    return frame


def series(data: Any) -> tuple[str, dict[str, Any]]:
    return "series.rcgan", {"data": data, "length": 5, "width": 8, "batch": 16}


PEOPLE = [f"Person-{i:04}" for i in range(N)]
PICTURES = np.random.default_rng(1).integers(0, 256, (N, 8, 8, 1), np.uint8)
LABELS = [f"ward-{'ab'[i % 2]}" for i in range(N)]
IMAGES = {"hidden": (8,), "latent": 4, "batch": 16}

TRAINED: dict[str, Callable[[], tuple[str, dict[str, Any], list[Any]]]] = {
    "series as tensors": lambda: (*series(list(map(np.array, NUMBERS.reshape(6, 10, 3)))), inner(NUMBERS)),
    "series as rows": lambda: (*series(NUMBERS), inner(NUMBERS)),
    "pictures": lambda: ("image.gan", {"data": PICTURES, **IMAGES}, []),
    "labelled pictures": lambda: ("image.gan", {"data": (PICTURES, LABELS), **IMAGES}, []),
    "pictures as a Dataset": lambda: (
        "image.gan",
        {"data": TensorDataset(torch.from_numpy(PICTURES).movedim(3, 1)), **IMAGES},
        [],
    ),
}


ROWS: dict[str, tuple[Callable[[], Any], list[Any]]] = {
    "table": (rows, [*PEOPLE, *inner(NUMBERS[:, 0])]),
    "series": (lambda: [one.tolist() for one in NUMBERS.reshape(6, 10, 3)], inner(NUMBERS)),
    "anomaly": (lambda: NUMBERS, inner(NUMBERS)),
    "toy": (lambda: NUMBERS[:, :2], inner(NUMBERS[:, :2])),
}
OF_ROWS = [name for name in zoo.names() if name.split(".")[0] in ROWS and not name.endswith("_images")]


@pytest.mark.parametrize("name", OF_ROWS)
def test_no_recipe_keeps_a_row(name: str, tmp_path: Path) -> None:
    make, marks = ROWS[name.split(".")[0]]
    small = {option: v for option, v in contract.small(name).items() if option not in ("data", "target")}
    ptarmigan.train(
        name, out=tmp_path / "r", **{**small, **QUIET, "data": make(), "steps": 2, "score_every": 0}
    )
    for path in shared_by(tmp_path / "r"):
        assert held(path, marks) == []


@pytest.mark.parametrize("make", TRAINED.values(), ids=TRAINED)
def test_no_file_to_share_holds_a_row(make: Callable[[], Any], tmp_path: Path) -> None:
    recipe, options, marks = make()
    ptarmigan.train(recipe, out=tmp_path / "r", **QUIET, **options)
    assert len(shared_by(tmp_path / "r")) >= 2
    for path in shared_by(tmp_path / "r"):
        assert held(path, marks) == []
        for mark in (*PICTURES[:, :1].reshape(N, -1), *PICTURES.reshape(N, -1)):
            assert mark.tobytes() not in path.read_bytes()
        for label in set(LABELS):  # the names of classes, once each, and not the label of every sample
            assert path.read_bytes().count(label.encode()) <= 1


ESTIMATORS: dict[str, Callable[[], tuple[Any, list[Any]]]] = {
    "table": lambda: (TableGAN("tvae", steps=2).fit(rows()), [*PEOPLE, *inner(rows()["a"])]),
    "rows": lambda: (AnomalyGAN("autoencoder", steps=2).fit(NUMBERS), inner(NUMBERS)),
    "series": lambda: (
        SeriesGAN(steps=2, length=5).fit([o.tolist() for o in NUMBERS.reshape(6, 10, 3)]),
        inner(NUMBERS),
    ),
}


@pytest.mark.parametrize("make", ESTIMATORS.values(), ids=ESTIMATORS)
def test_no_saved_estimator_holds_a_row(make: Callable[[], Any], tmp_path: Path) -> None:
    fitted, marks = make()
    fitted.save(tmp_path / "saved.safetensors")
    assert held(tmp_path / "saved.safetensors", marks) == []


def test_marks_are_found_however_they_are_held(tmp_path: Path) -> None:
    for i, data in enumerate(
        (b"x1234.5y", np.float32(1234.5).tobytes(), b"." + np.float64(1234.5).tobytes())
    ):
        (tmp_path / f"{i}").write_bytes(data)
        assert held(tmp_path / f"{i}", [1234.5, 7.25]) == [1234.5]
