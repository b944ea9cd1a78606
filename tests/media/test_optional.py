"""What only some people need is missed in one line that says how to get it."""

from __future__ import annotations

import math
import subprocess
import sys
from importlib import metadata

import pytest
from conftest import ROOT, environment

from ptarmigan.media.optional import is_installed, needs


def test_a_module_that_is_there_is_imported() -> None:
    assert needs("math", extra="none", why="sums need math") is math


def test_whether_one_is_there_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_installed("pandas")
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert not is_installed("pandas")


@pytest.mark.parametrize("kind", [ValueError, ImportError])
def test_a_missing_one_is_a_line_that_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(kind) as error:
        needs("pandas", extra="table", why="tables need pandas")
    assert str(error.value) == "tables need pandas: pip install 'ptarmigan[table]'"


def test_only_one_place_asks_whether_a_package_is_there() -> None:
    asking = [
        file.relative_to(ROOT / "ptarmigan").as_posix()
        for file in (ROOT / "ptarmigan").rglob("*.py")
        if "except ImportError" in file.read_text()
    ]
    assert asking == ["media/optional.py"]


def test_every_extra_that_is_named_exists() -> None:
    extras = metadata.metadata("ptarmigan").get_all("Provides-Extra")
    found = {
        line.split('extra="')[1].split('"')[0]
        for file in (ROOT / "ptarmigan").rglob("*.py")
        for line in file.read_text().splitlines()
        if 'extra="' in line
    }
    tables = {"augment", "parquet", "polars", "private", "table"}
    assert found == tables | {
        "dinov2",
        "field",
        "hmm",
        "hub",
        "keras",
        "onnx",
        "shower",
        "sound",
        "studio",
        "tune",
        "video",
    }
    assert found <= {*extras}


def test_an_augmentation_without_imbalanced_learn_is_one_line() -> None:
    script = (
        "import sys; sys.modules['imblearn'] = None; from ptarmigan.cli import main; sys.exit(main(ARGS))"
    )
    args = ["augment", "--data", "iris", "--label", "class", "--out", "x.csv"]
    found = subprocess.run(
        [sys.executable, "-c", script.replace("ARGS", str(args))],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
    )
    assert found.returncode == 2
    expected = "oversampling needs imbalanced-learn: pip install 'ptarmigan[augment]'"
    assert found.stderr.strip() == f"ptarmigan: {expected}"
