"""The number of threads: a rule, kept by a run, and the caller's own afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from plain import ring_run

from ptarmigan import train
from ptarmigan.core.process import SMALL, suitable, threads
from ptarmigan.training.run_folder import RunError
from ptarmigan.training.settings import Settings
from ptarmigan.training.threads import settle
from ptarmigan.training.train import train_run
from ptarmigan.training.trainer import Hook

SHORT = dict(data="ring", width=8, batch=32, save_every=4, log_every=2, vitals=False, score_every=0)


class Counting(Hook):
    """Notes the number of threads of each step."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def step(self, trainer, terms) -> None:
        self.seen.append(torch.get_num_threads())


def trained(place: Path, steps: int = 8, **settings) -> list[int]:
    counting = Counting()
    options = SHORT | {"steps": steps, "sample_every": 0} | settings
    train("toy.gan", out=place, quiet=True, report=False, hooks=[counting], **options)
    return counting.seen


def recorded(place: Path) -> dict:
    return json.loads((place / "run.json").read_text())


def test_a_small_step_has_one_thread_and_a_large_one_as_many_as_torch(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 6)
    run = ring_run()
    assert suitable(run.game, run.samples.batch) == 1
    parameters = sum(p.numel() for p in run.game.parameters())
    samples = SMALL // parameters + 1
    assert suitable(run.game, samples) == 6
    assert suitable(run.game, samples / 8) == 1


def test_the_number_is_recorded_and_kept_by_a_run_that_goes_on(tmp_path):
    with threads(2):
        assert set(trained(tmp_path / "run", threads=2)) == {2}
        assert recorded(tmp_path / "run")["settings"]["threads"] == 2
        seen = trained(tmp_path / "run", steps=12, force=True)
    assert seen == [2] * 4


def test_the_caller_has_its_own_number_again(tmp_path):
    with threads(3):
        trained(tmp_path / "run")
        assert torch.get_num_threads() == 3


def test_another_number_is_refused_unless_it_is_asked_for(tmp_path):
    trained(tmp_path / "run", threads=1)
    with pytest.raises(RunError, match=r"threads was 1 and is 2.*--force"):
        trained(tmp_path / "run", steps=8, threads=2)
    trained(tmp_path / "run", threads=2, force=True)
    assert recorded(tmp_path / "run")["settings"]["threads"] == 2


def test_a_run_of_before_goes_on_with_the_threads_of_its_machine(tmp_path):
    trained(tmp_path / "run", threads=2)
    old = recorded(tmp_path / "run")
    del old["settings"]["threads"]
    old["hardware"]["threads"] = 2
    (tmp_path / "run" / "run.json").write_text(json.dumps(old))
    assert trained(tmp_path / "run", steps=10, force=True) == [2, 2]


def test_a_run_that_goes_on_elsewhere_is_said_to_lose_its_last_bits(tmp_path, capsys):
    def goes_on(steps: int) -> str:
        options = SHORT | {"steps": steps, "sample_every": 0, "force": True}
        train("toy.gan", out=tmp_path / "run", report=False, **options)
        return capsys.readouterr().err

    goes_on(4)
    assert "not bit for bit" not in goes_on(6)
    old = recorded(tmp_path / "run")
    old["versions"]["torch"], old["hardware"]["vectors"] = "2.0.1", "AVX1"
    (tmp_path / "run" / "run.json").write_text(json.dumps(old))
    said = goes_on(8)
    assert "going on from step 6, not bit for bit as where it was begun: torch was 2.0.1 and is" in said
    assert "the processor's vector instructions was AVX1" in said


def test_a_run_made_in_python_has_the_same_rule(tmp_path):
    assert settle(Settings(), ring_run(), tmp_path).threads == 1
    asked = replace(Settings(), threads=5)
    assert settle(asked, ring_run(), tmp_path) == asked


def test_more_threads_than_there_could_be_are_refused(tmp_path):
    with pytest.raises(ValueError, match="--threads 100000"):
        train_run(ring_run(), tmp_path, Settings(threads=100_000), quiet=True)
