"""The judge: any two sets of samples, the same score in any order, trivial generators beside it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import ptarmigan
from ptarmigan.cli import main
from ptarmigan.evaluation import score as scoring
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.measure import Measure, Scale, choose
from ptarmigan.metrics.measures import MEASURES
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.point.source import Points
from ptarmigan.modalities.registry import modality, modality_of, names

QUICK = ("frechet", "precision", "density")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(0)
    return rng.normal(size=(400, 3)), rng.normal(size=(300, 3)) + 0.5


@pytest.fixture(scope="module")
def digits():
    samples = Images("digits").open(batch=1)
    return samples.source.read(np.arange(600))


def said(capsys, *words):
    """What a command that succeeds prints."""
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 0
    return capsys.readouterr().out


def values(found, what="value"):
    return {name: entry[what] for name, entry in found["scores"].items()}


def test_real_samples_against_themselves(points):
    real, _ = points
    found = values(scoring.score(real, real, metrics=QUICK))
    assert found["Fréchet distance"] == pytest.approx(0, abs=1e-9)
    assert found["precision"] == found["recall"] == found["coverage"] == 1


def test_every_usual_measure_that_fits_has_a_value_an_error_a_floor_and_baselines(points):
    found = scoring.score(*points)
    fitting = {"Fréchet distance", "kernel distance", "precision", "recall", "density", "coverage"}
    assert fitting <= found["scores"].keys()
    for name, entry in found["scores"].items():
        assert np.isfinite([entry["value"], entry["error"], entry["floor"]]).all(), name
        low, high = entry["interval"]
        assert low <= entry["value"] <= high
        assert entry["baselines"].keys() == {"Gaussian mixture", "noisy copy"}
        assert "300 samples against 400 real samples" in entry["protocol"]
    assert found["samples"] == 300
    assert "modes" not in found["scores"]  # nobody knows the mixture


def test_the_order_of_samples_is_nothing_to_a_score(points):
    real, fake = points
    rng = np.random.default_rng(1)
    first = scoring.score(real, fake)
    assert scoring.score(rng.permutation(real), rng.permutation(fake)) == first


def test_worse_samples_score_worse_and_lose_to_the_trivial(points):
    real, fake = points
    near = scoring.score(real, real[:300] + 0.01, metrics=("frechet",))["scores"]["Fréchet distance"]
    far = scoring.score(real, fake + 3, metrics=("frechet",))["scores"]["Fréchet distance"]
    assert near["value"] < far["value"]
    assert near["beaten by"] == []
    assert far["beaten by"] == ["Gaussian mixture", "noisy copy"]


def test_what_a_collapse_scores(points):
    real, _ = points
    found = values(scoring.score(real, np.repeat(real[:1], 300, axis=0), metrics=(*QUICK, "vendi")))
    assert found["recall"] < 0.05
    assert found["Vendi score"] == pytest.approx(1)


def test_features_of_ones_own(points):
    seen = []

    def halves(raw):
        seen.append(len(raw))
        return raw[:, :2] / 2

    found = scoring.score(*points, metrics=("frechet",), features=halves)
    assert found["features"] == {"name": "halves", "hash": ""}
    assert "features halves (unnamed)" in found["scores"]["Fréchet distance"]["protocol"]
    before = len(seen)
    scoring.score(*points, metrics=("frechet",), features=halves)
    assert len(seen) == 2 * before  # what has no hash is never read from a cache


@pytest.mark.parametrize("made", [np.zeros(5), np.zeros((2, 3))])
def test_features_that_are_no_rows(points, made):
    with pytest.raises(ValueError, match="expected one row of numbers each"):
        scoring.score(*points, features=lambda raw: made)


def test_images_in_two_folders_from_the_command_line(tmp_path, digits, capsys):
    for name, rows in (("a", digits[:300]), ("b", digits[300:500])):
        (tmp_path / name).mkdir()
        for i, row in enumerate(rows):
            Image.fromarray(row[..., 0]).save(tmp_path / name / f"{i}.png")
    words = ["score", "--real", str(tmp_path / "a"), "--fake", str(tmp_path / "b")]
    words += ["--features", "pixels", "--metrics", *QUICK]
    found = json.loads(said(capsys, *words, "--json"))
    assert found["samples"] == 200
    assert found["scores"]["precision"]["value"] > 0.5
    assert "images of 8×8×1" in found["scores"]["precision"]["protocol"]
    shown = said(capsys, *words)
    assert "Gaussian mixture" in shown
    assert "features pixels" in shown


def test_the_classifier_of_labelled_images_sees_a_missing_class(digits):
    samples = Images("digits").open(batch=1)
    labels = samples.source.labels
    fake = samples.source.read(np.flatnonzero(labels != 3)[:400])
    found = scoring.score("digits", fake, metrics=("classes",))
    assert found["features"]["name"].startswith("classifier")
    assert found["scores"]["class balance"]["value"] > found["scores"]["class balance"]["floor"]
    assert any("3" in words for words in found["warnings"])
    whole = scoring.score("digits", samples.source.read(np.arange(800)), metrics=("classes",))
    assert not any("no sample is told" in words for words in whole["warnings"])


def test_features_of_real_samples_are_computed_once(points, cache, monkeypatch):
    first = scoring.score(*points, metrics=("frechet",))
    (kept,) = (cache / "features").glob("*.npy")
    scoring.score(points[0][::-1], points[1], metrics=("frechet",))
    assert list((cache / "features").glob("*.npy")) == [kept]
    kept.write_bytes(b"damaged")
    assert scoring.score(*points, metrics=("frechet",)) == first


def test_few_samples_and_constant_features_are_said():
    rng = np.random.default_rng(0)
    real = np.hstack([rng.normal(size=(30, 20)), np.ones((30, 1))])
    found = scoring.score(real, real[:15] + 0.1, metrics=("frechet",))
    assert any("few for 21 features" in words for words in found["warnings"])
    assert any("1 of 21 features are the same" in words for words in found["warnings"])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_of_samples_too_few_to_resample_no_error_is_claimed(points, n):
    real, fake = points
    found = scoring.score(real, fake[:n], metrics=("frechet", "vendi"))
    errors = values(found, "error")
    assert errors.keys() == {"Fréchet distance", *(["Vendi score"] if n > 1 else [])}
    assert (errors.pop("Fréchet distance") is None) == (n == 1)
    assert set(errors.values()) <= {None}
    for entry in found["scores"].values():
        assert (entry["interval"] == [None, None]) == (entry["error"] is None)


@pytest.mark.parametrize(
    ("real", "fake", "options", "words"),
    [
        (np.zeros((9, 3)), np.zeros((9, 3)), {}, "nothing to score against"),
        (np.eye(9), np.full((9, 9), np.nan), {}, "not finite"),
        (np.eye(9), np.eye(8), {}, "cannot be compared"),
        (np.zeros((9, 8, 8), np.uint8), np.eye(8), {}, "cannot be compared"),
        (np.eye(9), np.eye(9), {"metrics": ["beauty"]}, "no measure 'beauty': choose from"),
        (np.eye(9), np.eye(9), {"n": 10}, "not 10"),
        (np.eye(9), np.eye(9), {"n": 0}, "not 0"),
        (np.eye(9), np.eye(9), {"features": "taste"}, "taste"),
    ],
)
def test_what_cannot_be_scored(real, fake, options, words):
    with pytest.raises(ValueError, match=words) as raised:
        scoring.score(real, fake, **options)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "words",
    [
        "score",
        "score --real digits",
        "score run --real digits --fake digits",
        "score --real digits --fake nowhere",
        "score --real digits --fake digits --metrics beauty",
        "score --real digits --fake ring",
    ],
)
def test_bad_commands_say_so_in_one_line(capsys, words):
    with pytest.raises(SystemExit) as stop:
        main(words.split())
    assert stop.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_the_names_of_measures():
    assert choose(MEASURES, ["all"]) == MEASURES
    assert {m.key for m in choose(MEASURES, [])} < {m.key for m in MEASURES}
    assert [m.key for m in choose(MEASURES, ["vendi", "frechet"])] == ["vendi", "frechet"]


def test_a_function_is_a_measure(points):
    real, fake = points

    def spread(real, fake):
        return abs(fake.std() / real.std() - 1)

    found = scoring.score(real, fake, metrics=["frechet", spread])["scores"]
    assert [*found] == ["Fréchet distance", "spread"]
    assert found["spread"]["value"] == pytest.approx(spread(real, fake), rel=1e-5)
    assert found["spread"]["error"] is None
    assert found["spread"]["floor"] == pytest.approx(0, abs=0.1)
    assert found["spread"]["baselines"].keys() == {"Gaussian mixture", "noisy copy"}
    assert "300 samples against 400 real samples" in found["spread"]["protocol"]


def test_a_measure_of_ones_own(points):
    def against(reference):
        centre = reference.real.features.mean(0)
        return lambda fake: (Estimate(float(np.abs(fake.features.mean(0) - centre).max()), 0.01),)

    shift = Measure("shift", (Scale("shift of the mean", "units", True, "largest of a column"),), against)
    found = scoring.score(*points, metrics=[shift])["scores"]["shift of the mean"]
    assert found["value"] == pytest.approx(0.5, abs=0.2)
    assert found["error"] == 0.01
    assert found["protocol"].endswith("largest of a column")
    higher = Measure.of(lambda real, fake: float(len(fake)), "count", unit="samples", lower_is_better=False)
    assert scoring.score(*points, metrics=[higher])["scores"]["count"]["direction"] == "higher is better"
    assert ptarmigan.Measure is Measure


def test_measures_of_ones_own_are_taken_for_every_kind():
    rng = np.random.default_rng(0)
    waves = np.sin(rng.uniform(0, 6, (40, 16, 1)) + np.arange(16)[:, None])
    found = scoring.score(waves, waves[:20], kind="series", metrics=["spectrum", lambda real, fake: 3.0])
    assert [entry["value"] for entry in found["scores"].values()][1] == 3
    iris = scoring.score("iris", "iris", metrics=[Measure.of(lambda real, fake: 2.0, "two")])
    assert iris["scores"]["two"]["value"] == 2


def test_both_are_of_one_kind_which_is_recognised_or_said(points, tmp_path):
    real, fake = (rows.astype(np.float32) for rows in points)
    np.save(tmp_path / "real.npy", real)
    np.save(tmp_path / "fake.npy", fake)
    both = str(tmp_path / "real.npy"), str(tmp_path / "fake.npy")
    taken = scoring.score(*both, metrics=["sliced"])
    told = scoring.score(*both, metrics=["sliced"], kind="vector")
    assert (taken["kind"], told["kind"]) == ("point", "vector")
    assert told["features"]["name"] == "standardised columns"
    assert taken["scores"] == scoring.score(real, fake, metrics=["sliced"])["scores"]
    with pytest.raises(ValueError, match=r"iris .* cannot be compared with .*npy .*--kind"):
        scoring.score("iris", both[0])
    with pytest.raises(ValueError, match="no kind of data 'sond'"):
        scoring.score(*both, kind="sond")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": "8"}, "--size is for fields, images and videos, and these are points"),
        ({"crop": True}, "--crop is for .*images"),
        ({"time": "day"}, "--time is for series"),
        ({"held_out": np.zeros((3, 3))}, "--held-out is for rows of a table"),
    ],
)
def test_options_of_other_kinds_are_refused(points, options, words):
    with pytest.raises(ValueError, match=words):
        scoring.score(*points, **options)


def test_the_command_line_says_what_it_took_the_data_for(points, tmp_path, capsys):
    np.savetxt(tmp_path / "real.csv", points[0], delimiter=",")
    words = ["score", "--real", str(tmp_path / "real.csv"), "--fake", str(tmp_path / "real.csv")]
    with pytest.raises(SystemExit):
        main([*words, "--metrics", "sliced"])
    assert "recognised as points" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*words, "--metrics", "sliced", "--kind", "vector"])
    shown = capsys.readouterr()
    assert "standardised columns" in shown.out
    assert "recognised as" not in shown.err


def test_training_measures_what_the_evaluator_measures(tmp_path):
    outcome = ptarmigan.train(
        "toy.gan",
        data="moons",
        steps=4,
        batch=8,
        out=tmp_path / "run",
        score_samples=60,
        quiet=True,
        report=False,
    )
    samples = Points("moons").open(batch=1)
    evaluator = modality_of(samples.space).evaluator(samples, Request(n=60))
    made = ptarmigan.load(tmp_path / "run", device="cpu").sample(60)
    assert outcome.scores == pytest.approx(evaluator.quick(made))
    assert [*evaluator.quick(made)] == [metric.name for metric in evaluator.metrics]
    thorough = {score.scale.name: score for score in evaluator.evaluate(made).scores}
    assert thorough.keys() > evaluator.quick(made).keys()
    for name, value in evaluator.quick(made).items():
        assert thorough[name].value.value == pytest.approx(value)


@pytest.mark.parametrize("name", names())
def test_every_kind_has_measures_for_training_that_are_quick(name, tmp_path):
    kind = modality(name)
    samples = kind.options(kind.example(tmp_path)).open(batch=1)
    evaluator = kind.evaluator(samples, Request(n=12))
    raw = samples.source.read(np.arange(12) % len(samples))
    assert all(np.isfinite(value) for value in evaluator.quick(raw).values())
    assert {*evaluator.quick(raw)} <= {
        scale.name for m in evaluator.measures if m.quick for scale in m.scales
    }


def test_it_is_part_of_the_package():
    assert ptarmigan.score is scoring.score
