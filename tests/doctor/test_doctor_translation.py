"""The doctor of translations: their own faults by name, and no false alarm of those that others have."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_doctor import BAD, PROBES, STEPS, history
from torch import Tensor, nn

from ptarmigan import zoo
from ptarmigan.contract import recipes as contract
from ptarmigan.doctor import Fault, diagnose
from ptarmigan.doctor.faults import Finding
from ptarmigan.doctor.history import History
from ptarmigan.doctor.treatment import setup, treat
from ptarmigan.doctor.vitals import Vitals
from ptarmigan.tasks.translate.vital_signs import agreements, nearer
from ptarmigan.training.ema import EMA
from ptarmigan.training.options import defaults
from ptarmigan.training.run import Run

HEALTHY = {"input_sensitivity": 0.9, "follows": 0.95, "changed": 0.8, "cycle": 0.06, "cycle_noise": 0.07}
SICK = {
    Fault.ONE_FOR_ALL: {"input_sensitivity": 0.01, "follows": 0.5, "diversity": 0.01, "vendi": 0.02},
    Fault.IGNORED: {"follows": 0.5},
    Fault.UNCHANGED: {"changed": 0.02},
    Fault.HIDDEN: {"cycle": 0.02, "cycle_noise": 0.2},
}
CPU = torch.device("cpu")


def told(since: int = 0, over: bool = True, **signs: float | np.ndarray) -> History:
    return history(since, None, over, **{**HEALTHY, **signs})


def test_a_healthy_translation_is_healthy():
    assert diagnose(told()) == []
    assert diagnose(told(over=False)) == []


@pytest.mark.parametrize("fault", SICK)
def test_every_fault_has_its_name(fault):
    first = diagnose(told(**SICK[fault]))[0]
    assert first.fault == fault
    assert first.evidence
    assert all(np.isfinite(value) for value in first.evidence.values())
    assert 0.5 <= first.certainty <= 1


@pytest.mark.parametrize("fault", SICK)
def test_every_fault_has_its_onset_and_passes(fault):
    late = np.arange(1, PROBES + 1) * STEPS // PROBES > 600
    usual = {**HEALTHY, "diversity": 1.0, "vendi": 0.95}
    later = {name: np.where(late, value, usual[name]) for name, value in SICK[fault].items()}
    assert abs(diagnose(told(**later))[0].step - 600) <= 0.05 * STEPS
    passed = {name: np.where(late, usual[name], value) for name, value in SICK[fault].items()}
    assert diagnose(told(**passed)) == []


def test_a_relation_to_the_input_that_is_still_coming_is_no_fault():
    coming = told(follows=np.linspace(0.5, 0.5, PROBES) * 1.02 ** np.arange(PROBES), over=False)
    assert [f.fault for f in diagnose(coming.until(200))] == []


def test_an_error_that_noise_makes_no_larger_hides_nothing():
    assert diagnose(told(cycle=0.2, cycle_noise=0.22)) == []
    assert diagnose(told(cycle=0.001, cycle_noise=0.016)) == [], "noise itself comes back"


def test_outputs_near_their_targets_are_no_copies():
    copies = {"averaged/copies": 0.9}
    assert diagnose(history(**copies))[0].fault == Fault.MEMORISATION
    assert diagnose(history(data={"paired": 1.0}, **HEALTHY, **copies)) == []


def test_what_belongs_together():
    assert nearer(1 - np.eye(4)) == 1
    assert nearer(np.ones((4, 4))) == 0.5
    x = torch.rand(6, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    assert nearer(-agreements(x, -x)) == 1
    assert nearer(-agreements(x, x.roll(1, 0))) < 0.7


class Made(nn.Module):
    """A translator that does what it is told."""

    def __init__(self, of) -> None:
        super().__init__()
        self.of = of

    def forward(self, a: Tensor) -> Tensor:
        return self.of(a)


def signs(run: Run) -> dict[str, float]:
    found = Vitals(run, CPU, None).probe(10, EMA(run.game))
    return {name.removeprefix("vital/"): value for name, value in found.items()}


def pix2pix(of) -> Run:
    run = contract.small_run("translate.pix2pix")
    run.game.generator = Made(of)
    return run


def shuffled(a: Tensor) -> Tensor:
    return a.roll(3, 0)


@pytest.mark.parametrize(
    ("of", "fault"),
    [(torch.zeros_like, Fault.ONE_FOR_ALL), (shuffled, Fault.IGNORED), (lambda a: a, Fault.UNCHANGED)],
)
def test_networks_that_are_sick_have_the_signs(of, fault):
    found = signs(pix2pix(of))
    assert "conditional" not in found
    assert fault in [finding.fault for finding in diagnose(told(**found))]


def test_a_cycle_that_hides_its_input_and_one_that_shows_it():
    run = pix2pix(lambda a: 0.05 * a)
    run.game.back = lambda b, z: b / 0.05
    assert Fault.HIDDEN in [finding.fault for finding in diagnose(told(**signs(run)))]
    run.game.generator = Made(lambda a: -a)
    run.game.back = lambda b, z: -b
    showing = signs(run)
    assert showing["cycle"] == pytest.approx(0, abs=1e-3)
    assert diagnose(told(**{name: showing[name] for name in HEALTHY})) == []


@pytest.mark.parametrize("name", [n for n in zoo.names() if n.startswith("translate.")])
def test_what_is_learned_stays_in_a_treatment(name):
    mine = defaults(zoo.recipe(name)) | {"pair": "gray", "jitter": 4}
    asked, done = setup(name, mine, zoo.recipe), [{"recipe": name, "changes": {"lr": 1.0}}]
    treatments = []
    for fault in (*SICK, Fault.COLLAPSE, Fault.MEMORISATION):
        treatment = treat(Finding(fault, 10), asked, zoo.recipe, run=contract.small_run(name), done=done)
        treatments += [treatment] if treatment else []
    assert treatments
    for treatment in treatments:
        assert treatment.recipe.startswith("translate.")
        assert treatment.changes.keys().isdisjoint({"pair", "jitter"})


def test_the_rules_are_quiet_where_nothing_is_translated():
    assert {f.fault for f in diagnose(history(**BAD, movement=0.2))}.isdisjoint(SICK)
