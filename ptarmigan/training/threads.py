"""How many threads of the processor share a step: a rule without timing, so that bits do not depend on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from ptarmigan.training import run_folder
from ptarmigan.training.run import Run
from ptarmigan.training.settings import Settings

SMALL = 10_000_000
"""Parameters times samples of a step that one thread computes: below it the threads of a step wait for each
other more than they compute, and where other programs run a step takes several times as long:
``benchmarks/threads.py`` measures both."""


def settle(settings: Settings, run: Run, folder: Path) -> Settings:
    """Settings with a number of threads: that which the run in ``folder`` was begun with, else what suits it.

    Another number than it was begun with rounds sums otherwise, which changes the bits of some recipes.

    Raises:
        RunError: what is in the folder cannot be read.
    """
    if settings.threads:
        return settings
    begun = run_folder.threads(folder)
    return dataclasses.replace(settings, threads=begun or suitable(run, settings.accumulate))


def suitable(run: Run, accumulate: int = 1) -> int:
    """One thread for a small step, else as many as torch takes: all cores, or ``OMP_NUM_THREADS``."""
    parameters = sum(p.numel() for p in run.game.parameters())
    small = parameters * run.samples.batch / accumulate < SMALL
    return 1 if small else torch.get_num_threads()


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Compute with ``n`` threads, and with as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
