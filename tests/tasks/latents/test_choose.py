"""Samples that the discriminator chooses: calibration, rejection and Metropolis-Hastings."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest

import ptarmigan
from ptarmigan import cli
from ptarmigan.tasks.latents.calibration import calibrate, isotonic, z_statistic
from ptarmigan.tasks.latents.choose import Rejection, logit, metropolis_hastings, reject
from ptarmigan.trained.choose import Chooser

N = 256


def told(capsys, *args: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main([*map(str, args)])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def coin(i):
    return np.random.default_rng((2, i)).random(N)


def propose(i):
    """Samples of N(0, 1), and the probabilities that they are of N(1, 0.7²)."""
    x = np.random.default_rng((1, i)).standard_normal(N)
    return x, perfect(x)


def perfect(x):
    ratio = np.exp(-0.5 * ((x - 1) / 0.7) ** 2 + 0.5 * x**2) / 0.7
    return ratio / (1 + ratio)


def after(draw, chain, step):
    return draw(99 * chain + step)


def test_chains_end_in_the_distribution_of_real_samples():
    real = 1 + 0.7 * np.random.default_rng(0).standard_normal((8, N))
    ends = []
    for j, start in enumerate(map(perfect, real)):
        batches = (
            partial(each, j) for each in (lambda j, i: propose(99 * j + i), lambda j, i: coin(99 * j + i))
        )
        ends.append(metropolis_hastings(next(batches), start, 60, next(batches)))
    x = np.concatenate([raw for raw, _ in ends])
    assert np.concatenate([moved for _, moved in ends]).mean() > 0.99
    assert x.mean() == pytest.approx(1, abs=0.06)
    assert x.std() == pytest.approx(0.7, abs=0.05)


def test_rejection_without_a_shift_has_the_distribution_of_real_samples():
    x = np.random.default_rng(9).standard_normal(20_000)
    rule = Rejection(float(logit(perfect(x)).max()), 0.0)
    found = reject(propose, rule, 2_000, coin)
    assert found.raw.mean() == pytest.approx(1, abs=0.07)
    assert found.raw.std() == pytest.approx(0.7, abs=0.05)
    assert found.proposed / 2_000 == pytest.approx(np.exp(rule.highest), rel=0.15)  # M of rejection sampling


def test_gamma_is_what_accepts_about_as_many_as_the_percentile_leaves():
    p = perfect(np.random.default_rng(9).standard_normal(20_000))
    shares = [Rejection.after(p, percentile).acceptance(p).mean() for percentile in (50, 80, 95)]
    assert shares == sorted(shares, reverse=True)
    assert 0.15 < shares[1] < 0.35


def test_the_first_samples_do_not_depend_on_how_many_are_chosen():
    rule = Rejection.after(propose(0)[1])
    few, many = (reject(propose, rule, n, coin).raw for n in (5, 100))
    np.testing.assert_array_equal(few, many[:5])


def test_who_accepts_nothing_says_so(monkeypatch):
    monkeypatch.setattr("ptarmigan.tasks.latents.choose.MOST", 3)
    with pytest.raises(ValueError, match="of 768 samples 0 were accepted"):
        reject(propose, Rejection(1e9, 1e9), 1, coin)


def test_isotonic_is_scikit_learns():
    from sklearn.isotonic import IsotonicRegression

    rng = np.random.default_rng(0)
    values, weights = np.linspace(0, 1, 200) + rng.normal(size=200), rng.uniform(0.1, 2, 200)
    expected = IsotonicRegression().fit_transform(np.arange(200), values, sample_weight=weights)
    np.testing.assert_allclose(isotonic(values, weights), expected)


def test_calibrated_probabilities_are_shares_of_real_samples():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(1, 1, 4_000), rng.normal(0, 1, 4_000)
    found = calibrate(7 * real[::2], 7 * fake[::2])  # an overconfident discriminator, scores × 7
    before = [1 / (1 + np.exp(-7 * each[1::2])) for each in (real, fake)]
    after = [found(7 * each[1::2]) for each in (real, fake)]
    assert abs(z_statistic(*before)) > 5
    assert abs(z_statistic(*after)) < 3
    assert found(np.array([7 * 0.5]))[0] == pytest.approx(0.5, abs=0.08)
    with pytest.raises(ValueError, match="cannot be calibrated"):
        calibrate(np.array([np.nan]), fake)


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    place = tmp_path_factory.mktemp("choose") / "ring"
    how = dict(quiet=True, report=False, vitals=False, sample_every=0, score_every=0, device="cpu")
    ptarmigan.train("toy.gan", out=place, width=32, steps=300, batch=128, **how)
    return place


def test_chosen_points_of_a_ring_look_more_real(ring, tmp_path, capsys):
    code, out, err = told(
        capsys, "sample", ring, "--n", 600, "--choose", "rejection", "--out", tmp_path / "a.npy"
    )
    assert code == 0, err
    assert "chosen by rejection: " in out
    assert "precision " in out
    chooser = Chooser(ptarmigan.load(ring, device="cpu"), ring)
    chosen = chooser.sample(600, "rejection")
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), chosen.raw)
    plain = chooser.trained.sample(600)
    p = []
    for raw in (plain, chosen.raw):
        parts = chooser.trained.space.encode(raw).split(60)
        p.append(np.concatenate([chooser.calibration(chooser._score(x, None)) for x in parts]))
    error = np.hypot(*(each.std() / len(each) ** 0.5 for each in p))
    assert p[1].mean() > p[0].mean() + 3 * error
    assert 2 < chosen.proposed / 600 < 20


def test_chains_cost_as_many_as_they_are_long(ring, tmp_path, capsys):
    path = tmp_path / "a.npy"
    code, out, err = told(capsys, "sample", ring, "--n", 3, "--choose", "mh", "--chain", 5, "--out", path)
    assert code == 0, err
    assert "chosen by mh: 320 were generated, 107 for each" in out
    more = Chooser(ptarmigan.load(ring, device="cpu"), ring).sample(65, "mh", chain=5)
    np.testing.assert_array_equal(more.raw[:3], np.load(path))


@pytest.mark.parametrize(
    ("run", "options", "words"),
    [
        ("ring/generator.safetensors", ("rejection",), "needs the folder of a run that generates"),
        ("ring", ("mh", "--chain", "0"), "chains of at least one step (--chain)"),
        ("ring", ("rejection", "--truncation", "0.5"), "--choose goes with neither --truncation"),
        ("stateless", ("rejection",), "has no state-*.pt, in which the discriminator is"),
    ],
)
def test_what_cannot_be_chosen_is_one_line(ring, tmp_path, capsys, run, options, words):
    stateless = ring.parent / "stateless"
    stateless.mkdir(exist_ok=True)
    for name in ("run.json", "generator.safetensors"):
        (stateless / name).write_bytes((ring / name).read_bytes())
    assert json.loads((stateless / "run.json").read_text())["recipe"] == "toy.gan"
    code, _, err = told(
        capsys, "sample", ring.parent / run, "--choose", *options, "--out", tmp_path / "a.npy"
    )
    assert (code, err.count("\n")) == (2, 1)
    assert words in err
