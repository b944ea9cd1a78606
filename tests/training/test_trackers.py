"""Trackers are told what is logged, and change nothing."""

from __future__ import annotations

import json
import sys
from collections import namedtuple
from importlib.metadata import EntryPoint
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import ptarmigan
from ptarmigan.cli import main
from ptarmigan.training import trackers
from ptarmigan.training.log_lines import Lines
from ptarmigan.training.trackers.tracker import identifiers

HOW = dict(data="ring", width=8, steps=6, batch=16, score_samples=64, quiet=True, report=False, device="cpu")
HOW |= dict(vitals=False, log_every=1, sample_every=3, score_every=6, save_every=3)


class FakeWandB(ModuleType):
    """Remembers what Weights & Biases and SwanLab are told; their calls are nearly the same."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.begun, self.logged, self.ended = [], [], 0

    def init(self, **how):
        self.begun.append(how)
        return self

    def log(self, values, step):
        self.logged.append((step, values))

    def finish(self):
        self.ended += 1

    def Settings(self, **how):  # noqa: N802
        return how

    def Image(self, image):  # noqa: N802
        return image.size


class FakeClient:
    """MLflow's, in memory."""

    runs: dict = {}  # noqa: RUF012

    def __init__(self, place: str) -> None:
        self.place = place

    def get_experiment_by_name(self, title):
        return None

    def create_experiment(self, title):
        return title

    def create_run(self, experiment, run_name):
        self.runs[f"id{len(self.runs)}"] = {"params": {}, "metrics": [], "images": [], "status": ""}
        return SimpleNamespace(info=SimpleNamespace(run_id=f"id{len(self.runs) - 1}"))

    def update_run(self, identifier, status):
        self.runs[identifier]["status"] = status

    def log_param(self, identifier, name, value):
        self.runs[identifier]["params"][name] = value

    def log_batch(self, identifier, metrics):
        self.runs[identifier]["metrics"] += metrics

    def log_image(self, identifier, image, key, step):
        self.runs[identifier]["images"].append((key, step, image.mode))

    def set_terminated(self, identifier):
        self.runs[identifier]["status"] = "FINISHED"


@pytest.fixture
def fakes(monkeypatch):
    found = {name: FakeWandB(name) for name in ("wandb", "swanlab")}
    mlflow = ModuleType("mlflow")
    mlflow.MlflowClient, mlflow.entities = (
        FakeClient,
        SimpleNamespace(Metric=namedtuple("Metric", "key value timestamp step")),
    )
    monkeypatch.setattr(FakeClient, "runs", {})
    for name, module in (found | {"mlflow": mlflow}).items():
        monkeypatch.setitem(sys.modules, name, module)
    return SimpleNamespace(**found, mlflow=FakeClient.runs)


def finite(folder):
    lines = [line for line in Lines(folder / "log.jsonl").read() if line.values]
    return [(line.step, {n: v for n, v in line.values.items() if np.isfinite(v)}) for line in lines]


def test_all_that_is_logged_is_sent_and_no_bit_of_the_run_changes(fakes, tmp_path):
    ptarmigan.train("toy.gan", out=tmp_path / "plain", **HOW)
    run, names = tmp_path / "run", ["wandb", "mlflow", "swanlab", "tensorboard", "wandb"]
    ptarmigan.train("toy.gan", out=run, report_to=names, **HOW)
    for name in ("log.jsonl", "generator.safetensors"):
        assert (tmp_path / "plain" / name).read_bytes() == (run / name).read_bytes()
    for fake in (fakes.wandb, fakes.swanlab):
        (begun,) = fake.begun
        assert (begun["project"], begun["config"]["options.width"]) == ("ptarmigan", 8)
        assert not any(str(tmp_path) in str(value) for value in begun["config"].values())
        assert [(s, v) for s, v in fake.logged if "samples" not in v] == finite(run)
        assert [s for s, v in fake.logged if "samples" in v] == [3, 6]
        assert fake.ended == 1
    (kept,) = fakes.mlflow.values()
    assert kept["status"] == "FINISHED"
    assert kept["params"]["recipe"] == "toy.gan"
    assert len(kept["metrics"]) == sum(len(values) for _, values in finite(run))
    assert [image[:2] for image in kept["images"]] == [("samples", 3), ("samples", 6)]


