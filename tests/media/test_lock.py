"""One process at a time in a folder; a killed one holds nothing and leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import environment

from ptarmigan.media import files, lock

HOLD = """
import sys
from pathlib import Path
from ptarmigan.media.files import draft
from ptarmigan.media.lock import alone
with alone(Path(sys.argv[1])), draft(Path(sys.argv[1]) / "state") as place:
    place.mkdir()
    (place / "half").write_text("half")
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that is in a folder, and writes something."""
    words = [sys.executable, "-c", HOLD, str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, env=environment()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_and_the_first_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with holder(folder) as process:
        with pytest.raises(ValueError, match=rf"run is in use: process {process.pid} on \S+ writes into it"):
            lock.alone(folder).__enter__()
        assert len(files_of(folder)) == 2, "what the first one writes is left alone"


def test_a_killed_process_leaves_neither_lock_nor_draft(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with holder(folder) as process:
        process.kill()
        process.wait()
        assert len(files_of(folder)) == 2
        with lock.alone(folder):
            files.write(folder / "state", b"whole")
    assert files_of(folder) == [lock.NAME, "state"]


def test_drafts_of_the_living_and_of_other_machines_stay_for_a_day(tmp_path: Path) -> None:
    kept = [f".a.{files._host()}-{os.getpid()}-abcd.draft", ".a.00000000-1-abcd.draft", ".a.01234567.draft"]
    other = ".hidden.draft"
    for name in (*kept, other):
        (tmp_path / name).touch()
    files.write(tmp_path / "b", b"")
    assert files_of(tmp_path) == sorted([*kept, other, "b"])
    for name in (*kept, other):
        os.utime(tmp_path / name, (0, 0))
    files.clear_drafts.cache_clear()
    files.write(tmp_path / "b", b"")
    assert files_of(tmp_path) == sorted([kept[0], other, "b"])


def test_who_holds_it_may_ask_again_and_another_thread_may_not(tmp_path: Path) -> None:
    refused: list[Exception] = []

    def ask() -> None:
        try:
            with lock.alone(tmp_path):
                pass
        except ValueError as error:
            refused.append(error)

    with lock.alone(tmp_path), lock.alone(tmp_path / "."):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert len(refused) == 1
    ask()
    assert len(refused) == 1


def test_a_folder_that_was_made_for_nothing_is_gone(tmp_path: Path) -> None:
    with lock.alone(tmp_path / "runs" / "a"):
        assert (tmp_path / "runs" / "a").is_dir()
    assert files_of(tmp_path) == []
    with lock.alone(tmp_path / "runs" / "a"):
        (tmp_path / "runs" / "a" / "run.json").touch()
    assert files_of(tmp_path / "runs" / "a") == [lock.NAME, "run.json"]


def files_of(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
