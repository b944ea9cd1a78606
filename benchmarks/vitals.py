"""What the doctor's vital signs cost: the share of a run's time that its probes take.

    python benchmarks/vitals.py

Timed inside the same run, so a busy machine stretches both. A short run is probed most often, every 50 steps;
one as long as its recipe says, every hundredth of it. Aim: at most 3 % of the time of the steps.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import tyro
from record import record

from ptarmigan import zoo
from ptarmigan.doctor import vitals
from ptarmigan.doctor.hooks import train_with_diagnosis
from ptarmigan.training.hooks import Logging
from ptarmigan.training.options import build, defaults
from ptarmigan.training.run import Run
from ptarmigan.training.settings import Settings

RUNS: dict[str, dict[str, Any]] = {
    "toy.gan": {},
    "toy.r3gan": {},
    "image.r1gan": {"data": "mnist"},
    "image.dcgan": {"data": "mnist"},
    "image.sngan": {"data": "mnist", "width": 16},
    "image.wgan_gp": {"data": "mnist", "width": 16},
}


class Clock:
    """Seconds of every call of a method, and of its first one apart."""

    def __init__(self, owner: type, name: str) -> None:
        self.calls: list[float] = []
        method: Callable[..., Any] = getattr(owner, name)

        def timed(*args: Any, **options: Any) -> Any:
            then = time.perf_counter()
            try:
                return method(*args, **options)
            finally:
                self.calls.append(time.perf_counter() - then)

        setattr(owner, name, timed)


def main(steps: int = 300) -> None:
    """Run and record.

    Args:
        steps: of every run.
    """
    probe, follow = Clock(vitals.Vitals, "probe"), Clock(Logging, "write")
    rows = {}
    for name, options in RUNS.items():
        probe.calls, follow.calls = [], []
        recipe = zoo.recipe(name)
        run = build(recipe, options | {"steps": steps})
        took = timed(run)
        # the first probe also makes what later ones compare with
        later, looks = median(probe.calls[1:]), sum(follow.calls)
        step = (took - looks) / steps
        usual = int(defaults(recipe)["steps"])
        every = {n: vitals.interval(Settings().log_every, n) for n in (steps, usual)}
        rows[name] = {
            "milliseconds a step": round(1000 * step, 2),
            "milliseconds a probe": round(1000 * later, 2),
            "milliseconds of the first probe": round(1000 * probe.calls[0], 2),
            f"share, probed every {every[steps]} steps": round(later / (step * every[steps]), 4),
            f"share in {usual:,} steps, probed every {every[usual]}": round(later / (step * every[usual]), 4),
        }
        print(name, rows[name], flush=True)
    record("vitals", rows)


def timed(run: Run) -> float:
    """Play in a folder that is thrown away."""
    settings = Settings(score_every=0, sample_every=0, save_every=0)
    with tempfile.TemporaryDirectory() as folder:
        description = {"recipe": "by hand", "options": {}, "settings": {}}
        then = time.perf_counter()
        train_with_diagnosis(run, Path(folder) / "run", settings, description=description, quiet=True)
        return time.perf_counter() - then


if __name__ == "__main__":
    tyro.cli(main)