def test_a_run_that_goes_on_is_the_same_one(fakes, tmp_path):
    for steps in (3, 6):
        ptarmigan.train(
            "toy.gan", out=tmp_path, report_to=["wandb", "mlflow"], force=True, **HOW | {"steps": steps}
        )
    first, second = fakes.wandb.begun
    assert first["id"] == second["id"] == identifiers(tmp_path)["wandb"]
    assert len(fakes.mlflow) == 1


@pytest.mark.parametrize("call", ["init", "log", "Image", "finish"])
def test_one_that_fails_is_one_line_and_training_goes_on(fakes, tmp_path, capsys, monkeypatch, call):
    def fail(*args, **more):
        raise ConnectionError("the network\nis gone")

    monkeypatch.setattr(fakes.wandb, call, fail)
    assert ptarmigan.train("toy.gan", out=tmp_path, report_to=["wandb", "swanlab"], **HOW).complete
    said = [line for line in capsys.readouterr().err.splitlines() if "WandB" in line]
    assert said == [
        "the logger WandB failed (ConnectionError: the network is gone): training goes on without it"
    ]
    assert len(fakes.swanlab.logged) == len(finite(tmp_path)) + 2


def test_a_finished_run_is_sent_from_its_log(fakes, tmp_path, capsys):
    ptarmigan.train("toy.gan", out=tmp_path / "run", **HOW)
    (tmp_path / "run" / "trackers.json").write_text(json.dumps({"mlflow": 3, "wandb": "before"}))
    with pytest.raises(SystemExit) as end:
        main(["send", str(tmp_path / "run"), "--report-to", "wandb", "tensorboard", "mlflow"])
    assert end.value.code == 0
    steps = [step for step, _ in fakes.wandb.logged]
    assert steps == sorted(steps)
    assert [(s, v) for s, v in fakes.wandb.logged if "samples" not in v] == finite(tmp_path / "run")
    assert fakes.wandb.begun[0]["id"] != "before"
    assert len(next(iter(fakes.mlflow.values()))["images"]) == 2
    assert "sent" in capsys.readouterr().out


def fails(capsys, *args) -> str:
    with pytest.raises(SystemExit) as end:
        main([str(arg) for arg in args])
    assert end.value.code == 2
    return capsys.readouterr().err.strip()


def test_what_cannot_be_sent_is_one_line(fakes, tmp_path, capsys, monkeypatch):
    train = ("train", "toy.gan", "--data", "ring", "--out", tmp_path / "run", "--report-to")
    known = "--report-to takes wandb, mlflow, swanlab, tensorboard"
    assert fails(capsys, *train, "wanda") == f"ptarmigan: there is no tracker 'wanda': {known}"
    assert "is not a run" in fails(capsys, "send", tmp_path, "--report-to", "wandb")
    monkeypatch.setitem(sys.modules, "wandb", None)
    expected = "ptarmigan: --report-to wandb needs wandb: pip install 'ptarmigan[wandb]'"
    assert fails(capsys, *train, "wandb") == expected
    assert not (tmp_path / "run").exists()


def test_a_plug_ins_tracker_is_found_by_its_entry_point(tmp_path, monkeypatch):
    points = [
        EntryPoint("mine", f"{__name__}:Mine", trackers.GROUP),
        EntryPoint("broken", "nowhere.at:All", trackers.GROUP),
    ]
    monkeypatch.setattr(trackers, "entry_points", lambda group: points)
    monkeypatch.setitem(sys.modules, __name__, sys.modules[Mine.__module__])
    ptarmigan.train("toy.gan", out=tmp_path, report_to=["mine"], **HOW)
    assert Mine.folders == [tmp_path]
    with pytest.raises(ValueError, match="the tracker 'broken' of a plug-in cannot be imported"):
        trackers.maker("broken")


class Mine:
    folders: list = []  # noqa: RUF012

    def __init__(self, folder):
        self.folders.append(folder)

    def values(self, step, values):
        pass

    picture = event = values

    def close(self):
        pass
