"""Scores of sentences: what is better is told to be, what fools one measure is caught by another."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from ptarmigan import api
from ptarmigan.evaluation.score import score, score_run
from ptarmigan.modalities.registry import from_json
from ptarmigan.modalities.text.grammar import sentences
from ptarmigan.tasks.likelihood import NLL, held_out_nll, likelihood_score
from ptarmigan.trained import load
from ptarmigan.training.options import build
from ptarmigan.zoo.text import mle, wgan_gp


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    place = tmp_path_factory.mktemp("text")
    real, others = sentences(600)[0], sentences(300, "other")[0]
    rng = np.random.default_rng(0)
    shuffled = [" ".join(rng.permutation(line.split())) for line in others]
    for name, lines in {
        "real": real,
        "others": others,
        "shuffled": shuffled,
        "one": others[:1] * 300,
        "copies": real[:300],
    }.items():
        (place / f"{name}.txt").write_text("\n".join(lines))
    return place


@pytest.fixture(scope="module")
def scored(files):
    return {
        name: score(str(files / "real.txt"), str(files / f"{name}.txt"))["scores"]
        for name in ("others", "shuffled", "one", "copies")
    }


def value(scores, name):
    return scores[name]["value"]


def test_word_order_counts(scored):
    for name, sign in (
        ("BLEU-3", 1),
        ("reverse perplexity", -1),
        ("perplexity", -1),
        ("Fréchet distance", -1),
    ):
        assert sign * value(scored["others"], name) > sign * value(scored["shuffled"], name), name


def test_one_sentence_is_caught_by_what_measures_diversity(scored):
    assert value(scored["one"], "self-BLEU-2") == 1
    for name, sign in (("reverse perplexity", -1), ("distinct-2", 1), ("repeated sentences", -1)):
        assert sign * value(scored["others"], name) > sign * value(scored["one"], name), name


def test_copies_are_counted(scored):
    assert value(scored["copies"], "copied sentences") == 1
    assert value(scored["others"], "copied sentences") < 0.1


def test_the_baselines_stand_beside_every_score(scored):
    for entry in scored["others"].values():
        assert set(entry["baselines"]) == {
            "3-gram sampler",
            "4-gram sampler",
            "shuffled words",
            "one sentence",
            "training sentences",
        }


def test_held_out_sentences_are_the_references(files):
    real, others = str(files / "real.txt"), str(files / "others.txt")
    found = score(real, others, held_out=others, metrics=["bleu", "copies"])["scores"]
    assert value(found, "BLEU-5") == 1
    assert value(found, "copied sentences") < 0.1
    assert "held-out" in found["BLEU-2"]["protocol"]


def test_the_order_of_samples_changes_nothing(files):
    lines = (files / "others.txt").read_text().split("\n")
    (files / "turned.txt").write_text("\n".join(lines[::-1]))
    once, again = (
        score(str(files / "real.txt"), str(files / name), metrics=["bleu", "self-bleu", "perplexity"])[
            "scores"
        ]
        for name in ("others.txt", "turned.txt")
    )
    assert {name: entry["value"] for name, entry in once.items()} == {
        name: entry["value"] for name, entry in again.items()
    }


def test_measures_that_are_unknown(files):
    with pytest.raises(ValueError, match="no measure 'meteor' of text: choose from frechet, bleu"):
        score(str(files / "real.txt"), str(files / "others.txt"), metrics=["meteor"])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    api.train(
        "text.mle", out=str(out), quiet=True, width=16, hidden=24, steps=60, score_samples=200, batch=32
    )
    return out


def test_a_trained_run_samples_at_any_temperature(run):
    trained = load(run)
    plain, again = trained.sample(100), trained.sample(70)
    np.testing.assert_array_equal(plain[:70], again)
    cold = trained.sample(100, temperature=0.3)
    assert len(np.unique(cold[:, :3], axis=0)) < len(np.unique(plain[:, :3], axis=0))
    np.testing.assert_array_equal(trained.sample(100), plain)
    with pytest.raises(ValueError, match=r"--temperature, such as 0\.8"):
        trained.sample(5, truncation=0.5)


def test_what_is_saved_is_read_again(run, tmp_path, cli):
    for name in ("made.txt", "made.jsonl", "made.csv"):
        assert cli("sample", str(run), "--n", "30", "--out", str(tmp_path / name)).returncode == 0
    lines = (tmp_path / "made.txt").read_text().splitlines()
    records = [json.loads(line)["text"] for line in (tmp_path / "made.jsonl").read_text().splitlines()]
    assert lines == records
    assert len(lines) == 30
    assert (tmp_path / "made.csv").read_text().splitlines()[0] == "text"


def test_a_run_has_the_likelihood_of_held_out_sentences(run):
    found = score_run(run, n=200, metrics=["likelihood", "bleu"])["scores"]
    assert 0 < value(found, NLL) < np.log(84) + 0.1
    trained = load(run)
    assert trained.description["space"]["kind"] == "TextSpace"
    assert from_json(trained.description["space"]).tokenizer == "words"


def test_likelihoods_are_means_over_tokens():
    built = build(mle.recipe, dict(mle.small))
    game, samples = built.game.eval(), built.samples
    rows = np.arange(len(samples.held_out))
    x = samples.space.encode(samples.held_out.read(rows))
    logs = game.log_likelihood(x).detach()
    expected = float(-logs[~logs.isnan()].double().mean())
    assert held_out_nll(game, samples) == {NLL: pytest.approx(expected, rel=1e-4)}
    assert likelihood_score(game, samples).value.error > 0


def test_a_game_without_a_likelihood_has_none():
    built = build(wgan_gp.recipe, dict(wgan_gp.small))
    assert held_out_nll(built.game.eval(), built.samples) == {}
    with torch.no_grad():
        assert built.game.log_likelihood(torch.zeros(1, 12)) is None
