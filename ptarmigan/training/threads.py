"""How many threads of the processor share a step: a rule without timing, so that bits do not depend on it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from ptarmigan.core.process import suitable
from ptarmigan.training import run_folder
from ptarmigan.training.run import Run
from ptarmigan.training.settings import Settings


def settle(settings: Settings, run: Run, folder: Path) -> Settings:
    """Settings with a number of threads: that which the run in ``folder`` was begun with, else what suits it.

    Another number than it was begun with rounds sums otherwise, which changes the bits of some recipes.

    Raises:
        RunError: what is in the folder cannot be read.
    """
    if settings.threads:
        return settings
    begun = run_folder.threads(folder)
    return dataclasses.replace(
        settings, threads=begun or suitable(run.game, run.samples.batch / settings.accumulate)
    )
