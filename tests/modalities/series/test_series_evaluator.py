"""The judge of series: what it measures, beside what, and what it refuses."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from evaluators import metrics_of
from test_series_metrics import moving

from ptarmigan.cli import main
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.evaluation import score as scoring
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.series import evaluate as ordered
from ptarmigan.modalities.series import measures
from ptarmigan.modalities.series.space import SeriesSpace

QUICK = ("autocorrelation", "cross-correlation", "spectrum", "sliced")


@pytest.fixture
def files(tmp_path):
    """Series like each other: one table of one series, and one of numbered series, columns turned round."""
    real, fake = moving(1, length=90)[0], moving(12, 1, length=16)
    pd.DataFrame(real, columns=["a", "b"]).assign(day=range(90)).to_csv(tmp_path / "real.csv", index=False)
    rows = [pd.DataFrame(one, columns=["a", "b"]).assign(series=i) for i, one in enumerate(fake)]
    pd.concat(rows)[["series", "b", "a"]].to_csv(tmp_path / "fake.csv", index=False)
    return str(tmp_path / "real.csv"), str(tmp_path / "fake.csv")


def test_what_looks_at_order_finds_what_the_published_scores_do_not(monkeypatch):
    x, y = moving(300), moving(300, 1)
    short = {"discriminative": measures.discriminative_score, "predictive": measures.predictive_score}
    known = [
        ordered.measure_of(m.key, m.scales[0], partial(short[m.key], steps=60), published=True)
        if m.key in short
        else m
        for m in ordered.MEASURES
    ]
    monkeypatch.setattr(ordered, "MEASURES", known)
    samples = Samples(ArraySource(x), SeriesSpace.of(x), batch=4)
    evaluation = ordered.evaluator(samples, Request(n=300)).evaluate(y)
    found = {score.scale.name: score for score in evaluation.scores}
    assert evaluation.warnings == (ordered.FOOLED,)
    for score in found.values():
        assert score.baselines.keys() == {"Gaussian", "shuffled set"}
        assert "300 against 300 real ones" in score.protocol
    assert np.isnan(found["discriminative score"].value.error)
    assert found["discriminative score"].baselines["shuffled set"] < 0.2
    for name in ("autocorrelation", "spectrum"):
        assert found[name].baselines["shuffled set"] > 5 * found[name].value.value
        assert found[name].value.value < 5 * found[name].real


def test_two_files(files, capsys):
    real, fake = files
    words = ["--length", "16", "--time", "day", "--metrics", *QUICK]
    with pytest.raises(SystemExit) as stop:
        main(["score", "--real", real, "--fake", fake, *words])
    assert stop.value.code == 0
    said = capsys.readouterr().out
    assert "Gaussian" in said
    assert "series of 16 steps and 2 channels; 12 against 75 real ones" in said
    assert "fooled" not in said
    numbered = pd.read_csv(fake).assign(site=lambda rows: np.where(rows["series"] % 2, "x", "y"))
    told = scoring.score(numbered, fake, length=16, metadata=["site"], metrics=("sliced",))
    assert told["scores"]["sliced Wasserstein distance"]["value"] == 0
    found = scoring.score(moving(40), moving(40, 1), length=16, metrics=("spectrum",), n=30)
    assert found["samples"] == 30
    assert 0 < found["scores"]["spectrum"]["error"] < found["scores"]["spectrum"]["value"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--length", "16"], "channels a, b, day cannot be compared with b, a"),
        (["--length", "16", "--time", "day", "--metrics", "kid"], "no measure 'kid' of series"),
        (["--length", "1", "--time", "day"], "choose a --length of 2 or more"),
        (["--length", "16", "--time", "day", "--n", "3"], "a score needs 10"),
    ],
)
def test_what_is_not_compared(files, capsys, more, words):
    real, fake = files
    with pytest.raises(SystemExit) as stop:
        main(["score", "--real", real, "--fake", fake, *more])
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_series_that_end_are_scored_while_a_run_is_trained():
    x = moving(40)
    x[::3, 9:] = np.nan
    metrics = metrics_of(Samples(ArraySource(x), SeriesSpace.of(x), batch=4), 20)
    assert metrics[0].lower_is_better
    for metric in metrics:
        assert 0 <= metric(x[:20]) < np.inf
        assert metric(np.full((20, *x.shape[1:]), np.nan)) == np.inf


def test_a_run(tmp_path):
    import ptarmigan

    np.save(tmp_path / "x.npy", moving(30))
    ptarmigan.train(
        "series.rcgan",
        out=tmp_path / "run",
        quiet=True,
        data=str(tmp_path / "x.npy"),
        steps=2,
        batch=8,
        width=4,
    )
    found = scoring.score_run(tmp_path / "run", n=20, metrics=QUICK)
    assert found["scores"].keys() == {
        "autocorrelation", "cross-correlation", "spectrum", "sliced Wasserstein distance"
    }  # fmt: skip
    assert (tmp_path / "run" / "scores.json").exists()
