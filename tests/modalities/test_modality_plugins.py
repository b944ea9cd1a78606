"""Modalities of plug-ins that are broken, or clash: one line, and everything else goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ptarmigan.modalities import registry
from ptarmigan.modalities.recognise import recognise

Installed = Callable[[str, str, str], None]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    """Installs a package of one module that names a modality, as pip would."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name: str, point: str, source: str) -> None:
        (tmp_path / f"{name}.py").write_text(source)
        about = tmp_path / f"{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[ptarmigan.modalities]\n{point}\n")
        registry.plugins.cache_clear()
        registry.warn.cache_clear()

    yield install
    registry.plugins.cache_clear()
    registry.warn.cache_clear()
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(path.stem, None)


def test_one_that_cannot_be_imported_is_one_line(installed: Installed, capsys: pytest.CaptureFixture) -> None:
    installed("crooked", "smell = crooked:MODALITY", "raise RuntimeError('no nose\\non this machine')")
    assert recognise("digits").modality.name == "image"
    assert recognise("ring").modality.name == "point"
    said = "the plug-in crooked:MODALITY cannot be imported: RuntimeError: no nose on this machine"
    assert capsys.readouterr().err.splitlines() == [f"ptarmigan: {said}"]
    with pytest.raises(ValueError, match="no nose on this machine"):
        registry.modality("smell")


def test_one_whose_name_is_taken_is_one_line(installed: Installed, capsys: pytest.CaptureFixture) -> None:
    installed("greedy", "image = greedy:MODALITY", "MODALITY = None")
    assert registry.names() == list(registry.BUILT_IN)
    assert registry.modality("image").plural == "images"
    said = "the plug-in greedy:MODALITY is left out: there is a modality 'image' already"
    assert capsys.readouterr().err.splitlines() == [f"ptarmigan: {said}"]


def test_one_that_is_no_modality_is_one_line(installed: Installed, capsys: pytest.CaptureFixture) -> None:
    installed("hollow", "smell = hollow:MODALITY", "MODALITY = 'smell'")
    assert len(registry.modalities()) == len(registry.BUILT_IN)
    said = "the plug-in hollow:MODALITY is no Modality called 'smell'"
    assert capsys.readouterr().err.splitlines() == [f"ptarmigan: {said}"]


def test_nothing_is_imported_before_it_is_asked(installed: Installed) -> None:
    installed("lazy", "smell = lazy:MODALITY", "MODALITY = None")
    assert "smell" in registry.names()
    assert "lazy" not in sys.modules
