"""Hooks and loggers of a user: what they are given, what they keep, and what happens when they fail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from plain import ring_run

from ptarmigan import Hook, api
from ptarmigan.contract.recipes import differences
from ptarmigan.doctor.hooks import train_with_diagnosis
from ptarmigan.training import run_folder as folder
from ptarmigan.training.checkpoint import read, upgraded
from ptarmigan.training.outcome import Outcome
from ptarmigan.training.settings import Settings
from ptarmigan.training.trainer import Trainer

QUICK = Settings(device="cpu", log_every=5, score_every=10, sample_every=10, save_every=5, score_samples=100)
TOY = dict(data="ring", width=8, batch=16, steps=20)
HOW = dict(device="cpu", log_every=5, score_every=0, sample_every=0, save_every=5, quiet=True, report=False)


def begun(place: Path) -> Path:
    folder.claim(place, {"recipe": "plain", "options": {"steps": 20}, "settings": {}})
    return place


def final(place: Path) -> dict:
    return read(max(place.glob("state-*.pt")))


def lines(place: Path) -> list[dict]:
    return [json.loads(line) for line in (place / "log.jsonl").read_text().splitlines()]


class Looks(Hook):
    """Looks at everything and changes nothing."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self, trainer: Trainer) -> None:
        self.calls.append("start")

    def step(self, trainer: Trainer, terms: dict[str, torch.Tensor]) -> None:
        self.calls.append(f"step {trainer.step}")
        assert {"generator", "discriminator"} <= terms.keys()
        with trainer.ema.applied_to(trainer.run.game) as game, torch.no_grad():
            game.sample(torch.zeros(4, game.latent))

    def finish(self, trainer: Trainer) -> None:
        self.calls.append("finish")

    def end(self, trainer: Trainer, outcome: Outcome) -> None:
        self.calls.append(f"end {outcome.complete}")
        assert (trainer.folder / "generator.safetensors").exists()


def test_a_hook_that_only_looks_changes_nothing(tmp_path):
    looks = Looks()
    for name, hooks in (("without", ()), ("with", (looks,))):
        train_with_diagnosis(ring_run(20), begun(tmp_path / name), QUICK, hooks=hooks, quiet=True)
    assert differences(final(tmp_path / "without"), final(tmp_path / "with")) == []
    for file in ("log.jsonl", "generator.safetensors", "best.safetensors"):
        assert (tmp_path / "without" / file).read_bytes() == (tmp_path / "with" / file).read_bytes()
    assert looks.calls == ["start", *(f"step {i}" for i in range(1, 21)), "finish", "end True"]


class Counts(Hook):
    """Counts steps, and has its number logged."""

    name = "counts"

    def __init__(self, *, stop: int = 0, fail: int = 0) -> None:
        self.steps, self.stop, self.fail = 0, stop, fail

    def step(self, trainer: Trainer, terms: dict[str, torch.Tensor]) -> None:
        if trainer.step == self.fail:
            raise ZeroDivisionError("no such number")
        self.steps += 1
        if trainer.step == self.stop:
            trainer.stop("enough")

    def values(self, trainer: Trainer) -> Mapping[str, float]:
        return {"steps": self.steps}

    def state_dict(self) -> Mapping[str, int]:
        return {"steps": self.steps}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        self.steps = state["steps"]


def test_a_hook_logs_values_and_goes_on_from_its_own_state(tmp_path):
    place = begun(tmp_path / "run")
    with pytest.raises(ZeroDivisionError):
        train_with_diagnosis(ring_run(20), place, QUICK, hooks=[Counts(fail=13)], quiet=True)
    assert max(place.glob("state-*.pt")).name == "state-00000010.pt"
    again = Counts()
    assert train_with_diagnosis(ring_run(20), place, QUICK, hooks=[again], quiet=True).complete
    assert again.steps == 20
    assert [line["steps"] for line in lines(place) if "steps" in line] == [5, 10, 15, 20]
    assert final(place)["hooks"]["counts"] == {"steps": 20}


def test_a_hook_that_fails_is_named_in_the_log_and_costs_no_checkpoint(tmp_path, capsys):
    place = begun(tmp_path / "run")
    with pytest.raises(ZeroDivisionError, match="no such number"):
        train_with_diagnosis(ring_run(20), place, QUICK, hooks=[Counts(fail=7)], quiet=True)
    words = "stopped: the hook 'counts' failed (ZeroDivisionError: no such number)"
    assert lines(place)[-1] == {"step": 7, "event": words}
    assert f"step 7: {words}" in capsys.readouterr().err
    assert final(place)["step"] == 5


