"""Runs of strangers: whatever is wrong with a file of a run ends in a line."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import hostile
import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from PIL import Image

from ptarmigan import api, zoo

SIZES = {"width": 8, "batch": 16, "steps": 4, "score_samples": 50}
EVERY = {"log_every": 1, "save_every": 2, "score_every": 2, "sample_every": 0}
QUICK: dict[str, Any] = {**SIZES, **EVERY, "device": "cpu"}
FLAGS = [word for name, value in QUICK.items() for word in (f"--{name.replace('_', '-')}", str(value))]
FAULTY = 1
"""The doctor's exit code where something is wrong with a run; also that of one that diverges."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("fuzzed")
    np.savetxt(place / "points.csv", np.random.default_rng(0).normal(size=(60, 2)), delimiter=",")
    api.train("toy.gan", data=str(place / "points.csv"), out=place / "trained", quiet=True, **QUICK)
    return place / "trained"


@contextlib.contextmanager
def copied(trained: Path) -> Any:
    """A copy of a run, to be spoiled."""
    place = trained.parent / "run"
    shutil.copytree(trained, place)
    try:
        yield place
    finally:
        shutil.rmtree(place)


def command(name: str, place: Path) -> list[object]:
    """What is done with a run."""
    out, data = place.parent / "out", place.parent / "points.csv"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    return {
        "doctor": ["doctor", place],
        "report": ["report", place],
        "train": ["train", "toy.gan", "--data", data, *FLAGS, "--quiet", "--out", place],
        "score": ["score", place, "--n", 50, "--metrics", "sliced", "--device", "cpu"],
        "compare": ["compare", place, place.parent / "trained", "--out", out / "x.html"],
        "sample": ["sample", place, "--n", 4, "--out", out / "x.npz", "--device", "cpu"],
    }[name]


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("run.json", ("doctor", "report", "train", "score", "compare")),
        ("scores.json", ("report", "compare", "doctor")),
    ],
)
def test_json(trained: Path, name: str, commands: tuple[str, ...]) -> None:
    def spoil(x: tuple[bytes, str]) -> None:
        with copied(trained) as place:
            (place / name).write_bytes(x[0])
            hostile.check(hostile.run(*command(x[1], place)), "run", (0, FAULTY))

    plain = json.loads((trained / name).read_bytes())
    hostile.tried(st.tuples(hostile.json_bytes(plain), st.sampled_from(commands)), 10, spoil)


@st.composite
def log(draw: st.DrawFn, text: str) -> bytes:
    """A log of which some lines are changed."""
    lines = text.encode().splitlines()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        lines[at] = draw(hostile.json_bytes(json.loads(text.splitlines()[at])))
    data = b"\n".join(lines) + b"\n"
    return draw(hostile.damaged(data)) if draw(st.booleans()) else data


@pytest.mark.parametrize("name", ["log.jsonl", "clock.jsonl"])
def test_logs(trained: Path, name: str) -> None:
    def spoil(x: tuple[bytes, str]) -> None:
        with copied(trained) as place:
            (place / name).write_bytes(x[0])
            hostile.check(hostile.run(*command(x[1], place)), "run", (0, FAULTY))

    commands = st.sampled_from(["doctor", "report", "train", "compare"])
    hostile.tried(st.tuples(log((trained / name).read_text()), commands), 8, spoil)


TENSORS = {
    "flat": lambda x: x.reshape(-1),
    "short": lambda x: x.reshape(-1)[:-1],
    "deep": lambda x: x[None],
    "empty": lambda x: torch.empty(0),
    "nan": lambda x: torch.full_like(x, float("nan")) if x.is_floating_point() else -x,
    "huge": lambda x: x * 1e30,
    "whole": lambda x: x.to(torch.int64),
    "complex": lambda x: x.to(torch.complex64),
    "double": lambda x: x.to(torch.float64),
    "bool": lambda x: x.to(torch.bool),
    "lying": lambda x: torch.zeros(1).expand(2**40),
    "sparse": lambda x: x.to_sparse() if x.ndim else x,
    "meta": lambda x: x.to("meta"),
    "gradient": lambda x: x.float().requires_grad_(),
}


@st.composite
def state(draw: st.DrawFn, plain: Any) -> bytes:
    """A state of which something is of another type, shape or value."""
    out = draw(hostile.changed(plain)) if draw(st.booleans()) else copy.deepcopy(plain)
    found = [path for path in hostile.places(out) if isinstance(at(out, path), torch.Tensor)]
    for path in draw(st.lists(st.sampled_from(found), max_size=2)) if found else []:
        with contextlib.suppress(Exception):  # two of these do not go together
            at(out, path[:-1])[path[-1]] = TENSORS[draw(st.sampled_from(sorted(TENSORS)))](at(out, path))
    file = io.BytesIO()
    torch.save(out, file)
    return draw(hostile.damaged(file.getvalue())) if draw(st.integers(0, 9)) == 9 else file.getvalue()


def at(plain: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        plain = plain[key]
    return plain


def test_states(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ptarmigan.report.page.write_report", lambda *_: None)

    def spoil(data: bytes) -> None:
        with copied(trained) as place:
            for weights in place.glob("*.safetensors"):
                weights.unlink()
            (place / "state-00000002.pt").write_bytes(data)
            (place / "state-00000002.sha256").write_text(hashlib.sha256(data).hexdigest())
            (place / "state-00000004.pt").unlink()
            (place / "state-00000004.sha256").unlink()
            hostile.check(hostile.run(*command("train", place)), "run", (0, FAULTY))

    whole = torch.load(trained / "state-00000002.pt", weights_only=True)
    hostile.tried(state(whole), 20, spoil)


RECIPES = {
    "toy.gan": ("sample", "x.npz"),
    "table.wgan_gp": ("sample", "x.csv"),
    "series.rcgan": ("sample", "x.npz"),
    "image.acgan": ("sample", "x.png"),
    "anomaly.ganomaly": ("detect", "x.csv"),
    "translate.pix2pix": ("translate", "y"),
}


@pytest.mark.parametrize("name", RECIPES)
def test_weights(name: str, tmp_path: Path) -> None:
    words, whole = weights(name, tmp_path)

    def spoil(data: bytes) -> None:
        file, out = Path(str(words[1])), Path(str(words[-3]))
        file.write_bytes(data)
        shutil.rmtree(out, ignore_errors=True)
        out.unlink(missing_ok=True)
        hostile.check(hostile.run(*words), "x.safetensors")

    spoil(whole)
    hostile.tried(hostile.safetensors(whole), 10, spoil)


def weights(name: str, place: Path) -> tuple[list[object], bytes]:
    """Words that use a file of weights, and what it holds."""
    options = vars(zoo.module(name))["small"] | {"steps": 1, "score_every": 0, "sample_every": 0}
    api.train(name, out=place / "run", quiet=True, report=False, device="cpu", vitals=False, **options)
    what, out = RECIPES[name]
    Image.fromarray(np.arange(64 * 64 * 3, dtype=np.uint8).reshape(64, 64, 3)).save(place / "x.png")
    more = {"sample": ["--n", 4], "detect": [place / "rows.npy"], "translate": [place / "x.png"]}[what]
    np.save(place / "rows.npy", np.linspace(0, 1, 600).reshape(20, 30))
    words = [what, place / "x.safetensors", *more, "--out", place / out, "--device", "cpu"]
    return words, (place / "run" / "generator.safetensors").read_bytes()
