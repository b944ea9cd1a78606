"""What commands import: nothing that takes seconds and that they do not use."""

from __future__ import annotations

import subprocess
import sys

from conftest import environment

COMPILER = {"torch._dynamo", "sympy"}
SCRIPT = f"""
import sys
from ptarmigan.cli import dispatch
assert dispatch(sys.argv[1:]) == 0
print("imported:", *(name for name in {sorted(COMPILER)} if name in sys.modules))
"""


def imported(*command: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *command],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()[1:]


def test_training_sampling_and_reporting_import_no_compiler(runs):
    short = ["--steps", "1", "--batch", "8", "--score-samples", "32", "--quiet"]
    assert imported("train", "toy.r3gan", "--data", "ring", "--out", str(runs), *short) == []
    assert imported("sample", str(runs), "--n", "4", "--out", str(runs.parent / "more")) == []
    assert imported("report", str(runs)) == []
