"""Where a run is trained: versions, commit and machine, on which the last bits of its numbers depend."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy
import torch

import ptarmigan

DECIDING = {
    "torch": "torch",
    "numpy": "numpy",
    "machine": "the architecture",
    "vectors": "the processor's vector instructions",
    "gpu": "the GPU",
}
"""What may change the last bits of a run that goes on, by its key in run.json, in words."""


def versions() -> dict[str, str]:
    """Of this package and of what it computes with."""
    return {
        "ptarmigan": ptarmigan.__version__,
        "torch": str(torch.__version__),
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    }


def hardware() -> dict[str, Any]:
    """The machine: its processor, threads and GPU."""
    return {
        "machine": platform.machine(),
        "vectors": torch.backends.cpu.get_cpu_capability(),
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def commit() -> str | None:
    """The git commit of this package's source, where it runs from a checkout."""
    here = Path(__file__).parent
    try:
        found = subprocess.run(
            ["git", "-C", str(here), "describe", "--always", "--dirty"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def moved(description: Mapping[str, Any]) -> str:
    """What is not as it was where a run was begun and may change its last bits, in words; else empty.

    Args:
        description: of the run, as run.json has it.
    """
    before = {**description.get("versions", {}), **description.get("hardware", {})}
    now = {**versions(), **hardware()}
    found = [
        f"{words} was {before[key]} and is {now[key]}"
        for key, words in DECIDING.items()
        if key in before and before[key] != now[key]
    ]
    return f"not bit for bit as where it was begun: {', '.join(found)}" if found else ""
