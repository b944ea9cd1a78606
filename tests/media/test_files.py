"""Files and folders are written whole or not at all, whatever they are called."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ptarmigan.media import files

LONG = "図" * 84 + ".gz"  # 255 bytes, as many as a name can have


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    files.write(path, b"old")
    files.write(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["state.pt"]


@pytest.mark.parametrize("name", [LONG, "a" * 255, os.fsdecode(b"\xff" * 255), "x"])
def test_any_name_that_a_file_can_have_can_be_written(tmp_path: Path, name: str) -> None:
    files.write(tmp_path / name, b"data")
    with files.create(tmp_path / "folder" / name) as draft:
        draft.mkdir()
    assert (tmp_path / name).read_bytes() == b"data"
    assert names(tmp_path / "folder") == [name]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.pt"
    files.write(path, b"old")

    def fail(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        files.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["state.pt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_draft_that_is_given_up_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def give_up(draft: Path) -> None:
        draft.mkdir()
        (draft / "half").write_bytes(b"half")
        raise error

    with pytest.raises(error), files.draft(tmp_path / "out") as draft:
        give_up(draft)
    assert names(tmp_path) == []


def test_nobody_sees_a_draft_under_its_name(tmp_path: Path) -> None:
    with files.draft(tmp_path / "a.csv") as one, files.draft(tmp_path / "a.csv") as other:
        one.write_bytes(b"one")
        other.write_bytes(b"other")
        assert one != other
        assert all(name.startswith(".a.csv.") for name in names(tmp_path))
    assert (tmp_path / "a.csv").read_bytes() == b"one"
    assert names(tmp_path) == ["a.csv"]


def test_text_with_any_name_in_it_is_written(tmp_path: Path) -> None:
    files.write_text(tmp_path / "page", f"雪 {os.fsdecode(bytes([0xE9]))}")
    assert (tmp_path / "page").read_text(encoding="utf-8") == "雪 \\udce9"


@pytest.mark.parametrize("folder", [True, False])
def test_an_empty_folder_may_be_where_something_new_goes(tmp_path: Path, folder: bool) -> None:
    (tmp_path / "out").mkdir()
    with files.create(tmp_path / "out") as draft:
        draft.mkdir() if folder else draft.touch()
    assert (tmp_path / "out").is_dir() == folder


def test_what_is_there_is_not_replaced_by_something_new(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(ValueError, match="file is there already"), files.create(tmp_path / "file"):
        pass
    with pytest.raises(ValueError, match="full is not empty"), files.create(tmp_path / "full"):
        pass


def test_what_need_not_outlast_a_power_cut_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[int] = []
    monkeypatch.setattr(os, "fsync", waited.append)
    with files.create(tmp_path / "a", sync=False) as draft:
        draft.touch()
    assert waited == []
    files.write(tmp_path / "b", b"")
    assert len(waited) == 2  # the file, and the folder that has its name
