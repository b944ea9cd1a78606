"""Speed by the number of threads and how soon a waiting one sleeps, alone and beside busy processes.

    python benchmarks/threads.py [--times 5] [--only small,large]

Every setting trains the same run anew, one after another, ``--times`` times over: medians of the samples a
second that the run logs. ``as before`` is all cores, and threads of OpenMP that look 10,000 times before they
sleep; ``rule`` is what ``ptarmigan train`` does of itself. Aims: beside one busy process at least 80 % of the
speed alone for digits, and at most 5 % lost when quiet.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from record import record

SIZES = {
    "small": ("image.r1gan", "--data digits --steps 300"),
    "points": ("toy.r3gan", "--data ring --steps 600"),
    "table": ("table.ctgan", "--data wine --steps 100"),
    "large": ("image.dcgan", "--data digits --size 32 --width 64 --batch 64 --steps 24"),
}
"""A recipe and its options, from the smallest step to the largest."""
CORES = str(os.cpu_count())
HOW = {
    "as before": (CORES, "10000"),
    "all, sleep at once": (CORES, "0"),
    "one thread": ("1", "0"),
    "rule": ("0", ""),
}
"""``--threads`` and ``GOMP_SPINCOUNT``."""
QUIET = "--log-every 5 --score-every 0 --sample-every 0 --save-every 0 --no-vitals --quiet"


def speed(size: str, how: str, busy: int) -> float:
    """Samples a second of one training, beside so many busy processes."""
    recipe, options = SIZES[size]
    threads, spins = HOW[how]
    environment = os.environ | ({"GOMP_SPINCOUNT": spins} if spins else {})
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        with tempfile.TemporaryDirectory() as place:
            words = f"{recipe} {options} {QUIET} --threads {threads} --out {place}/run".split()
            command = [sys.executable, "-m", "ptarmigan", "train", *words]
            subprocess.run(command, check=True, env=environment, capture_output=True)
            lines = (Path(place) / "run" / "clock.jsonl").read_text().splitlines()
    finally:
        for other in others:
            other.kill()
            other.wait()
    return median(json.loads(line)["speed"] for line in lines if "speed" in line)


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--only", default=",".join(SIZES))
    asked = parser.parse_args()
    for size in asked.only.split(","):
        cells = [(how, busy) for busy in (0, 1, 2) for how in HOW]
        found: dict[tuple[str, int], list[float]] = {cell: [] for cell in cells}
        for _ in range(asked.times):
            for cell in cells:
                found[cell].append(speed(size, *cell))
        alone = median(found["as before", 0])
        figures = {
            f"{how}, {busy} busy": {
                "samples/s": round(median(speeds)),
                "of the speed as before and alone": round(median(speeds) / alone, 2),
                "lowest and highest": [round(min(speeds)), round(max(speeds))],
            }
            for (how, busy), speeds in found.items()
        }
        record("threads", figures, part=size)
        for cell, values in figures.items():
            print(size, cell, values)


if __name__ == "__main__":
    main()
