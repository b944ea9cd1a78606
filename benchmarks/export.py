"""Speed of sampling through ONNX Runtime against torch.

    python benchmarks/export.py --threads 2

Two generators with their default options, whose weights do not matter here, generate the same number of
samples, decoded, as ``sample`` does it and by the graph that ``export`` writes, in batches of 64. Both draw
their latents. Rounds alternate in one process; medians are compared. Aim: at least as fast.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import tyro
from record import record

from ptarmigan import zoo
from ptarmigan.exports.functions import SAMPLES, functions
from ptarmigan.exports.graph import capture
from ptarmigan.exports.onnx import Session, to_onnx
from ptarmigan.exports.verify import verify
from ptarmigan.nets.layers import fold
from ptarmigan.tasks.generate import CHUNK
from ptarmigan.trained.generator import Generator
from ptarmigan.training.options import build

RECIPES = ("image.r1gan", "image.dcgan")


def trained(name: str, data: str) -> Generator:
    """A generator with default options, as ``load`` gives it."""
    run = build(zoo.recipe(name), {"data": data})
    game = run.game.eval().requires_grad_(False)
    fold(game)
    return Generator(game, run.space, {"recipe": name, "options": {}}).eval()


def seconds(make: Callable[[], Any]) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    make()
    return time.perf_counter() - began


def compared(name: str, data: str, n: int, rounds: int, threads: int) -> dict[str, Any]:
    """Samples a second by both, and how many times as fast the graph is."""
    generator = trained(name, data)
    (function,) = functions(generator)
    captured = capture(function)
    session = Session(to_onnx(captured, {}), threads)
    near = verify(function, session)
    place = function.outputs.index(SAMPLES)

    def by_torch() -> None:
        generator.sample(n, seed=0)

    def by_graph() -> None:
        rng = np.random.default_rng(0)
        for _ in range(n // CHUNK):
            given = [drawn(rng, one, len(generator.space.classes)) for one in captured.inputs]
            session.runtime.run([function.outputs[place]], dict(zip(session.inputs, given, strict=True)))

    times: dict[str, list[float]] = {"torch": [], "graph": []}
    for _ in range(rounds + 1):
        times["torch"].append(seconds(by_torch))
        times["graph"].append(seconds(by_graph))
    medians = {which: statistics.median(some[1:]) for which, some in times.items()}  # the first warms up
    return {
        "form": generator.space.words,
        "samples a second by torch": round(n / medians["torch"]),
        "samples a second by ONNX Runtime": round(n / medians["graph"]),
        "times as fast": round(medians["torch"] / medians["graph"], 2),
        "difference": near.difference,
        "rounds": rounds,
    }


def drawn(rng: np.random.Generator, port: Any, classes: int) -> np.ndarray:
    """What a graph is given for an input."""
    shape = (CHUNK, *port.shape)
    if port.drawn == "class":
        return rng.integers(0, classes, shape)
    return rng.standard_normal(shape, np.float32)


def main(data: str = "fashion-mnist", n: int = 1024, rounds: int = 9, threads: int = 2) -> None:
    """Compare both generators.

    Args:
        data: a named set, which says the size of pictures.
        n: samples in a round, a multiple of 64.
        rounds: of each, after one that warms up.
        threads: of torch and of ONNX Runtime.
    """
    torch.set_num_threads(threads)
    figures = {name: compared(name, data, n, rounds, threads) for name in RECIPES}
    for name, found in figures.items():
        print(name, found)
    record("export", figures, part=f"{data}, {threads} threads")


if __name__ == "__main__":
    tyro.cli(main)
