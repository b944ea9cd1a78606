"""The best EMA of a finished run: chosen by scores, used by all, dropped when training goes on."""

from __future__ import annotations

import json

import pytest

from ptarmigan import api, load
from ptarmigan.evaluation.ema import choose_ema
from ptarmigan.media.plain import read_json
from ptarmigan.training import checkpoint
from ptarmigan.training.power_ema import CHOSEN

HOW = dict(data="moons", width=16, batch=32, device="cpu", quiet=True, report=False)
HOW |= dict(score_samples=100, sample_every=0, log_every=100, score_every=30)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose half-life was a bad one: all samples of the EMA weights are one point."""
    place = tmp_path_factory.mktemp("runs") / "run"
    api.train("toy.gan", out=place, steps=60, **HOW)
    for path in place.glob("state-*.pt"):
        state = checkpoint.read(path)
        state["ema"] = {name: 0 * weight for name, weight in state["ema"].items()}
        checkpoint.Checkpoints(place, 9, print).save(state["step"], state)
    return place


def test_the_best_width_is_found_without_training(run):
    before = load(run).sample(50)
    found = choose_ema(run, n=100)
    assert {each.width for each in found.tried} >= {None, 0.01, 0.15}
    assert found.best.score == min(each.score for each in found.tried), "lower is better"
    assert found.chosen
    assert found.fresh[1] < found.fresh[0]
    trained = load(run)
    assert trained.description["ema_width"] == found.best.width
    assert trained.description["step"] == found.best.step
    assert (trained.sample(50) != before).any()
    assert choose_ema(run, n=100) == found, "the same again"


def test_the_weights_as_trained_are_kept_where_none_is_better(run):
    choose_ema(run, n=100)
    found = choose_ema(run, n=100, widths=())
    assert not found.chosen
    assert not (run / CHOSEN).exists(), "what was chosen before is no longer"
    assert "ema_width" not in load(run).description


def test_the_command_shows_all_and_uses_the_best(run, cli):
    done = cli("ema", run, "--n", 100, "--widths", 0.02, 0.05)
    assert done.returncode == 0, done.stderr
    assert "width 0.02" in done.stdout
    assert "this run now uses width" in done.stdout
    done = cli("ema", run, "--widths", 0.5)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "ptarmigan: --widths 0.5: a fraction of the training, from 0.005 to 0.2"
    )


def test_what_was_chosen_is_dropped_when_training_goes_on(run):
    choose_ema(run, n=100)
    api.train("toy.gan", out=run, steps=70, force=True, **HOW)
    assert not (run / CHOSEN).exists()
    assert load(run).description["step"] == 70


def test_runs_without_averages_are_refused_in_a_line(run, tmp_path):
    with pytest.raises(ValueError, match=r"is not a run: it has no run\.json"):
        choose_ema(tmp_path)
    (tmp_path / "run.json").write_bytes((run / "run.json").read_bytes())
    with pytest.raises(ValueError, match="is not finished: its EMAs are chosen from at the end"):
        choose_ema(tmp_path)
    (tmp_path / "generator.safetensors").write_bytes((run / "generator.safetensors").read_bytes())
    with pytest.raises(ValueError, match="has no checkpoint any more"):
        choose_ema(tmp_path)
    state = checkpoint.read(max(run.glob("state-*.pt")))
    del state["hooks"]["power_ema"]
    checkpoint.Checkpoints(tmp_path, 1, print).save(state["step"], state)
    with pytest.raises(ValueError, match="by an earlier version, which kept no averages"):
        choose_ema(tmp_path)


def test_averages_of_other_networks_are_refused_in_a_line(run, tmp_path):
    for name in ("run.json", "generator.safetensors"):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    state = checkpoint.read(max(run.glob("state-*.pt")))
    averages = state["hooks"]["power_ema"]["averages"]
    averages["0.06"] = {name: weight[:1] for name, weight in averages["0.06"].items()}
    checkpoint.Checkpoints(tmp_path, 1, print).save(state["step"], state)
    with pytest.raises(ValueError, match="what is in its checkpoints does not fit"):
        choose_ema(tmp_path)


def test_a_private_run_is_not_chosen_from(run, tmp_path):
    from safetensors.torch import load_file, save_file

    described = read_json(run / "run.json") | {"epsilon": 1.0, "space": {}}
    (tmp_path / "run.json").write_bytes((run / "run.json").read_bytes())
    tensors = load_file(run / "generator.safetensors")
    save_file(tensors, tmp_path / "generator.safetensors", metadata={"ptarmigan": json.dumps(described)})
    with pytest.raises(ValueError, match="is private"):
        choose_ema(tmp_path)
