"""A figure counts only with what made it beside it: the command, the machine, the commit and the seeds."""

from __future__ import annotations

import datetime
import json
import platform
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

RESULTS = Path(__file__).parent / "results"


def record(name: str, figures: dict[str, Any], *, part: str = "", note: str = "") -> Path:
    """Write ``figures`` to ``results/<name>.json``, as the entry ``part``; other parts stay as they are."""
    path = RESULTS / f"{name}.json"
    there = parts(name)
    there[part or "all"] = {
        "command": shlex.join(["python", *sys.argv]),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": commit(),
        "machine": machine(),
        "torch": str(torch.__version__),
        "threads": torch.get_num_threads(),
        **({"note": note} if note else {}),
        "figures": figures,
    }
    path.write_text(json.dumps(there, indent=1) + "\n")
    print(f"recorded in {path}")
    return path


def recorded(name: str) -> dict[str, Any]:
    """The figures of every part of ``results/<name>.json`` that there is."""
    return {part: entry["figures"] for part, entry in parts(name).items()}


def parts(name: str) -> dict[str, Any]:
    """What is in ``results/<name>.json``: nothing before the first record."""
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def machine() -> str:
    """The processor and how many of it."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
        model = f"{len(names)} × {names[0]}" if names else model
        # what the name does not say, and what decides how long a step takes
        model += " with bf16" if any("avx512_bf16" in line for line in lines) else " without bf16"
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{model}{gpu}"


def commit() -> str:
    """The commit, and whether the tree differs from it in more than results."""
    git = ["git", "-C", str(RESULTS)]
    differs = [*git, "diff", "--quiet", "HEAD", "--", ":/", ":(exclude)."]
    dirty = "-dirty" if subprocess.run(differs, check=False).returncode else ""
    words = [*git, "describe", "--always"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() + dirty
