"""What lies around a run: other processes, paths as people type them, no home, data that have no scores."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ptarmigan
from ptarmigan.commands.options import at_home
from ptarmigan.data import cache
from ptarmigan.media import lock
from ptarmigan.media.files import path_of
from ptarmigan.media.tables import write_parquet
from ptarmigan.training import run_folder as folder
from ptarmigan.training.run_folder import RunError

QUICK = {"width": 8, "batch": 16, "steps": 4, "sample_every": 0, "vitals": False, "quiet": True}
DESCRIPTION = {"recipe": "plain", "options": {"data": "~/x.npy"}, "settings": {"threads": 0}}


@pytest.fixture
def same(tmp_path: Path) -> str:
    """Samples that are all the same: there is nothing to score against."""
    np.save(tmp_path / "same.npy", np.ones((64, 2), np.float32))
    return str(tmp_path / "same.npy")


def events(out: Path) -> list[str]:
    lines = map(json.loads, (out / "log.jsonl").read_text().splitlines())
    return [line["event"] for line in lines if "event" in line]


def test_scores_that_cannot_be_had_cost_no_training(tmp_path: Path, same: str) -> None:
    how = {**QUICK, "data": same, "score_every": 2, "patience": 1}
    outcome = ptarmigan.train("toy.gan", out=tmp_path / "r", **how)
    assert (outcome.complete, outcome.step, outcome.scores) == (True, 4, {})
    said = [event for event in events(tmp_path / "r") if "without scores" in event]
    assert said == [
        "training goes on without scores: all real samples are the same: there is nothing to score against"
    ]
    before = (tmp_path / "r" / "log.jsonl").read_text()
    with pytest.raises(RunError, match="add --force"):
        ptarmigan.train("toy.gan", out=tmp_path / "r", **how | {"score_every": 0, "patience": 0})
    ptarmigan.train("toy.gan", out=tmp_path / "r", **how)
    assert (tmp_path / "r" / "log.jsonl").read_text() == before


def test_a_run_goes_on_without_scores_where_that_is_asked_for(tmp_path: Path) -> None:
    ptarmigan.train("toy.gan", out=tmp_path / "r", **QUICK, score_every=2)
    again = ptarmigan.train("toy.gan", out=tmp_path / "r", force=True, **QUICK | {"steps": 6}, score_every=0)
    assert (again.complete, again.step) == (True, 6)


def test_only_one_process_writes_into_a_run(tmp_path: Path) -> None:
    out = tmp_path / "r"
    ptarmigan.train("toy.gan", out=out, **QUICK, score_every=0)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file() and path.name != lock.NAME}
    with lock.FileLock(out / lock.NAME):
        for write in (
            lambda: ptarmigan.train("toy.gan", out=out, **QUICK | {"steps": 6}, score_every=0, force=True),
            lambda: write_report(out),
            lambda: score_run(out, n=64),
        ):
            with pytest.raises(ValueError, match=rf"r is in use: process {os.getpid()} on"):
                write()
    assert before == {path: path.read_bytes() for path in before}


def write_report(out: Path) -> None:
    from ptarmigan.report.page import write_report

    write_report(out)


def score_run(out: Path, n: int) -> None:
    from ptarmigan.evaluation.score import score_run

    score_run(out, n=n)


def test_what_a_killed_process_left_of_a_beginning_is_nothing(tmp_path: Path) -> None:
    (tmp_path / lock.NAME).touch()
    (tmp_path / ".run.json.00000000-1-abcd.draft").write_text("{")
    folder.check_place(tmp_path)
    (tmp_path / "notes").touch()
    with pytest.raises(RunError, match="holds no run"):
        folder.check_place(tmp_path)


def test_a_tilde_is_the_home_wherever_a_path_begins_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    home = str(tmp_path)
    for typed, meant in {
        "~/r": f"{home}/r",
        "--out=~/r": f"--out={home}/r",
        "--where=a=~/r": "--where=a=~/r",
        "a~/r": "a~/r",
        "~": "~",
    }.items():
        assert at_home(typed) == meant
    assert path_of("~/x") == tmp_path / "x"


def test_runs_whose_options_keep_a_tilde_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder.claim(tmp_path / "r", DESCRIPTION)
    folder.claim(tmp_path / "r", {**DESCRIPTION, "options": {"data": f"{tmp_path}/x.npy"}})
    with pytest.raises(RunError, match="data was"):
        folder.claim(tmp_path / "r", {**DESCRIPTION, "options": {"data": "/x.npy"}})


def test_without_a_home_what_is_kept_is_kept_for_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("PTARMIGAN_CACHE")
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    place = cache.made("kind", "name", 4, lambda file: cache._put(file, b"data"))
    assert place is not None
    assert place.read_bytes() == b"data"
    assert cache.cache_dir() in place.parents
    assert path_of("~/x") == Path("~/x")


def test_a_folder_and_files_whose_names_are_no_utf_8(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / os.fsdecode(b"caf\xe9")
    place.mkdir()
    frame = pd.DataFrame({"a": np.arange(40), "b": np.arange(40) % 3})
    write_parquet(place / "rows.parquet", [frame[:20], frame[20:]])
    data = str(place / "rows.parquet")
    quick = {"data": data, "steps": 2, "score_every": 0, "vitals": False}
    assert ptarmigan.train("table.tvae", out=place / "r", **quick).complete
    assert "TensorBoard" not in capsys.readouterr().err
    assert len([*(place / "r").glob("events.*")]) == 1
    assert (place / "r" / "report.html").exists()
