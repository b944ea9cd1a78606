"""A study: trials are runs that go on, and the study goes on where it was left."""

from __future__ import annotations

import json
from functools import partial

import pytest
from safetensors.torch import load_file

import ptarmigan
from ptarmigan.evaluation.score import score_run
from ptarmigan.media.lock import alone
from ptarmigan.tuning import study as studies
from ptarmigan.tuning.study import claimed

QUICK = dict(width=8, steps=20, batch=8, vitals=False, score_samples=20, sample_every=0, quiet=True)
SEARCH = {"lr": "1e-4..1e-1:log", "latent": "2,3"}
PLAN = dict(search=SEARCH, rungs=2, reduction=2, seeds=2, finalists=1)


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    monkeypatch.setattr(studies, "score_run", partial(score_run, metrics=("modes",)))


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studies, "score_run", partial(score_run, metrics=("modes",)))
        return ptarmigan.tune("toy.gan", out=folder / "it", trials=4, **PLAN, **QUICK)


def test_half_of_the_trials_go_on_and_the_best_is_written_down(tuned):
    assert [len(trial.results) for trial in tuned.trials].count(2) == 2
    assert all(trial.results[0]["step"] == 10 for trial in tuned.trials)
    best = json.loads((tuned.folder / "best.json").read_text())
    assert best["command"] == tuned.command
    assert best["options"] == tuned.options
    assert tuned.options.keys() == SEARCH.keys()
    assert "not" in tuned.words or "better" in tuned.words
    page = (tuned.folder / "tune.html").read_text()
    assert "ptarmigan train toy.gan" in page
    assert "trial 0" in page or "Trials" in page


def test_the_defaults_are_the_first_trial(tuned):
    assert tuned.trials[0].options == {"lr": 1e-3, "latent": 2}


def test_a_trial_that_was_paused_is_the_run_that_was_not(tuned, tmp_path):
    paused = next(trial for trial in tuned.trials if len(trial.results) == 2)
    ptarmigan.train("toy.gan", out=tmp_path / "run", report=False, **paused.options, **QUICK)
    mine, theirs = (load_file(at / "generator.safetensors") for at in (paused.folder, tmp_path / "run"))
    assert all((mine[name] == theirs[name]).all() for name in mine)


def test_finals_have_seeds_that_no_trial_had(tuned):
    finals = sorted(each.name for each in (tuned.folder / "final").iterdir() if each.is_dir())
    assert {"default-seed1", "default-seed2"} <= {*finals}
    seeds = {
        json.loads((tuned.folder / "final" / each / "run.json").read_text())["options"]["seed"]
        for each in finals
    }
    assert seeds == {1, 2}


def test_the_same_call_again_trains_nothing(tuned, monkeypatch):
    monkeypatch.setattr(studies, "train_up_to", lambda *args: pytest.fail("it trained"))
    again = ptarmigan.tune("toy.gan", out=tuned.folder, trials=4, **PLAN, **QUICK)
    assert again.options == tuned.options


def test_a_study_that_was_left_proposes_what_it_would_have(tuned, tmp_path, monkeypatch):
    train = studies.train_up_to
    left = iter([False, False, True])

    def dies(*args):
        if next(left, False):
            raise KeyboardInterrupt
        return train(*args)

    monkeypatch.setattr(studies, "train_up_to", dies)
    call = partial(ptarmigan.tune, "toy.gan", out=tmp_path / "it", trials=4, **PLAN, **QUICK)
    with pytest.raises(KeyboardInterrupt):
        call()
    monkeypatch.setattr(studies, "train_up_to", lambda *args: train(*args))
    found = call()
    assert [trial.options for trial in found.trials] == [trial.options for trial in tuned.trials]
    assert [trial.results for trial in found.trials] == [trial.results for trial in tuned.trials]


def test_whoever_holds_a_trial_is_left_alone(tmp_path):
    with claimed(tmp_path / "trial") as mine:
        assert mine
    from multiprocessing import get_context

    with alone(tmp_path / "trial"):
        context = get_context("spawn")
        answers = context.Queue()
        process = context.Process(target=ask, args=(tmp_path / "trial", answers))
        process.start()
        assert answers.get(timeout=60) is False
        process.join()


def ask(folder, answers):
    with claimed(folder) as mine:
        answers.put(mine)


def test_what_is_wrong_is_one_line_and_nothing_is_begun(tuned, tmp_path):
    call = partial(ptarmigan.tune, "toy.gan", **QUICK)
    with pytest.raises(ValueError, match="other options"):
        call(out=tuned.folder, trials=4, **PLAN, seed=5)
    with pytest.raises(ValueError, match="other search"):
        call(out=tuned.folder, trials=4, **{**PLAN, "search": {"lr": "1e-3..1e-2"}})
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds no study"):
        call(out=tmp_path, trials=4, **PLAN)
    with pytest.raises(ValueError, match="--storage"):
        call(out=tmp_path / "it", trials=4, storage="nonsense://x", **PLAN)
    with pytest.raises(ValueError, match="--score-every"):
        call(out=tmp_path / "other", trials=4, score_every=0, **PLAN)
    with pytest.raises(ValueError, match="there is no option"):
        call(out=tmp_path / "other", trials=4, wodth=3, **PLAN)
    assert not (tmp_path / "other").exists()


def test_an_option_that_no_trial_can_have_ends_the_study(tmp_path):
    with pytest.raises(ValueError, match="ring"):
        ptarmigan.tune("toy.gan", data="no-such-data", out=tmp_path / "it", trials=4, **PLAN, **QUICK)
