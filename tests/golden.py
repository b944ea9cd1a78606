"""The losses of every recipe's first steps, in float64 on a CPU, as they should stay.

python tests/golden.py [RECIPES]            write golden.json anew: they were meant to change
python tests/golden.py --check [RECIPES]    compare bit by bit on the machine that wrote it: a refactor

Another kind of machine adds in another order, and each step passes on what the last one was given. So losses
agree everywhere to ``TOLERANCE``, and ``write`` refuses a recipe whose steps amplify rounding towards it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ptarmigan import zoo
from ptarmigan.contract import recipes as contract
from ptarmigan.core import noise
from ptarmigan.training.draw import Draw
from ptarmigan.training.options import build
from ptarmigan.training.rules import SKIPPED

FILE = Path(__file__).with_suffix(".json")
STEPS = 20
TOLERANCE, FLOOR = 1e-9, 1e-3
"""Relative, where a loss is larger than the floor."""
ROUNDING = 1e-15
"""A relative perturbation of all weights that changes losses about as much as another machine does."""

LARGER: dict[str, Any] = {"size": "24", "batch": 2}
OPTIONS = dict.fromkeys(
    ["translate.cut", "translate.cyclegan", "translate.fastcut", "translate.munit", "translate.style"], LARGER
) | {
    "sound.phase_vocoder": {"lr": 1e-4},
    "image.text2image": {"generator_lr": 2e-5, "discriminator_lr": 4e-5},
}
"""Of recipes whose ``small`` run is chaotic: their instance norms see maps of a quarter of a picture's sides.

At 8×8 pixels such a map is four numbers, and their variance, by which gradients are divided, is often near
zero: with three degrees of freedom the mean of its inverse square is infinite (at 24×24 there are 35). After
thirty instance norms in a row a step of translate.cut multiplies a perturbation of the weights by about 20,
and one of 1e-15 changes the losses by 3e-2 in the eighth step; at 24×24 by at most 5e-13 in twenty.
"""

Losses = dict[str, list[float]]


def losses(name: str, perturbation: float = 0.0, **options: Any) -> Losses:
    """Every term of the recipe's small run, in the order of the steps at which it was computed.

    Args:
        name: the recipe.
        perturbation: relative standard deviation of what is added to all weights at the start.
        options: in place of the recipe's own.
    """
    with contract.float64():
        chosen = contract.small(name) | OPTIONS.get(name, {}) | options | {"steps": STEPS}
        run = build(zoo.recipe(name), chosen)
        if perturbation:
            perturb(run.game, perturbation)
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


@torch.no_grad()
def perturb(game: nn.Module, size: float) -> None:
    """Add normal noise to all weights, relative to each."""
    noise.at(0, "perturbation")
    for p in game.parameters():
        p.mul_(1 + size * noise.shared(p.numel()).view_as(p))


def changed(found: Losses, written: Losses, tolerance: float = TOLERANCE) -> dict[str, float]:
    """The terms that differ by more than the tolerance, relatively, and by how much at most."""
    apart = {term: difference(found.get(term, []), written.get(term, [])) for term in written | found}
    return {term: by for term, by in apart.items() if by > tolerance}


def difference(found: list[float], written: list[float]) -> float:
    """The largest relative difference of two series; infinite where one is longer."""
    if len(found) != len(written):
        return float("inf")
    return max(abs(a - b) / max(abs(b), FLOOR) for a, b in zip(found, written, strict=True))


def amplified(name: str, found: Losses, **options: Any) -> dict[str, float]:
    """The terms that a perturbation like rounding brings within a tenth of the tolerance, or beyond it."""
    return changed(losses(name, ROUNDING, **options), found, TOLERANCE / 10)


def read() -> dict[str, Losses]:
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def write(recipes: dict[str, Losses]) -> None:
    """One line a term, so that a diff shows which changed."""
    blocks = []
    for name in sorted(recipes):
        terms = (f"  {json.dumps(term)}: {json.dumps(values)}" for term, values in recipes[name].items())
        blocks.append(f" {json.dumps(name)}: {{\n" + ",\n".join(terms) + "\n }")
    FILE.write_text("{\n" + ",\n".join(blocks) + "\n}\n")


def check(now: dict[str, Losses]) -> str:
    """Which recipes' losses are not those written, to the bit, and by how much; nothing where all are."""
    before = read()
    apart = {name: changed(found, before.get(name, {}), tolerance=0.0) for name, found in now.items()}
    lines = [f"  {name}: {term} by {by:.1e}" for name, terms in apart.items() for term, by in terms.items()]
    if not lines:
        return ""
    if all(by <= TOLERANCE for terms in apart.values() for by in terms.values()):
        lines.append("No more than another kind of machine does: compare with what this one computes before.")
    return "\n".join(["not what they were, relatively:", *lines])


def main(arguments: list[str]) -> None:
    torch.set_num_threads(1)
    named = [a for a in arguments if a != "--check"]
    now = {name: losses(name) for name in named or zoo.names()}
    if "--check" in arguments:
        sys.exit(check(now) or 0)
    for name, found in now.items():
        if terms := amplified(name, found):
            sys.exit(
                f"{name} amplifies rounding, so another machine will compute other losses: a relative "
                f"perturbation of its weights by {ROUNDING} changes {terms}. Nothing was written; "
                "give it options in golden.OPTIONS with which it does not"
            )
    write((read() if named else {}) | now)


if __name__ == "__main__":
    main(sys.argv[1:])
