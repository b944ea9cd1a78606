"""How long ``ptarmigan --help`` and ``import ptarmigan`` take: medians of ten, alternating.

    python benchmarks/start.py

Aim: ``--help`` under 0.4 s; ``import ptarmigan`` under 0.3 s beyond importing torch.
"""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from clocked import seconds
from record import record

TIMES = 10
COMMANDS = {
    "python": [sys.executable, "-c", "pass"],
    "ptarmigan --help": [sys.executable, "-m", "ptarmigan", "--help"],
    "import torch": [sys.executable, "-c", "import torch"],
    "import torch, ptarmigan and its train and load": [
        sys.executable,
        "-c",
        "import torch, ptarmigan; ptarmigan.train; ptarmigan.load",
    ],
}


def main() -> None:
    """Measure and record."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(TIMES):
        for name, command in COMMANDS.items():
            run = lambda command=command: subprocess.run(command, check=True, capture_output=True)
            taken[name].append(seconds(run))
    middle = {name: round(median(times), 3) for name, times in taken.items()}
    beyond = middle["import torch, ptarmigan and its train and load"] - middle["import torch"]
    record("start", {**middle, "import ptarmigan beyond torch": round(beyond, 3)})
    print(middle, f"beyond torch: {beyond:.3f} s")


if __name__ == "__main__":
    main()
