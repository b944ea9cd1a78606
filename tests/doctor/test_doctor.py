"""The diagnosis: every fault is named from what was logged, and health is not mistaken for one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ptarmigan.doctor import Fault, History, diagnose, examine, read
from ptarmigan.doctor import thresholds as at
from ptarmigan.doctor.signs import Signs, smoothed
from ptarmigan.doctor.words import WORDS

STEPS, PROBES = 1_000, 100
EVERY = STEPS // PROBES

HEALTHY = {
    "score_real": 0.5,
    "score_fake": -0.5,
    "spread_real": 0.7,
    "spread_fake": 0.7,
    "auc": 0.7,
    "auc_held_out": 0.7,
    "membership_auc": 0.5,
    "gradient_norm": 0.6,
    "finite": 1.0,
    "diversity": 1.0,
    "vendi": 0.95,
    "duplicates": 0.0,
    "coverage": 1.0,
    "precision": 0.8,
    "movement": 0.1,
    "frechet": 0.06,
    "two_sample_accuracy": 0.7,
    "edge": 0.3,
    "pinned": 0.3,
    "unreached": 0.0,
    "grad/generator": 1.0,
    "grad/discriminator": 1.0,
    "weight/generator": 10.0,
    "weight/discriminator": 10.0,
    "turn/generator": 0.3,
    "turn/discriminator": 0.3,
    "averaged/finite": 1.0,
    "averaged/diversity": 1.0,
    "averaged/vendi": 0.97,
    "averaged/coverage": 1.0,
    "averaged/precision": 0.85,
    "averaged/frechet": 0.05,
    "averaged/two_sample_accuracy": 0.65,
    "averaged/copies": 0.05,
}
DATA = {
    "samples": 60_000.0,
    "std": 0.6,
    "edge": 0.4,
    "variety": 40.0,
    "real/precision": 0.97,
    "real/frechet": 0.03,
    "real/copies": 0.02,
    "real/coverage": 1.0,
}
BAD = {"averaged/frechet": 0.8, "averaged/precision": 0.0, "averaged/two_sample_accuracy": 1.0}


def history(
    since: int = 0, data: dict | None = None, over: bool = True, **signs: float | np.ndarray
) -> History:
    """A healthy run whose ``signs`` differ from step ``since`` on; its first probes are those of any run."""
    told = {**HEALTHY, **{f"averaged/share/{g}": 0.125 for g in range(8)}}
    steps = np.arange(1, PROBES + 1) * EVERY
    rng = np.random.default_rng(0)
    vitals = {}
    for name in {**told, **signs}:
        usual = told.get(name, 0.0) * (1 + 0.02 * rng.standard_normal(PROBES))
        values = np.where(steps > since, signs[name], usual) if name in signs else usual
        vitals[name] = [(int(step), float(value)) for step, value in zip(steps, values, strict=True)]
    words = f"finished: all {STEPS} steps are done" if over else ""
    return History(STEPS, STEPS, words, vitals=vitals, data=DATA | (data or {}))


def first(*args, **kwargs) -> tuple[Fault, str]:
    found = diagnose(history(*args, **kwargs))
    return (found[0].fault, found[0].detail) if found else (Fault.HEALTHY, "")


def test_a_healthy_run_is_healthy():
    assert diagnose(history()) == []
    assert diagnose(history(over=False)) == []


def test_a_run_that_began_just_now_has_nothing_wrong_with_it():
    young = history(**BAD, vendi=0.02, diversity=0.01, told=1.0).until(5 * EVERY)
    assert diagnose(young) == []
    assert diagnose(History(STEPS)) == []


FAULTS = {
    Fault.OVERFITTING: {"membership_auc": 0.85, "auc": 0.99, "auc_held_out": 0.6},
    Fault.MEMORISATION: {"averaged/copies": 0.9},
    Fault.OSCILLATION: {**BAD, "movement": 1.2, "turn/generator": -0.6},
    Fault.SATURATION: {"edge": 0.95},
    Fault.TOO_STRONG: {**BAD, "auc": 1.0, "auc_held_out": 1.0, "movement": 0.2},
    Fault.TOO_WEAK: {**BAD, "auc": 0.5, "gradient_norm": 0.001, "movement": 0.2},
    Fault.STALLED: {**BAD, "movement": 1e-4},
}


@pytest.mark.parametrize("since", [0, 600])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_its_name_and_its_onset(fault, since):
    found = diagnose(history(since, **FAULTS[fault]))
    assert found[0].fault == fault
    assert abs(found[0].step - since) <= 0.05 * STEPS
    assert found[0].evidence
    assert all(np.isfinite(value) for value in found[0].evidence.values())
    assert 0.5 <= found[0].certainty <= 1


@pytest.mark.parametrize("fault", FAULTS)
def test_what_has_passed_is_no_fault(fault):
    steps = np.arange(1, PROBES + 1) * EVERY
    late = {name: np.where(steps < 500, value, HEALTHY[name]) for name, value in FAULTS[fault].items()}
    assert diagnose(history(**late)) == []


def test_a_single_strange_probe_is_no_fault():
    steps = np.arange(1, PROBES + 1) * EVERY
    strange = {n: np.where(steps == STEPS, v, HEALTHY[n]) for f in FAULTS.values() for n, v in f.items()}
    assert diagnose(history(**strange)) == []


@pytest.mark.parametrize(
    ("signs", "detail"),
    [
        ({"vendi": 0.025, "diversity": 0.01, "averaged/vendi": 0.025, **BAD}, "complete"),
        ({"vendi": at.POOR / 2, "averaged/vendi": at.POOR / 2}, "partial"),
        (
            {"averaged/share/3": 0.0, "averaged/share/7": 0.01, "averaged/coverage": 0.75},
            "partial: modes 3, 7 of 8",
        ),
        ({"conditional": 1.0, "averaged/class/2": 0.1, "averaged/class/5": 0.9}, "in classes 2 of 2"),
    ],
)
def test_mode_collapse_says_of_which_kind(signs, detail):
    assert first(400, **signs) == (Fault.COLLAPSE, detail)


def test_variety_that_is_still_coming_is_no_collapse():
    growing = np.minimum(1.0, 0.01 * 1.06 ** np.arange(PROBES))
    coming = history(**{"vendi": growing, "diversity": growing, "averaged/vendi": growing}, over=False)
    assert diagnose(coming.until(400)) == []


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        ({"std": 0.01}, "a small part of the range"),
        ({"duplicates": 0.9}, "samples that repeat"),
        ({"constant_samples": 0.5}, "samples that hold one number throughout"),
        ({"constant_channels": 1.0}, "channels that never change"),
    ],
)
def test_bad_data_is_named_before_what_it_causes(data, detail):
    assert first(data=data, **FAULTS[Fault.TOO_STRONG]) == (Fault.DATA, detail)
    assert diagnose(History(STEPS, data=DATA | data))[0].step == 0, "before the first step"


def test_labels_matter_where_they_are_used():
    wrong = {"agreement": 0.1, "chance": 0.1, "mislabelled": 0.4}
    assert diagnose(history(data=wrong)) == []
    assert first(data=wrong, conditional=1.0)[0] == Fault.DATA


def test_outputs_that_cannot_reach_the_data_are_bad_data():
    assert first(unreached=0.5, pinned=0.6, low=0.0, high=1.0) == (Fault.DATA, "outputs that do not reach it")


def test_samples_that_go_from_mode_to_mode_oscillate():
    turning = np.arange(PROBES) // 4 % 2 == 0
    shares = {f"share/{g}": np.where(turning == (g % 2 == 0), 0.25, 0.0) for g in range(8)}
    assert first(**BAD, **shares)[0] == Fault.OSCILLATION
    assert diagnose(history(**shares)) == [], "where the EMA samples are good, nobody minds"


def test_divergence_is_named_by_events_and_by_numbers():
    stopped = history(over=False)
    stopped.events = [(700, "stopped: the term 'generator' is not finite")]
    found = diagnose(stopped)
    assert (found[0].fault, found[0].step) == (Fault.DIVERGENCE, 700)
    assert first(500, finite=0.0)[0] == Fault.DIVERGENCE
    assert first(500, **BAD, spread_real=1e4, movement=0.2)[0] == Fault.DIVERGENCE
    assert diagnose(history(spread_real=1e4)) == [], "large scores alone harm nobody"


def test_one_rollback_is_no_divergence():
    once = history()
    once.events = [(300, "went back here from step 330 with fresh noise: a gradient is not finite")]
    assert diagnose(once) == []


def test_underfitting_is_for_runs_that_are_over():
    coming = np.linspace(2.0, 0.5, PROBES)
    signs = {"averaged/frechet": coming, "averaged/precision": 0.05, "auc": 0.8, "movement": 0.2}
    whole = history(**signs)
    whole.scores = {"Fréchet distance": [(step, 1000.0 - 0.9 * step) for step in range(100, 1001, 100)]}
    assert [f.fault for f in diagnose(whole)] == [Fault.UNDERFITTING]
    assert diagnose(whole)[0].detail == "still becoming better"
    assert diagnose(history(over=False, **signs)) == []


def test_a_history_until_a_step_knows_nothing_of_later():
    whole = history(600, **FAULTS[Fault.OSCILLATION])
    whole.terms = {"generator": [(step, 1.0) for step in range(10, 1001, 10)]}
    early = whole.until(600)
    assert diagnose(early) == []
    assert not early.over
    assert max(step for step, _ in early.terms["generator"]) == 600


def test_a_diagnosis_is_the_same_every_time_and_changes_nothing():
    ill = history(300, **FAULTS[Fault.TOO_STRONG])
    before = repr(ill)
    assert diagnose(ill) == diagnose(ill)
    assert repr(ill) == before


def test_every_fault_has_words_with_a_source():
    assert WORDS.keys() == set(Fault) - {Fault.HEALTHY}
    for words in WORDS.values():
        assert words.why.count(". ") == 1, "two sentences"
        assert any(year in words.source for year in ("20",))


def test_medians_bridge_what_is_missing():
    values = np.array([np.nan, 1.0, np.nan, 3.0, 100.0])
    assert np.array_equal(smoothed(values, 3), [np.nan, 1, 1, 2, 51.5], equal_nan=True)


def test_a_sign_holds_since_it_last_broke():
    signs = Signs(history())
    holds = np.ones(PROBES, bool)
    assert signs.since(holds) == 0
    holds[49] = False
    assert signs.since(holds) == (51 - 2) * EVERY
    holds[-1] = False
    assert signs.since(holds) is None


def log(place: Path, lines: list[dict | str], **described) -> Path:
    place.mkdir(parents=True)
    whole = {"recipe": "toy.gan", "options": {"steps": STEPS}, "settings": {}, **described}
    (place / "run.json").write_text(json.dumps(whole))
    (place / "log.jsonl").write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
    return place


def test_a_log_is_read_whatever_is_in_it(tmp_path):
    lines = [
        {"step": 0, "samples": 0, "data/std": 0.5},
        {"step": 10, "samples": 80, "generator": 1.0, "skipped": 0.5, "vital/auc": 0.9, "score/FD": 3.0},
        {"step": 20, "generator": float("nan"), "vital/auc": "much", "note": None},
        "[1, 2]",
        '{"step": "x"}',
        {"step": 30, "event": "went back here from step 40"},
        '{"step": 40, "gener',
    ]
    found = read(log(tmp_path / "run", lines))
    assert found.data == {"std": 0.5}
    assert found.terms == {"generator": [(10, 1.0)]}
    assert found.vitals == {"auc": [(10, 0.9)]}
    assert found.scores == {"FD": [(10, 3.0)]}
    assert found.skipped == [(10, 0.5)]
    assert (found.steps, found.step, found.ended) == (STEPS, 30, "")


def test_signs_of_logs_made_before_are_read_by_their_names_of_now(tmp_path):
    lines = [
        {"step": 0, "data/real/near": 0.9, "data/std": 0.5},
        {"step": 10, "vital/told": 0.9, "vital/averaged/near": 0.4, "vital/slope": 0.2, "vital/share/3": 0.1},
    ]
    found = read(log(tmp_path / "run", lines))
    assert found.data == {"real/precision": 0.9, "std": 0.5}
    assert found.vitals == {
        "auc": [(10, 0.9)],
        "averaged/precision": [(10, 0.4)],
        "gradient_norm": [(10, 0.2)],
        "share/3": [(10, 0.1)],
    }


def test_a_run_without_vital_signs_is_judged_by_its_terms(tmp_path):
    lines = [{"step": step, "generator": 1.0, "skipped": 0.0} for step in range(10, 501, 10)]
    assert examine(log(tmp_path / "old", lines)) == []
    skipping = [line | {"skipped": 1.0 if line["step"] > 300 else 0.0} for line in lines]
    found = examine(log(tmp_path / "skipping", skipping))
    assert [f.fault for f in found] == [Fault.DIVERGENCE]


def test_a_run_that_went_on_after_it_had_finished_is_not_over(tmp_path):
    lines = [{"step": 10, "event": "finished: all 10 steps are done"}, {"step": 20, "generator": 1.0}]
    assert not read(log(tmp_path / "more", lines)).over
    assert read(log(tmp_path / "over", lines[:1])).over
