"""What is kept as JSON is checked when it is read, and whatever is wrong with it is one line."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ptarmigan import api, cli
from ptarmigan.doctor import Finding, read
from ptarmigan.doctor.words import WORDS
from ptarmigan.media.plain import parse
from ptarmigan.report.doctor import opinion
from ptarmigan.training.log_lines import Line, Lines
from ptarmigan.training.restored import optimizer_state
from ptarmigan.training.schema import Checkpoint, Description, LogLine, Scores, Weights, check

DEEP = "[" * 100_000
RUN: dict[str, Any] = {"recipe": "toy.gan", "options": {}, "settings": {}}
ENTRY = {"unit": "", "direction": "lower is better", "protocol": ""}
BEST = {"best": 0.5, "best_step": None, "worse": 0, "scored": 3}
STATE: dict[str, Any] = {
    **{"step": 3, "seconds": 0.5, "scores": {"x": 1.0}, "draw": {"taken": 3}},
    **{"game": {}, "optimizers": {}, "ema": {}, "hooks": {"scores": BEST, "mine": {"a": [None]}}},
}
QUICK: dict[str, Any] = {"steps": 6, "width": 8, "log_every": 2, "score_every": 0, "sample_every": 0}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("trained") / "run"
    api.train("toy.gan", out=place, quiet=True, report=False, **QUICK)
    return place


@pytest.fixture
def place(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "run"))


def said(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main([*map(str, args)])
    return int(stop.value.code or 0), capsys.readouterr().err


def metadata(file: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change what a file of weights says of itself."""
    raw = file.read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    head = json.loads(raw[8 : 8 + size])
    changed = change(json.loads(head["__metadata__"]["ptarmigan"]))
    head["__metadata__"]["ptarmigan"] = changed if isinstance(changed, str) else json.dumps(changed)
    data = json.dumps(head).encode()
    file.write_bytes(struct.pack("<Q", len(data)) + data + raw[8 + size :])


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        (Description, RUN),
        (Description, RUN | {"commit": None, "treatments": [{"recipe": "a", "changes": {}, "to": 3}]}),
        (Description, RUN | {"a key of tomorrow": [1], "options": {"data": "\udcff", "x": None}}),
        (Weights, RUN | {"space": {"kind": "PointSpace"}, "inputs": None, "frequencies": [3, 4]}),
        (LogLine, {"step": 3, "generator": float("nan"), "score/x": 3}),
        (LogLine, {"step": 0, "event": "skipped 2 files", "files": ["\udcff"]}),
        (Scores, {"step": 3, "scores": {"x": ENTRY | {"value": 3, "floor": None, "beaten by": []}}}),
        (Checkpoint, STATE | {"more": None}),
    ],
)
def test_what_is_known_and_more_passes(kind: Any, plain: dict[str, Any]) -> None:
    check(kind, plain, "it is wrong")