def test_a_hook_stops_training(tmp_path):
    outcome = train_with_diagnosis(
        ring_run(20), begun(tmp_path / "run"), QUICK, hooks=[Counts(stop=7)], quiet=True
    )
    assert (outcome.step, outcome.reason, outcome.complete) == (7, "enough", True)


class Forgetful(Counts):
    """Keeps what no checkpoint can hold."""

    def state_dict(self) -> Mapping[str, object]:
        return {"seen": [{"path": Path("here")}]}


def test_a_state_that_no_checkpoint_can_hold_is_refused_at_once(tmp_path):
    with pytest.raises(TypeError, match="the state of the hook 'counts' holds a PosixPath"):
        train_with_diagnosis(ring_run(20), begun(tmp_path / "run"), QUICK, hooks=[Forgetful()], quiet=True)


def test_two_hooks_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="two hooks called 'counts'"):
        train_with_diagnosis(
            ring_run(20), begun(tmp_path / "run"), QUICK, hooks=[Counts(), Counts()], quiet=True
        )


class Kept:
    """A logger that keeps all it is given."""

    def __init__(self, fail: int = -1) -> None:
        self.steps: list[int] = []
        self.events: list[str] = []
        self.pictures: list[int] = []
        self.closed, self.fail = 0, fail

    def values(self, step, values):
        if step == self.fail:
            raise ConnectionError("no network")
        self.steps.append(step)

    def picture(self, step, image):
        self.pictures.append(step)

    def event(self, step, words):
        self.events.append(words)

    def close(self):
        self.closed += 1


def test_a_logger_is_given_what_is_logged(tmp_path):
    kept, place = Kept(), begun(tmp_path / "run")
    train_with_diagnosis(ring_run(20), place, QUICK, loggers=[kept], quiet=True)
    assert kept.steps == [line["step"] for line in lines(place) if "event" not in line]
    assert kept.pictures == [10, 20]
    assert kept.events == ["finished: all 20 steps are done"]
    assert kept.closed == 1


def test_a_logger_that_fails_is_told_once_and_left_out(tmp_path, capsys):
    bad, good = Kept(fail=10), Kept()
    outcome = train_with_diagnosis(
        ring_run(20), begun(tmp_path / "run"), QUICK, loggers=[bad, good], quiet=True
    )
    assert outcome.complete
    said = capsys.readouterr().err
    assert said.count("the logger Kept failed (ConnectionError: no network): training goes on") == 1
    assert max(bad.steps) == 5
    assert max(good.steps) == 20


def test_hooks_and_loggers_through_train(tmp_path):
    counts, kept = Counts(), Kept()
    api.train("toy.gan", out=tmp_path / "run", hooks=[counts], loggers=[kept], **TOY, **HOW)
    assert counts.steps == 20
    assert kept.closed == 1


class Doubled(Hook):
    """Counts the steps of all that it goes through, and when it ended how."""

    name = "doubled"

    def __init__(self) -> None:
        self.steps, self.ends = 0, []

    def step(self, trainer, terms):
        self.steps += 1

    def end(self, trainer, outcome):
        self.ends.append((outcome.complete, outcome.treatment is not None))

    def state_dict(self):
        return {"steps": self.steps}

    def load_state_dict(self, state):
        self.steps = state["steps"]


def test_a_hook_begins_anew_with_a_run_that_is_treated_from_its_start(tmp_path):
    doubled, kept = Doubled(), Kept()
    options = dict(data="ring", width=16, depth=2, batch=32, steps=600, lr=1e20) | HOW | dict(log_every=3)
    api.train("toy.r3gan", out=tmp_path / "run", rescue=1, hooks=[doubled], loggers=[kept], **options)
    assert doubled.steps == 600
    assert doubled.ends == [(False, True), (True, False)]
    assert kept.closed == 1


def test_states_of_the_first_version_are_read():
    at = {
        "step": 7, "seconds": 1.5, "rollbacks": 1, "best_step": 5, "best": 0.5, "worse": 2, "still": 1,
        "scores": {"modes": 8.0}, "scored": 5, "converged": "", "treated": 1, "healthy": 5,
    }  # fmt: skip
    parts = dict.fromkeys(("game", "optimizers", "average", "draw", "meter", "weights_then"), 0)
    found = upgraded({"position": at, **parts, "streak": torch.zeros(()), "vitals": None})
    assert (found["step"], found["scores"], found["ema"]) == (7, {"modes": 8.0}, 0)
    assert found["hooks"]["rescue"] == {"treated": 1, "healthy": 5}
    assert found["hooks"]["scores"] == {"best": 0.5, "best_step": 5, "worse": 2, "scored": 5}
    assert "diagnosis" not in found["hooks"]
    assert upgraded(found) is found
