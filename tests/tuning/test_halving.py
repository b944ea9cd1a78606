"""Successive halving: how long trials are trained, and which go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptarmigan.tuning.halving import rungs, survivors
from ptarmigan.tuning.trial import Trial


def trial(number, *losses, faults=(), error=""):
    results = tuple({"step": 1, "loss": loss, "scores": {}, "faults": [*faults]} for loss in losses)
    return Trial(number, {}, Path(str(number)), results, error)


def numbers(trials):
    return [each.number for each in trials]


def test_each_rung_is_longer_by_the_reduction_and_the_last_is_whole():
    assert rungs(900, 3, 3) == (100, 300, 900)
    assert rungs(1_000, 1, 3) == (1_000,)
    assert rungs(30, 4, 2) == (15, 30)  # none is shorter than ten steps
    assert rungs(5, 3, 3) == (5,)
    with pytest.raises(ValueError, match="--reduction"):
        rungs(900, 3, 1)


def test_the_best_third_goes_on():
    trials = [trial(i, float(loss)) for i, loss in enumerate((5, 1, 4, 3, 2, 6))]
    assert numbers(survivors(trials, 0, 3)) == [0, 1, 2, 3, 4, 5]
    assert numbers(survivors(trials, 1, 3)) == [1, 4]


def test_each_rung_takes_from_the_one_before():
    trials = [trial(i, float(i), *([9.0 - i] if i < 3 else [])) for i in range(9)]
    assert numbers(survivors(trials, 1, 3)) == [0, 1, 2]
    assert numbers(survivors(trials, 2, 3)) == [2]  # the best of those after the second rung


def test_grave_faults_come_last_and_failed_trials_not_at_all():
    trials = [
        trial(0, 1.0, faults=["mode collapse"]),
        trial(1, 2.0, faults=["discriminator too strong"]),
        trial(2, error="no memory"),
        trial(3, None),
    ]
    assert numbers(survivors(trials, 1, 2)) == [1, 3]
    assert numbers(survivors(trials[:1], 1, 2)) == [0]
    assert survivors(trials[2:3], 1, 2) == []
