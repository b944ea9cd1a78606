"""``ptarmigan augment``: what is tested on is real and unseen, what is written is marked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import t

from ptarmigan.api import augment
from ptarmigan.estimators.oversampler import GANOverSampler
from ptarmigan.evaluation.oversampling.trial import MEASURES, Trial, run_trial
from ptarmigan.modalities.image.labelled import ImageClassifier
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.labelled import Method
from ptarmigan.modalities.table.labelled import RowClassifier

QUICK = dict(steps=2, splits=2, device="cpu")


def frame(n: int = 160, rare: int = 24) -> pd.DataFrame:
    """Columns of several kinds that tell the rare from the others, some cells missing."""
    rng = np.random.default_rng(0)
    y = np.arange(n) < rare
    number = rng.normal(3 * y, 1).round(3)
    number[rng.random(n) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "number": number,
            "word": pd.Series(np.where(rng.random(n) < 0.1, None, np.where(y, "a", "b")), dtype=object),
            "risk": np.where(y, "high ü", "low"),
            "level": pd.Categorical(rng.choice(["x", "y"], n)),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D"),
        }
    )


def images(folder: Path, n: int = 40, rare: int = 8) -> Path:
    rng = np.random.default_rng(0)
    for i in range(n):
        name = "bright" if i < rare else "dark"
        (folder / name).mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 90, (8, 8)) + 150 * (i < rare)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{i}.png")
    return folder


class Witness:
    """A classifier that notes what it is shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[np.ndarray, np.ndarray]] = []

    def methods(self, seed):
        return {"nothing": Method()}

    def fit(self, x, c, classes, *, weighted, jittered, seed):
        def probabilities(asked):
            self.seen.append((x, asked))
            return np.full((len(asked), classes), 1 / classes)

        return probabilities


class Fives(GANOverSampler):
    """A sampler that generates five samples, which are below 0."""

    def fit_resample(self, x, c):
        return np.concatenate([x, -1 - x[:5]]), np.concatenate([c, c[:5]])


def test_nothing_made_is_tested_on_and_nothing_tested_on_is_learnt_from():
    witness, x = Witness(), np.arange(90)
    run_trial(witness, Fives(), x, np.repeat([0, 1], [70, 20]), ("a", "b"), 1, splits=3)
    assert len(witness.seen) == 6
    for learnt, asked in witness.seen:
        assert asked.min() >= 0
        assert not set(asked) & set(learnt)
        assert set(asked) | set(learnt[learnt >= 0]) == set(range(90))
    nothing, gan = witness.seen[0], witness.seen[1]
    np.testing.assert_array_equal(nothing[1], gan[1])
    assert (gan[0] < 0).sum() == 5


def test_intervals_and_gains():
    gan, other = [0.5, 0.7, 0.6], [0.1, 0.4, 0.1]
    figures = {"nothing": dict.fromkeys(MEASURES, other), "GAN": dict.fromkeys(MEASURES, gan)}
    trial = Trial("rare", 0.1, 0.5, figures)
    mean, half = trial.interval(gan)
    assert mean == pytest.approx(0.6)
    assert half == pytest.approx(t.ppf(0.975, 2) * 0.1 * (1 / 3 + 0.5) ** 0.5)
    assert trial.gains()["nothing"][0] == pytest.approx(0.4)
    assert trial.verdict() == "By average precision the GAN is better than nothing"
    assert np.isnan(trial.interval([0.5])[1])
    assert json.loads(json.dumps(trial.plain()))["methods"]["GAN"]["F1"]["values"] == gan


def test_every_method_learns_from_rows_and_can_tell_them():
    x = frame().drop(columns="risk")
    c = np.repeat([1, 0], [24, 136])
    sampler = GANOverSampler(steps=2, options=dict(width=8, batch=20), device="cpu")
    trial = run_trial(RowClassifier(x), sampler, x, c, ("low", "high"), 1, splits=2)
    assert [*trial.figures] == ["nothing", "class weights", "random oversampling", "SMOTE", "GAN"]
    assert all(np.mean(found["average precision"]) > 0.8 for found in trial.figures.values())


def test_every_method_learns_from_images_and_can_tell_them(tmp_path):
    rng = np.random.default_rng(0)
    c = np.repeat([1, 0], [12, 48])
    x = (rng.integers(0, 90, (60, 8, 8, 1)) + 150 * c[:, None, None, None]).astype(np.uint8)
    sampler = GANOverSampler(steps=2, options=dict(width=4, latent=4, batch=8), device="cpu")
    trial = run_trial(
        ImageClassifier(ImageSpace(8, 8, 1), 20), sampler, x, c, ("dark", "bright"), 1, splits=1
    )
    assert [*trial.figures][3:] == ["image augmentation", "SMOTE", "GAN"]
    assert all(found["average precision"][0] > 0.9 for found in trial.figures.values())


