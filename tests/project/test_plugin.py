"""The plug-in of the examples, installed as anybody would, in an environment of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from conftest import ROOT, environment

PLUGIN = ROOT / "examples" / "plugin"
COMMANDS = """
import contextlib, io, json, sys
from ptarmigan.cli import dispatch

found = {}
for name, command in json.load(sys.stdin).items():
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = dispatch(command.split())
    found[name] = [code, out.getvalue(), err.getvalue()]
json.dump(found, sys.stdout)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with the plug-in; the tests lend what it stands on."""
    place = tmp_path_factory.mktemp("fresh")
    venv.create(place, with_pip=False)
    own = place / "bin" / "python"
    paths = sysconfig.get_paths(vars={"base": str(place), "platbase": str(place)})
    Path(paths["purelib"], "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    how = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "-q")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(own), "install", *how, str(PLUGIN)],
        check=True,
        timeout=200,
        env=environment(),
    )
    return own


def run(python: Path, place: Path, commands: dict[str, str]) -> dict[str, list]:
    done = subprocess.run(
        [str(python), "-c", COMMANDS],
        input=json.dumps(commands),
        cwd=place,
        env=environment() | {"PTARMIGAN_CACHE": str(place / "cache")},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_everything_works_on_a_kind_of_data_of_a_plug_in(python: Path, tmp_path: Path) -> None:
    small = "--width 16 --batch 32 --score-samples 64 --save-every 10 --log-every 5"
    first = run(
        python,
        tmp_path,
        {
            "check": "check --modality stroke",
            "recipe": "check stroke.gan",
            "list": "list",
            "data": "data spirals --out drawings.png",
            "train": f"train spirals --steps 40 --out run {small}",
            "sample": "sample run --n 6 --out more",
            "score": "score run --n 64 --json",
            "doctor": "doctor run --json",
            "report": "report run",
        },
    )
    codes = {name: code for name, (code, _, _) in first.items()}
    assert codes.pop("doctor") in (0, 1)
    assert set(codes.values()) == {0}, {name: first[name] for name, code in codes.items() if code}
    assert "FAIL" not in first["check"][1] + first["recipe"][1]
    assert "stroke.gan" in first["list"][1]
    assert "spirals is recognised as drawings: pen drawings; training stroke.gan" in first["train"][2]
    assert len((tmp_path / "more" / "drawings.strokes").read_text().splitlines()) == 6
    assert "length of ink" in json.loads(first["score"][1])["scores"]
    assert "drawings" in (tmp_path / "run" / "report.html").read_text()

    again = run(
        python,
        tmp_path,
        {
            "own": f"train more/drawings.strokes --steps 4 --out own {small}",
            "resume": f"train spirals --steps 60 --force --out run {small}",
        },
    )
    assert [code for code, _, _ in again.values()] == [0, 0], again
    assert "going on from step 40" in again["resume"][2]


def test_it_is_short() -> None:
    lines = [line for path in PLUGIN.rglob("*.py") for line in path.read_text().splitlines()]
    assert len(lines) <= 200
