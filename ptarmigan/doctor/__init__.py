"""Says what is wrong with a run, and what to do about it."""

from __future__ import annotations

from pathlib import Path

from ptarmigan.doctor.diagnose import diagnose
from ptarmigan.doctor.faults import Fault, Finding
from ptarmigan.doctor.history import History, read

__all__ = ["Fault", "Finding", "History", "diagnose", "examine", "read"]


def examine(folder: Path) -> list[Finding]:
    """What is wrong with the run in a folder, finished or not: causes first, nothing where it is healthy.

    Raises:
        ValueError: it is not a run's.
    """
    return diagnose(read(folder))