def test_a_table_is_written_with_what_is_made_marked(tmp_path, cli):
    given = frame()
    given.to_csv(tmp_path / "x.csv", index=False)
    done = cli(
        "augment", "--data", "x.csv", "--label", "risk", "--steps", 2, "--splits", 2, "--device", "cpu"
    )
    assert done.returncode == 0, done.stderr
    for word in ("class weights", "SMOTE", "average precision", "the GAN is", "high ü, 15.0%"):
        assert word in done.stdout
    page = (tmp_path / "augmented.html").read_text()
    for word in ("More of high ü", "average precision by method", "the GAN is", "112", "Made: high ü"):
        assert word in page
    made = pd.read_csv(tmp_path / "augmented.csv", parse_dates=["day"])
    assert made.columns.tolist() == [*given.columns, "synthetic"]
    assert made["synthetic"].tolist() == [False] * 160 + [True] * 112
    assert (made["risk"][160:] == "high ü").all()
    before = pd.read_csv(tmp_path / "x.csv", parse_dates=["day"])
    pd.testing.assert_frame_equal(made.iloc[:160, :-1], before, check_index_type=False)
    again = cli("augment", "--data", "x.csv", "--label", "risk", "--steps", 2)
    assert again.returncode == 2
    assert again.stderr.startswith("ptarmigan: augmented.csv is there already")
    (tmp_path / "augmented.csv").unlink()
    again = cli("augment", "--data", "x.csv", "--label", "risk", "--steps", 2)
    assert again.stderr.startswith("ptarmigan: augmented.html is there already")


def test_json_says_the_same(tmp_path, cli):
    frame().to_csv(tmp_path / "x.csv", index=False)
    words = ("--steps", 2, "--splits", 1, "--class", "low", "--ratio", 0.5, "--out", "y.parquet", "--json")
    done = cli("augment", "--data", "x.csv", "--label", "risk", *words)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["class"] == "low"
    assert found["splits"] == 1
    assert found["gains"].keys() == found["methods"].keys() - {"GAN"}
    assert pd.read_parquet(tmp_path / "y.parquet")["synthetic"].sum() == 44


def test_labels_keep_their_dtype(tmp_path):
    given = frame().assign(risk=pd.Categorical(frame()["risk"]), yes=np.arange(160) < 24)
    given.to_parquet(tmp_path / "x.parquet")
    for label in ("risk", "yes"):
        out = tmp_path / f"{label}.parquet"
        trial, _ = augment(str(tmp_path / "x.parquet"), label=label, out=out, **QUICK | dict(splits=0))
        assert trial is None
        assert pd.read_parquet(out)[label].dtype == given[label].dtype
        assert pd.read_parquet(out)[label].value_counts().tolist() == [136, 136]


def test_a_page_shows_images_that_are_real_and_made(tmp_path, monkeypatch):
    figures = {name: {key: [0.5, 0.6] for key in MEASURES} for name in ("nothing", "GAN")}
    trial = Trial("bright", 0.2, 0.4, figures)
    monkeypatch.setattr("ptarmigan.evaluation.oversampling.augment.run_trial", lambda *args, **told: trial)
    augment(str(images(tmp_path / "given")), out=tmp_path / "made", **QUICK | dict(splits=2))
    page = (tmp_path / "made.html").read_text()
    assert page.count("data:image/") == 2
    assert "Real: bright" in page
    assert "not significantly different from nothing" in page


@pytest.mark.parametrize("out", ["made", "made.npz"])
def test_images_are_written_with_what_is_made_marked(tmp_path, out):
    data = images(tmp_path / "given")
    _, words = augment(str(data), out=tmp_path / out, **QUICK | dict(splits=0))
    assert "40 real; generated: 24 of bright" in words
    if out == "made":
        names = sorted(p.name for p in (tmp_path / out / "bright").iterdir())
        assert [name.split("-")[0] for name in names] == ["real"] * 8 + ["synthetic"] * 24
        assert len(list((tmp_path / out / "dark").iterdir())) == 32
    else:
        with np.load(tmp_path / out) as made:
            assert made["x"].shape == (64, 8, 8, 1)
            assert made["synthetic"].sum() == 24
            assert set(made["y"][made["synthetic"]]) == {"bright"}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (dict(), "name the column"),
        (dict(label="rsk"), "no such column"),
        (dict(label="number"), "cells are missing"),
        (dict(label="risk", class_="mid"), "--class mid"),
        (dict(label="risk", out="x.npz"), "a .csv or a .parquet"),
        (dict(label="risk", out="."), "is not empty"),
        (dict(label="risk", splits=-1), "--splits"),
        (dict(label="risk", ratio=1.5), "a ratio is above 0"),
        (dict(label="risk", recipe="table.nothing"), "no recipe"),
        (dict(label="five"), "only one class"),
        (dict(label="single"), "a single sample"),
        (dict(label="day"), "a single sample"),
    ],
)
def test_what_cannot_be_meant(tmp_path, told, words):
    given = frame().assign(five=5, single=["a"] + ["b"] * 159)
    given.to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(ValueError, match=words):
        augment(str(tmp_path / "x.csv"), **QUICK | dict(splits=1) | told)


def test_images_without_classes_are_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((10, 8, 8), np.uint8))
    with pytest.raises(ValueError, match="no classes"):
        augment(str(tmp_path / "x.npy"), out=tmp_path / "made", **QUICK)


@pytest.mark.parametrize(
    ("data", "told", "words"),
    [
        ("ring", {}, "points have no classes to oversample, but images and rows of a table have"),
        ("digits", dict(label="risk"), "--label is for rows of a table"),
        ("digits", dict(categorical=("a",)), "--categorical is for rows of a table, and these are images"),
        (
            "iris",
            dict(label="class", size="8"),
            "--size is for fields, images and videos, and these are rows of a table",
        ),
        ("iris", dict(kind="sond"), "no kind of data 'sond'"),
    ],
)
def test_the_kind_of_data_decides_what_is_taken(tmp_path, monkeypatch, data, told, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=words):
        augment(data, **QUICK | told)
