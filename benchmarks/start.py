"""How long it takes until something happens, in seconds of the processor: medians of ten, alternating.

    python benchmarks/start.py

Aims: ``--help`` under 0.4 s; ``import ptarmigan`` under 0.3 s beyond importing torch; ``sample`` within 1.3
times and the first step of a training within 1.5 times the import of torch. What a process computes depends
little on what else a machine does; the time on the clock does.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from record import record

TIMES = 10
FIRST_STEP = """
import os
from ptarmigan import Hook, train

class Leave(Hook):
    def step(self, trainer, terms):
        os._exit(0)

train({what!r}, data={data!r}, out={out!r} + str(os.getpid()), quiet=True, hooks=[Leave()])
"""
SAMPLE = """
import os
from ptarmigan.cli import main

main(["sample", {run!r}, "--n", "10", "--out", {out!r} + str(os.getpid()) + ".npz"])
"""


def commands(place: Path) -> dict[str, list[str]]:
    """What is timed, by name; runs are made in ``place``."""
    python, program = [sys.executable, "-c"], [sys.executable, "-m", "ptarmigan"]
    trained = str(place / "trained")
    subprocess.run([*program, "train", "toy.gan", "--steps", "1", "--out", trained, "--quiet"], check=True)
    plane = FIRST_STEP.format(what="toy.gan", data="ring", out=str(place / "plane"))
    digits = FIRST_STEP.format(what="image.r1gan", data="digits", out=str(place / "digits"))
    return {
        "python": [*python, "pass"],
        "ptarmigan --help": [*program, "--help"],
        "import torch": [*python, "import torch"],
        "import torch, ptarmigan and its train and load": [
            *python,
            "import torch, ptarmigan; ptarmigan.train; ptarmigan.load",
        ],
        "sample": [*python, SAMPLE.format(run=trained, out=str(place / "samples"))],
        "first step of toy.gan": [*python, plane],
        "first step of image.r1gan on digits": [*python, digits],
    }


def computed(command: list[str]) -> float:
    """Seconds of the processor that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    """Measure and record."""
    with tempfile.TemporaryDirectory() as place:
        timed = commands(Path(place))
        taken: dict[str, list[float]] = {name: [] for name in timed}
        for _ in range(TIMES):
            for name, command in timed.items():
                taken[name].append(computed(command))
    middle = {name: round(median(times), 3) for name, times in taken.items()}
    torch = middle["import torch"]
    beyond = round(middle["import torch, ptarmigan and its train and load"] - torch, 3)
    times = {f"{n} ÷ import torch": round(t / torch, 2) for n, t in list(middle.items())[4:]}
    record("start", {**middle, "import ptarmigan beyond torch": beyond, **times})
    print(middle, f"beyond torch: {beyond:.3f} s", times)


if __name__ == "__main__":
    main()