@pytest.mark.parametrize(
    ("kind", "plain", "words"),
    [
        (Description, [], "it is wrong: Input should be a valid dictionary"),
        (Description, {"recipe": "a", "options": {}}, "it is wrong: settings: Field required"),
        (Description, RUN | {"options": []}, "it is wrong: options: Input should be a valid dictionary"),
        (Description, RUN | {"recipe": 3}, "it is wrong: recipe: Input should be a valid string"),
        (Description, RUN | {"settings": {"score_samples": "3"}}, "it is wrong: settings.score_samples: "),
        (
            Description,
            RUN | {"treatments": [{"recipe": "a", "changes": {}}]},
            "treatments.0.to: Field required",
        ),
        (Description, RUN | {"asked": {"recipe": "a"}}, "asked.options: Field required"),
        (Weights, RUN, "space: Field required"),
        (
            Weights,
            RUN | {"space": {}, "frequencies": ["3"]},
            "frequencies.0: Input should be",
        ),
        (LogLine, {"step": True}, "step: Input should be a valid integer"),
        (
            Scores,
            {"step": 3, "scores": {"x": ENTRY | {"value": "3"}}},
            "scores.x.value: Input should be a valid",
        ),
        (Scores, {"step": 3, "scores": {"x": ENTRY | {"value": 10**400}}}, "scores.x.value: Input should be"),
        (Checkpoint, [], "it is wrong: Input should be a valid dictionary"),
        (Checkpoint, STATE | {"step": "3"}, "step: Input should be a valid integer"),
        (Checkpoint, STATE | {"draw": {"taken": 0.5}}, "draw.taken: Input should be a valid integer"),
        (Checkpoint, STATE | {"scores": {"x": []}}, "scores.x: Input should be a valid number"),
        (
            Checkpoint,
            STATE | {"hooks": {"scores": BEST | {"best": "x"}}},
            "hooks.scores.best: Input should be a valid number",
        ),
    ],
)
def test_what_is_wrong_names_the_key(kind: Any, plain: object, words: str) -> None:
    with pytest.raises(ValueError, match=r"^it is wrong: ") as error:
        check(kind, plain, "it is wrong")
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "{", "nothing", DEEP, "1" * 5_000, b"\xff\xfe\xff"])
def test_what_is_no_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (json's own words)
        parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (DEEP, "run.json cannot be read: it is nested too deep"),
        ("5", "run.json does not describe a run: Input should be a valid dictionary"),
        (json.dumps(RUN | {"options": [1]}), "run.json does not describe a run: options: Input"),
        (json.dumps(RUN | {"recipe": None}), "run.json does not describe a run: recipe: Input"),
        (json.dumps(RUN | {"treatments": [{}]}), "does not describe a run: treatments.0.recipe: Field"),
    ],
    ids=["deep", "number", "options", "recipe", "treatments"],
)
@pytest.mark.parametrize("command", ["doctor", "report", "train"])
def test_a_wrong_description_is_one_line(
    place: Path, capsys: pytest.CaptureFixture[str], text: str, words: str, command: str
) -> None:
    (place / "run.json").write_text(text)
    args = ["toy.gan", "--out", place, "--quiet"] if command == "train" else [place]
    code, err = said(capsys, command, *args)
    assert code == 2
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: {}, "it does not say what run it is of: recipe: Field required"),
        (lambda m: DEEP, "cannot be read as safetensors (it is nested too deep)"),
        (lambda m: m | {"space": [3]}, "what run it is of: space: Input should be a valid dictionary"),
        (lambda m: m | {"space": {"kind": []}}, "does not fit toy.gan"),
        (lambda m: m | {"space": {"kind": "PointSpace", "size": "x"}}, "does not fit toy.gan"),
        (lambda m: m | {"space": {"kind": "PointSpace", "size": -1}}, "does not fit toy.gan"),
        (lambda m: m | {"space": m["space"] | {"size": True}}, "size: Input should be a valid integer"),
        (lambda m: m | {"options": m["options"] | {"width": []}}, "does not fit toy.gan"),
        (lambda m: m | {"options": m["options"] | {"lr": "x"}}, "does not fit toy.gan"),
        (lambda m: m | {"options": m["options"] | {"width": 9}}, "does not fit toy.gan"),
    ],
    ids=["empty", "deep", "space", "kind", "size", "negative", "bool", "list", "text", "width"],
)
def test_wrong_metadata_are_one_line(
    place: Path, capsys: pytest.CaptureFixture[str], change: Callable[[dict[str, Any]], Any], words: str
) -> None:
    metadata(place / "generator.safetensors", change)
    code, err = said(capsys, "sample", place, "--n", 3, "--out", place.parent / "samples.npz")
    assert code == 2
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: [s], "Input should be a valid dictionary"),
        (lambda s: s | {"step": "6"}, "step: Input should be a valid integer"),
        (lambda s: s | {"step": 2**70}, "step: Input should be less than or equal to"),
        (lambda s: s | {"game": {"x": 3}}, "cannot go on: its recipe was changed since"),
        (lambda s: s | {"optimizers": {"generator": 5}}, "cannot go on: its recipe was changed since"),
        (lambda s: s | {"ema": {"x": 3}}, "cannot go on: what was saved does not fit ("),
        (lambda s: s | {"hooks": s["hooks"] | {"recovery": {"rollbacks": 0}}}, "what was saved does not fit"),
        (lambda s: s | {"hooks": s["hooks"] | {"rescue": {"treated": "1"}}}, "hooks.rescue.treated: Input"),
        (lambda s: of_adam(s, lambda x: x.reshape(-1)[:1]), "a tensor has the shape (1,)"),
        (lambda s: of_adam(s, lambda x: x.new_ones(()).expand(x.shape)), "fewer numbers than its shape"),
        (lambda s: of_adam(s, lambda x: x.to_sparse()), "a tensor holds no numbers"),
        (lambda s: of_adam(s, lambda x: x.to(torch.int64)), "a tensor holds no numbers, or torch.int64"),
        (lambda s: of_adam(s, lambda x: 3), "there is no tensor but a value of type int"),
        (lambda s: of_hook(s, "recovery", streak=torch.zeros(3)), "a tensor has the shape (3,)"),
        (lambda s: of_hook(s, "convergence", weights=torch.zeros(2, 2)), "a tensor has the shape (2, 2)"),
        (lambda s: of_hook(s, "logging", sums={"x": torch.zeros(2)}, counts={"x": 1}), "has the shape (2,)"),
        (lambda s: of_hook(s, "logging", sums={"x": torch.zeros(())}, counts={"x": 0}), "counts.x: Input"),
        (lambda s: of_hook(s, "diagnosis", fixed=torch.zeros(3)), "a tensor has the shape (3,)"),
        (
            lambda s: of_hook(s, "diagnosis", sketches={"x": {"at": torch.ones(3), "step": None}}),
            "shape (3,)",
        ),
    ],
    ids=[
        *("list", "step", "range", "game", "optimizers", "ema", "hook", "count"),
        *("short", "lying", "sparse", "whole", "number"),
        *("streak", "weights", "sums", "counts", "fixed", "sketch"),
    ],
)
def test_a_wrong_state_is_a_line(
    place: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Any], Any], words: str
) -> None:
    path = sorted(place.glob("state-*.pt"))[-1]
    torch.save(change(torch.load(path, weights_only=True)), path)
    path.with_suffix(".sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    for weights in place.glob("*.safetensors"):
        weights.unlink()
    options = ("--steps", 6, "--width", 8, "--log-every", 2, "--score-every", 0, "--sample-every", 0)
    code, err = said(capsys, "train", "toy.gan", *options, "--quiet", "--out", place)
    assert code in (0, 2)
    assert words in err
    assert "internal error" not in err


def of_adam(state: dict[str, Any], change: Callable[[torch.Tensor], Any]) -> dict[str, Any]:
    """A state with another average of gradients."""
    kept = state["optimizers"]["generator"]["state"][0]
    kept["exp_avg"] = change(kept["exp_avg"])
    return state


def of_hook(state: dict[str, Any], name: str, **changes: object) -> dict[str, Any]:
    """A state with something else of a hook."""
    state["hooks"][name] = {**state["hooks"].get(name, {}), **changes}
    return state


def test_switches_of_an_optimizer_stay_and_numbers_are_restored() -> None:
    weights = torch.nn.Linear(2, 3)
    optimizer = torch.optim.Adam(weights.parameters())
    saved = optimizer.state_dict()
    saved["param_groups"][0] |= {"lr": 0.5, "betas": (0.1, 0.2), "amsgrad": True, "foreach": True, "more": 3}
    (group,) = optimizer_state(saved, optimizer)["param_groups"]
    assert (group["lr"], group["betas"], group["amsgrad"], group["foreach"]) == (0.5, (0.1, 0.2), False, None)
    assert "more" not in group
    for wrong in ({"lr": "x"}, {"lr": 10**400}, {"betas": (0.1,)}, {"eps": float("nan")}, {"lr": True}):
        broken = {**saved, "param_groups": [saved["param_groups"][0] | wrong]}
        with pytest.raises(ValueError, match="something else"):
            optimizer_state(broken, optimizer)


@pytest.mark.parametrize(
    "kind", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adafactor", "NAdam", "Rprop"]
)
def test_states_of_optimizers_come_back(kind: str) -> None:
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
    optimizer = getattr(torch.optim, kind)(net.parameters(), **({"momentum": 0.9} if kind == "SGD" else {}))
    net(torch.ones(4, 2)).sum().backward()
    optimizer.step()
    saved = optimizer.state_dict()
    found = optimizer_state(saved, optimizer)
    torch.testing.assert_close(found["state"], saved["state"], rtol=0, atol=0)
    assert found["param_groups"] == saved["param_groups"]
    assert not saved["state"] or set(map(len, found["state"].values())) == set(
        map(len, saved["state"].values())
    )


@pytest.mark.parametrize("value", ["9" * 400, "-1", "nan", "inf"])
@pytest.mark.parametrize("option", ["batch", "lr"])
def test_numbers_out_of_range_are_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    code, err = said(capsys, "train", "toy.gan", f"--{option}", value, "--out", tmp_path / "run")
    assert code == 2
    assert err.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("value", ["x", [], None, 10**400], ids=["text", "list", "none", "large"])
def test_no_fault_of_a_run_with_wrong_options_is_treated(place: Path, value: object) -> None:
    described = json.loads((place / "run.json").read_text())
    described["options"] |= {"lr": value, "gamma": value, "steps": value, "width": value}
    (place / "run.json").write_text(json.dumps(described))
    history = read(place)
    for fault in WORDS:
        assert opinion(Finding(fault, 1), history, place, None).treatment is None


STRANGE = [
    "5",
    "null",
    "[]",
    '"x"',
    "{}",
    '{"step": "x"}',
    '{"step": true}',
    '{"step": 1.5}',
    '{"step": 2, "samples": "x"}',
    '{"step": 2, "event": 5}',
    DEEP,
    '{"step": 2, "generator": ',
    "\x00\x00",
]


def test_lines_that_are_none_are_passed_over_and_cut_away(tmp_path: Path) -> None:
    log = Lines(tmp_path / "log.jsonl")
    log.add({"step": 1, "samples": 64, "generator": 0.5})
    with open(log.path, "a") as file:
        file.writelines(f"{text}\n" for text in STRANGE)
    log.add({"step": 2, "event": "went back"})
    log.add({"step": 3, "generator": 10**400, "real": True, "words": "x"})
    first = Line(1, 64, "", {"generator": 0.5})
    assert log.read() == [first, Line(2, 0, "went back"), Line(3, 0, "", {"generator": float("inf")})]
    log.cut(2)
    assert log.path.read_text() == (
        '{"step": 1, "samples": 64, "generator": 0.5}\n{"step": 2, "event": "went back"}\n'
    )


def test_bytes_that_are_no_text_are_passed_over(tmp_path: Path) -> None:
    log = Lines(tmp_path / "log.jsonl")
    log.path.write_bytes(b'\xff\xfe\n{"step": 1}\n')
    assert log.read() == [Line(1)]


def test_a_log_of_strange_lines_stops_neither_a_resume_nor_a_report(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("log.jsonl", "clock.jsonl"):
        file = place / name
        whole = file.read_text()
        file.write_text("\n".join([*STRANGE, '{"step": 2, "seconds": "x"}', whole]))
    for command in ("doctor", "report"):
        code, err = said(capsys, command, place)
        assert code < 2
        assert err == ""
    api.train("toy.gan", out=place, quiet=True, force=True, report=False, **QUICK | {"steps": 8})
    for name in ("log.jsonl", "clock.jsonl"):
        lines = (place / name).read_text().splitlines()
        assert all(json.loads(line)["step"] <= 8 for line in lines)
        assert any(json.loads(line)["step"] == 8 for line in lines)
