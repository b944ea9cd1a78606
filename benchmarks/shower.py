"""GANs of particle showers beside trivial showers and copies of real ones.

    python benchmarks/shower.py relativistic --minutes 20
    python benchmarks/shower.py calogan --minutes 20
    python benchmarks/shower.py baselines
    python benchmarks/shower.py speed

20,000 simulated showers of 1 to 100 GeV to learn from, 5,000 others to score against, and as many generated
ones. Minutes are of the processor, on one thread, of training alone. Aims after 40 of them (20 minutes of 2
cores): a Wasserstein distance of high-level features of at most .2, a separation power of at most .05; in
five bins of energy a response within 1 %, a resolution within 20 %, a share of empty cells within .01.
``speed``: showers of the simulation and of the generator, in milliseconds of the processor each. Aim: 50
times as many.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import tyro
from clocked import clocked
from record import record

from ptarmigan import zoo
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.registry import modality_of
from ptarmigan.modalities.shower.simulate import simulate
from ptarmigan.modalities.shower.source import Showers
from ptarmigan.tasks.generate import generate
from ptarmigan.training.options import build

SCORED, TIMED, ROUNDS = 5_000, 100, 10
SHARES = (1 / 40, 1 / 10, 1 / 4, 1 / 2, 1)


def main(
    what: tyro.conf.Positional[str],
    minutes: float = 20.0,
    seed: int = 0,
    keep: bool = True,
    picture: str = "",
) -> None:
    """Train and score, or time.

    Args:
        what: relativistic, calogan, baselines or speed.
        minutes: of the processor.
        seed: the random seed.
        keep: record the figures.
        picture: a file for a picture of the last showers beside real ones.
    """
    torch.set_num_threads(1)
    if what == "baselines":
        found = beside()
    else:
        found = timed() if what == "speed" else trained(what, minutes, seed, keep, picture)
    if keep:
        record("shower", found, part=what)


def trained(name: str, minutes: float, seed: int, keep: bool, picture: str) -> dict[str, Any]:
    """Scores at every mark, and all of them with their baselines at the last."""
    run = build(zoo.recipe(f"shower.{name}"), {"seed": seed})
    evaluator = modality_of(run.space).evaluator(run.samples, Request(n=SCORED))
    found: dict[str, Any] = {"seed": seed, "marks": {}}
    for mark in clocked(run, [minutes * share for share in SHARES], clock=time.process_time):
        raw = np.concatenate(list(generate(mark.game.eval(), run.space, SCORED, seed=1)))
        run.game.train()
        scores = {name: round(value, 4) for name, value in evaluator.quick(raw).items()}
        found["marks"][f"{mark.minutes:.3g}"] = {"steps": mark.step, **scores}
        print(mark.minutes, mark.step, scores, flush=True)
        if keep:
            record("shower", found, part=name)
        if picture:
            real = run.samples.held_out.read(np.arange(SCORED))
            run.space.render(raw, real).save(picture)
    return found | {"scores": scores_of(evaluator, raw)}


def beside() -> dict[str, Any]:
    """Scores of training showers, and of the baselines."""
    samples = Showers().open(batch=1)
    request = Request(n=SCORED, metrics=["wasserstein", "separation", "detector", "novelty"])
    evaluator = modality_of(samples.space).evaluator(samples, request)
    return scores_of(evaluator, samples.source.read(np.arange(SCORED)))


def scores_of(evaluator: Evaluator, raw: np.ndarray) -> dict[str, Any]:
    """Every score, with its error, that of other real showers, and those of the baselines."""
    found = {
        score.scale.name: {
            "value": round(score.value.value, 4),
            "error": round(score.value.error, 4),
            "real": None if score.real is None else round(score.real, 4),
            **{name: round(value, 4) for name, value in score.baselines.items()},
        }
        for score in evaluator.evaluate(raw).scores
    }
    for name, score in found.items():
        print(name, score)
    return found


def timed() -> dict[str, float]:
    """Milliseconds a shower: the least of several rounds, which other work disturbs."""
    run = build(zoo.recipe("shower.relativistic"), {"count": 100})
    game, space = run.game.eval(), run.space
    energies = np.random.default_rng(0).uniform(1, 100, TIMED)

    def in_one_batch() -> None:
        with torch.no_grad():
            space.decode(game.sample(torch.randn(10 * TIMED, game.latent)))

    ways: dict[str, tuple[Callable[[], object], int]] = {
        "simulation": (lambda: simulate(energies, np.random.default_rng(0)), TIMED),
        "generator, 64 at once, as sample does": (
            lambda: list(generate(game, space, 10 * TIMED)),
            10 * TIMED,
        ),
        "generator, 1,000 at once": (in_one_batch, 10 * TIMED),
    }
    found = dict.fromkeys(ways, np.inf)
    for _ in range(ROUNDS):
        for name, (work, n) in ways.items():
            begun = time.process_time()
            work()
            found[name] = min(found[name], 1_000 * (time.process_time() - begun) / n)
    first, *others = found.values()
    found |= {
        "times as fast, 64 at once": first / others[0],
        "times as fast, 1,000 at once": first / others[1],
    }
    print(found)
    return found


if __name__ == "__main__":
    tyro.cli(main)
