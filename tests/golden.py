"""The losses of every recipe's first steps, in float64 on a CPU, as they should stay.

python tests/golden.py [RECIPES]            write golden.json anew: they were meant to change
python tests/golden.py --check [RECIPES]    compare bit by bit on the machine that wrote it: a refactor
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch

from ptarmigan import zoo
from ptarmigan.contract import recipes as contract
from ptarmigan.training.draw import Draw
from ptarmigan.training.options import build
from ptarmigan.training.rules import SKIPPED

FILE = Path(__file__).with_suffix(".json")
STEPS = 20

Losses = dict[str, list[float]]


def losses(name: str) -> Losses:
    """Every term of the recipe's small run, in the order of the steps at which it was played."""
    with contract.float64():
        run = build(zoo.recipe(name), contract.small(name) | {"steps": STEPS})
        draw = Draw(run.samples, seed=run.seed)
        found: Losses = {}
        for step in range(STEPS):
            run.advance(step / STEPS)
            for term, value in run.rule(run.game, run.optimizers, draw, step).items():
                found.setdefault(term, []).append(float(value))
        run.samples.close()
    skipped = found.pop(SKIPPED)
    assert not any(skipped), f"{name} has steps that are not finite"
    return found


def read() -> dict[str, Losses]:
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def write(recipes: dict[str, Losses]) -> None:
    """One line a term, so that a diff shows which changed."""
    blocks = []
    for name in sorted(recipes):
        terms = (f"  {json.dumps(term)}: {json.dumps(values)}" for term, values in recipes[name].items())
        blocks.append(f" {json.dumps(name)}: {{\n" + ",\n".join(terms) + "\n }")
    FILE.write_text("{\n" + ",\n".join(blocks) + "\n}\n")


def main(arguments: list[str]) -> None:
    torch.set_num_threads(1)
    named = [a for a in arguments if a != "--check"]
    before, now = read(), {name: losses(name) for name in named or zoo.names()}
    if "--check" in arguments:
        changed = [name for name in now if before.get(name) != now[name]]
        sys.exit(f"not what they were: {', '.join(changed)}" if changed else 0)
    write((before if named else {}) | now)


if __name__ == "__main__":
    main(sys.argv[1:])
