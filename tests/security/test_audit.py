"""Audits: a run that copies is found out, one that does not is not, and overlaps are named."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import ptarmigan
from ptarmigan.security.attributes import infer
from ptarmigan.security.audit import audit
from ptarmigan.security.membership import by_discriminator

QUICK = dict(quiet=True, report=False, vitals=False, sample_every=0, score_every=0, device="cpu")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("audit") / "run"
    ptarmigan.train("image.dcgan", data="digits", width=4, latent=6, steps=3, batch=8, out=place, **QUICK)
    return place


def test_members_that_were_copied_are_found_and_others_are_not(run, tmp_path):
    np.save(tmp_path / "copied.npy", ptarmigan.load(run).sample(200, seed=0))
    found, *_ = audit(run, members=str(tmp_path / "copied.npy"), n=200, generated=200)
    near = next(each for each in found.attacks if each.name == "nearest generated")
    assert found.gives_away
    assert near.auroc.value == 1
    assert near.rates[1].value == 1
    assert near.control.value == pytest.approx(0.5, abs=3 * near.control.error)
    assert found.trained_on == 0
    assert any("0.0% of the members are in the run's training data" in note for note in found.notes)
    plain, *_ = audit(run, n=200, generated=200)
    assert not plain.gives_away
    assert plain.trained_on == 1
    assert audit(run, n=200, generated=200)[0].plain() == plain.plain(), "the same again"


def test_scores_do_not_depend_on_who_else_is_in_the_group(run):
    """The published attack scored members in batches of members, by batch norm in training mode."""
    from ptarmigan.trained import load, rebuild

    game, built = load(run).game, rebuild(run)
    x = built.space.encode(built.samples.source.read(np.arange(130)))
    whole = by_discriminator(game, x, None)
    assert not game.training
    np.testing.assert_allclose(by_discriminator(game, x[:70], None), whole[:70], rtol=1e-4, atol=1e-6)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """A table's run, and rows of the same table with codes of another order."""
    place, rng = tmp_path_factory.mktemp("people"), np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.normal(50, 9, 240).round(4), "job": rng.choice(["a", "b", "c"], 240)})
    frame[:120].to_csv(place / "in.csv", index=False)
    frame[120:].assign(job=np.where(frame["job"][120:] == "a", "c", "b")).to_csv(
        place / "out.csv", index=False
    )
    frame[100:200].to_csv(place / "both.csv", index=False)
    frame[120:].assign(job="z").to_csv(place / "strange.csv", index=False)
    data = str(place / "in.csv")
    ptarmigan.train("table.tvae", data=data, steps=3, batch=16, width=8, out=place / "run", **QUICK)
    return place


def test_a_table_is_attacked_by_its_cells_too(people, cli):
    done = cli("audit", people / "run", "--others", people / "out.csv", "--generated", 100)
    assert done.returncode == 0, done.stderr
    written = json.loads((people / "run" / "audit.json").read_text())
    assert {each["column"] for each in written["attributes"]} == {"age", "job"}
    assert written["trained_on"] == 1
    assert "No attack tells members" in (people / "run" / "audit.html").read_text()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--others", "both.csv"], "20 of 100 others are members too, or were trained on (others 0, 1, 2, 3"),
        ([], "has no held-out samples: name some that it was not trained on (--others)"),
        (["--others", "strange.csv"], "the column 'job' holds 'z', which was not trained on"),
        (["--others", "out.csv", "--n", "3"], "an audit takes 20 samples"),
    ],
)
def test_what_cannot_be_audited_is_one_line(people, cli, more, words):
    done = cli("audit", people / "run", *[people / w if w.endswith(".csv") else w for w in more])
    assert done.returncode == 2
    assert words in done.stderr.splitlines()[-1]


def test_a_cell_is_guessed_where_rows_are_copied_and_not_where_only_the_law_is_known():
    rng = np.random.default_rng(0)

    def rows(n):
        return pd.DataFrame(
            {"a": rng.normal(size=n), "b": rng.normal(size=n), "c": rng.choice(list("xy"), n)}
        )

    members, others = rows(200), rows(200)
    copied = infer(members, others, members)
    assert all(each.members == 1 for each in copied)
    assert copied[0].risk.interval[0] > 0.3
    fresh = infer(members, others, rows(200))
    assert all(each.risk.interval[0] < 0.05 for each in fresh)
