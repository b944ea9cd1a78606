"""What commands import: nothing that takes seconds and that they do not use."""

from __future__ import annotations

import subprocess
import sys

from conftest import environment

COMPILER = {"torch._dynamo", "sympy"}
OTHERS = {"sklearn", "scipy", "pandas", "ptarmigan.modalities.sound", "ptarmigan.modalities.table"}
"""What samples of a point and the first step of digits have no use for."""
SCRIPT = f"""
import sys
from ptarmigan.cli import dispatch
assert dispatch(sys.argv[1:]) == 0
print("imported:", *(name for name in {sorted(COMPILER | OTHERS)} if name in sys.modules))
"""


FIRST_STEP = f"""
import sys
from ptarmigan import Hook, train
class Leave(Hook):
    def step(self, trainer, terms):
        print("imported:", *(name for name in {sorted(OTHERS)} if name in sys.modules), flush=True)
        trainer.stop("seen")
how = dict(steps=9, width=4, quiet=True, report=False, score_every=0)
train("image.r1gan", data="digits", hooks=[Leave()], **how)
"""


def imported(*command: str, script: str = SCRIPT) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", script, *command],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()[1:]


def test_training_sampling_and_reporting_import_no_compiler(runs):
    short = ["--steps", "1", "--batch", "8", "--score-samples", "32", "--quiet"]
    assert not COMPILER & {*imported("train", "toy.r3gan", "--data", "ring", "--out", str(runs), *short)}
    assert imported("sample", str(runs), "--n", "4", "--out", str(runs.parent / "more")) == []
    assert not COMPILER & {*imported("report", str(runs))}


def test_the_first_step_of_digits_imports_no_library_that_it_has_no_use_for(runs):
    assert imported(script=FIRST_STEP) == []
