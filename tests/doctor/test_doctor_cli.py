"""``ptarmigan doctor`` and its treatments, as people type them."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from conftest import environment
from page import opened
from test_doctor import BAD, DATA, HEALTHY

from ptarmigan import cli, zoo
from ptarmigan.contract import recipes as contract
from ptarmigan.doctor import Fault, Finding
from ptarmigan.doctor.remedies import Setup
from ptarmigan.doctor.treatment import Treatment, changes, command, proposals, setup, treat
from ptarmigan.doctor.words import UNCALIBRATED
from ptarmigan.report.page import write_report
from ptarmigan.training.meaning import meanings
from ptarmigan.training.options import defaults
from ptarmigan.training.run import Run

SHARP = defaults(zoo.recipe("image.r1gan")) | {"steps": 1_000}
USUAL_RATE = defaults(zoo.recipe("toy.r3gan"))["lr"]


def run(
    place: Path,
    since: int = 10**9,
    over: bool = True,
    recipe: str = "toy.r3gan",
    data: dict[str, float] = DATA,
    **signs: float,
) -> Path:
    """A run of 100 steps whose log is made up."""
    place.mkdir(parents=True, exist_ok=True)
    described = {"recipe": recipe, "options": {"data": "ring", "steps": 100, "lr": 0.3}, "settings": {}}
    (place / "run.json").write_text(json.dumps(described))
    lines: list[dict] = [{"step": 0, "samples": 0} | {f"data/{k}": v for k, v in data.items()}]
    for step in range(1, 101):
        now = HEALTHY | (signs if step > since else {})
        lines.append(
            {"step": step, "samples": step, "generator": 1.0} | {f"vital/{k}": v for k, v in now.items()}
        )
    if over:
        lines.append({"step": 100, "event": "finished: all 100 steps are done"})
    (place / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return place


COLLAPSED = {
    **BAD,
    "vendi": 0.02,
    "diversity": 0.01,
    "averaged/vendi": 0.02,
    "auc": 1.0,
    "auc_held_out": 1.0,
}


def said(capsys, *args: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main([str(a) for a in args])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def test_a_healthy_run_exits_with_0(tmp_path, capsys):
    assert said(capsys, "doctor", run(tmp_path / "run"))[:2] == (
        0,
        "healthy: nothing is wrong at step 100 of 100\n",
    )


def test_an_ill_run_exits_with_1_and_is_told_what_to_do(tmp_path, capsys):
    code, out, err = said(capsys, "doctor", run(tmp_path / "run", 40, **COLLAPSED))
    assert (code, err) == (1, "")
    first, *rest = out.splitlines()
    assert first == "mode collapse (complete) since step 41"
    assert "arXiv 1611.02163" in out
    assert f"change lr from 0.3 to {USUAL_RATE}:" in out
    (typed,) = (line.strip() for line in rest if "ptarmigan train" in line)
    assert shlex.split(typed)[:3] == ["ptarmigan", "train", "toy.r3gan"]
    assert "--lr" not in typed
    assert rest[-1].startswith("also: discriminator too strong since step")


def test_thresholds_that_were_never_tuned_on_such_data_are_said_to_be_so(tmp_path, capsys):
    place = run(tmp_path / "run", 40, data=DATA | {"uncalibrated": 1.0}, **COLLAPSED)
    _, out, _ = said(capsys, "doctor", place)
    assert out.splitlines()[-1] == f"note: {UNCALIBRATED}"
    assert json.loads(said(capsys, "doctor", place, "--json")[1])["calibrated"] is False
    assert UNCALIBRATED[1:] in opened(write_report(place)).words
    known = run(tmp_path / "membership_auc", 40, **COLLAPSED)
    assert UNCALIBRATED not in said(capsys, "doctor", known)[1]
    assert json.loads(said(capsys, "doctor", known, "--json")[1])["calibrated"] is True


def test_json_has_it_all(tmp_path, capsys):
    code, out, _ = said(capsys, "doctor", run(tmp_path / "run", 40, **COLLAPSED), "--json")
    found = json.loads(out)
    assert code == 1
    assert (found["healthy"], found["over"], found["step"]) == (False, True, 100)
    first = found["findings"][0]
    assert (first["fault"], first["detail"]) == ("mode collapse", "complete")
    assert first["changes"] == {"lr": USUAL_RATE}
    assert first["evidence"]["vendi"] == pytest.approx(0.02)
    assert {"why", "source", "helps", "command", "certainty"} <= first.keys()
    assert json.loads(said(capsys, "doctor", run(tmp_path / "well"), "--json")[1])["findings"] == []


def test_what_is_no_run_is_refused(tmp_path, capsys):
    for wrong in (tmp_path, tmp_path / "nowhere"):
        code, _, err = said(capsys, "doctor", wrong)
        assert code == 2
        assert err.count("\n") == 1
    (tmp_path / "run.json").write_text("[]")
    assert said(capsys, "doctor", tmp_path)[0] == 2
    assert said(capsys, "doctor")[0] == 2


def test_a_run_without_vital_signs_is_not_called_healthy(tmp_path, capsys):
    place = run(tmp_path / "run")
    bare = [{"step": step, "generator": 1.0} for step in range(1, 101)]
    (place / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in bare))
    code, out, _ = said(capsys, "doctor", place)
    assert (code, out.split(":")[0]) == (0, "undecided")
    assert "has no vital signs" in out
    assert json.loads(said(capsys, "doctor", place, "--json")[1])["healthy"] is None
    (place / "log.jsonl").unlink()
    assert said(capsys, "doctor", place)[0] == 0


def follow(place: Path) -> subprocess.Popen[str]:
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # off behind a shell's &
        "from ptarmigan.report import doctor; doctor.POLL = 0.05; from ptarmigan.cli import main; main()"
    )
    words = [sys.executable, "-c", script, "doctor", str(place), "--live"]
    return subprocess.Popen(
        words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_live_tells_what_changes_and_ends_with_the_run(tmp_path):
    place = run(tmp_path / "run", over=False)
    process = follow(place)
    assert process.stdout is not None
    assert process.stdout.readline() == "step 100 of 100:\n"
    assert process.stdout.readline().startswith("healthy")
    run(place, 40, **COLLAPSED)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert out.splitlines()[1] == "mode collapse (complete) since step 41"


def test_live_ends_when_it_is_interrupted(tmp_path):
    process = follow(run(tmp_path / "run", over=False))
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err


def test_the_page_tells_and_marks_the_onset(tmp_path):
    page = opened(write_report(run(tmp_path / "run", 40, **COLLAPSED)))
    assert "Mode collapse (complete) since step 41." in page.words
    assert f"change lr from 0.3 to {USUAL_RATE}" in page.words
    assert "Also discriminator too strong" in page.words
    assert any(line.get("class") == "onset" for line in page.of("line"))
    well = opened(write_report(run(tmp_path / "well")))
    assert "Healthy: nothing is wrong" in well.words
    assert not any(line.get("class") == "onset" for line in well.of("line"))


def proposed(
    fault: Fault, name: str, before: Sequence[dict] = (), run: Run | None = None, **options: Any
) -> Treatment | None:
    """The treatment of a run of a recipe, with options that are not its defaults."""
    asked = setup(name, defaults(zoo.recipe(name)) | options, zoo.recipe)
    done = [{"recipe": name, "changes": changes} for changes in before]
    return treat(Finding(fault, 10), asked, zoo.recipe, run=run, done=done)


def test_harmful_options_go_back_to_their_defaults_first():
    first = proposed(Fault.DIVERGENCE, "image.r1gan", lr=0.05, gamma=0.0, width=128, steps=1_000)
    assert first is not None
    assert first.changes == {"lr": SHARP["lr"], "gamma": SHARP["gamma"]}, "a wide network harms nobody"
    second = proposed(Fault.DIVERGENCE, "image.r1gan", [first.changes], width=20, steps=1_000)
    assert second is not None
    assert second.changes == {"width": SHARP["width"]}, "then all that might do harm"


@pytest.mark.parametrize(
    ("steps", "lr", "changed"),
    [
        (500, 0.0002, {"steps": 20_000}),  # it has not come far enough to be slowed down
        (500, 0.0001, {"steps": 20_000}),
        (500, 0.0003, {"lr": 0.0001}),
        (20_000, 0.0002, {"lr": 6.7e-5}),
        (40_000, 0.0002, {"lr": 6.7e-5}),
    ],
)
def test_a_run_that_is_short_is_made_longer_before_it_is_slowed_down(steps, lr, changed):
    treatment = proposed(Fault.SATURATION, "image.gan", lr=lr, steps=steps)
    assert treatment is not None
    assert treatment.changes == changed


def test_later_treatments_go_further():
    before: list[dict] = []
    while (treatment := proposed(Fault.COLLAPSE, "image.r1gan", before)) is not None:
        before.append(treatment.changes)
    assert [list(changes) for changes in before] == [["gamma"], ["lr"], ["lr"]], "and then no more"
    assert before[0]["gamma"] == 10 * SHARP["gamma"]
    assert before[-1]["lr"] == pytest.approx(SHARP["lr"] / 9, rel=0.1)


def test_where_options_cannot_help_another_recipe_does():
    other = proposed(Fault.MEMORISATION, "toy.gan", run=contract.small_run("toy.gan"))
    assert other is not None
    assert (other.recipe, other.changes) == ("toy.r3gan", {})
    assert proposed(Fault.MEMORISATION, "toy.gan") is None, "nothing can be built without the data"
    assert proposed(Fault.DATA, "toy.gan", run=contract.small_run("toy.gan")) is None


@pytest.mark.parametrize("name", zoo.names())
def test_every_recipe_can_be_treated_with_options_that_it_has(name):
    run, treatments = contract.small_run(name), []
    for fault, before in product(Fault, ([], [{"lr": 1.0}])):
        asked = setup(name, defaults(zoo.recipe(name)), zoo.recipe)
        done = [{"recipe": name, "changes": changes} for changes in before if "lr" in asked.options]
        treatments += proposals(Finding(fault, 10), asked, zoo.recipe, run, done)
    assert treatments
    for treatment in treatments:
        assert treatment.changes.keys() <= defaults(zoo.recipe(treatment.recipe)).keys()
        assert treatment.words


def test_augmentation_comes_first_where_samples_are_few():
    for fault in (Fault.OVERFITTING, Fault.MEMORISATION):
        treatment = proposed(fault, "image.r1gan", steps=1_000)
        assert treatment is not None
        assert treatment.changes == {"augment": "ada"}


@pytest.mark.parametrize("fault", [Fault.OVERFITTING, Fault.MEMORISATION, Fault.TOO_STRONG])
@pytest.mark.parametrize("before", [[], [{"gamma": 10.0}]])
def test_augmentation_is_not_taken_away_from_a_discriminator_that_knows_too_much(fault, before):
    treatment = proposed(fault, "image.r1gan", before, augment="ada", steps=1_000)
    assert treatment is not None
    assert treatment.changes.get("augment") != "none"
    augmenting = Setup("image.r1gan", SHARP, SHARP | {"augment": "ada"}, meanings(zoo.recipe("image.r1gan")))
    assert next(changes(fault, augmenting)) == {"augment": "ada"}


def test_more_steps_are_asked_for_where_they_were_too_few():
    usual = defaults(zoo.recipe("image.r1gan"))["steps"]
    few = proposed(Fault.UNDERFITTING, "image.r1gan", steps=100)
    assert few is not None
    assert few.changes == {"steps": usual}
    usual_length = proposed(Fault.UNDERFITTING, "image.r1gan")
    assert usual_length is not None
    assert usual_length.changes == {"steps": 2 * usual}


def test_a_command_is_what_people_type():
    given = {"lr": 1e-5, "data": "my photos", "hidden": (8, 16), "conditional": True, "steps": 7}
    usual = {"lr": 0.1, "data": "digits", "hidden": (1, 2), "conditional": False, "steps": 7}
    typed = command("image.gan", given, usual, "runs/a b")
    assert typed == (
        "ptarmigan train image.gan --lr 1e-05 --data 'my photos' --hidden 8 16 --conditional --out 'runs/a b'"
    )


def test_the_command_of_a_treatment_works(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = run(tmp_path / "run", 40, **COLLAPSED)
    typed = json.loads(said(capsys, "doctor", place, "--json")[1])["findings"][0]["command"]
    short = ("--steps", "3", "--quiet", "--score-every", "0", "--sample-every", "0", "--device", "cpu")
    assert said(capsys, *shlex.split(typed)[1:], *short)[0] == 0
    assert (tmp_path / "run-treated" / "run.json").exists()


def test_rescue_is_an_option_of_train(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    short = ("--width", "8", "--steps", "4", "--quiet", "--score-every", "0", "--device", "cpu")
    assert said(capsys, "train", "toy.gan", *short, "--rescue", "2", "--out", "run")[0] == 0
    assert json.loads(Path("run/run.json").read_text())["settings"]["rescue"] == 2
