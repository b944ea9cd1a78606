"""Quantum GANs beside the same circuits without an adversary, and beside doing nothing.

    python benchmarks/quantum.py normal-grid [--seeds 0 1]
    python benchmarks/quantum.py digits [--seeds 0 1]

``normal-grid``: a normal distribution on 8×8 places, 6 qubits, 84 angles. Relative entropy KL(p_θ‖q) in nats,
exact: from the circuit's probabilities to the density, not from samples. Aim: ``quantum.qgan`` at most .08
after 300 steps.

``digits``: the zeros of scikit-learn's digits, 8×8. The root mean square difference of mean images, where
black is 0 and white 1, and the ratio of the standard deviations. Aim: at most .20 after 500 steps.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
import tyro
from clocked import Play
from record import record

from ptarmigan import zoo
from ptarmigan.core import noise
from ptarmigan.core.inference import inference
from ptarmigan.core.optim import Adam
from ptarmigan.modalities.quantum.evaluate import fidelity, relative_entropy, total_variation
from ptarmigan.training.options import build
from ptarmigan.training.run import Run

ENTRIES = {
    "qgan": ("quantum.qgan", {}),
    "the tutorial's settings": ("quantum.qgan", {"gamma": 0.0, "critic_steps": 1, "half_life": 1.0}),
    "born": ("quantum.born", {}),
    "likelihood": ("quantum.born", {"loss": "likelihood"}),
}
MARKS = (50, 100, 200, 300)
IMAGES = 1_000


def main(what: tyro.conf.Positional[str], seeds: tuple[int, ...] = (0, 1), keep: bool = True) -> None:
    """Train and score.

    Args:
        what: normal-grid or digits.
        seeds: of every row.
        keep: record the figures.
    """
    torch.set_num_threads(1)
    rows = {"normal-grid": on_grid, "digits": on_digits}[what](seeds)
    for name, row in rows.items():
        print(name, row)
    if keep:
        record("quantum", rows, part=what)


def density(space: Any) -> np.ndarray:
    """Of the normal distribution, at every place."""
    weights = np.exp(-np.square(space.grid).sum(1) / 2)
    return weights / weights.sum()


def on_grid(seeds: tuple[int, ...]) -> dict[str, Any]:
    """Relative entropies of every entry at every mark."""
    found: dict[str, Any] = {}
    for name, (recipe, options) in ENTRIES.items():
        for seed in seeds:
            run = build(zoo.recipe(recipe), {**options, "seed": seed})
            if name == "the tutorial's settings":
                as_in_the_tutorial(run)
            begun, q = time.process_time(), density(run.space)
            play, marks = Play(run), {}
            while play.step < max(MARKS):
                play.advance(play.step / run.steps)
                if play.step in MARKS:
                    with play.ema.applied_to(run.game) as game, torch.no_grad():
                        p = game.generator.probabilities().double().numpy()
                    marks[str(play.step)] = relative_entropy(p, q)
            found[f"{name}, seed {seed}"] = {
                "relative entropy": marks,
                "total variation": total_variation(p, q),
                "fidelity": fidelity(p, q),
                "seconds of CPU": round(time.process_time() - begun, 1),
            }
    uniform = np.full(len(q), 1 / len(q))
    counts = np.random.default_rng(0).multinomial(10_000, q) / 10_000
    for name, p in {"uniform superposition": uniform, "10,000 shots of the density": counts}.items():
        found[name] = {"relative entropy": relative_entropy(p, q), "total variation": total_variation(p, q)}
    return found


def as_in_the_tutorial(run: Run) -> None:
    """Qiskit's Adam: β (0.7, 0.999) and weight decay."""
    for player, optimizer in run.optimizers.items():
        held = optimizer.param_groups[0]["params"]
        run.optimizers[player] = Adam(held, 0.01, (0.7, 0.999), weight_decay=0.005, fused=True)


def on_digits(seeds: tuple[int, ...]) -> dict[str, Any]:
    """Differences of means and of standard deviations."""
    found: dict[str, Any] = {}
    for seed in seeds:
        run = build(zoo.recipe("quantum.patch_qgan"), {"seed": seed})
        raw = run.samples.source.read(np.arange(len(run.samples)))
        real, begun = shade(run.space.encode(raw)), time.process_time()
        play = Play(run)
        first = of_images(run.game, real)
        while play.step < run.steps:
            play.advance(play.step / run.steps)
        with play.ema.applied_to(run.game) as game:
            found[f"patch_qgan, seed {seed}"] = of_images(game, real)
        found[f"patch_qgan, seed {seed}"] |= {"seconds of CPU": round(time.process_time() - begun, 1)}
        found[f"untrained, seed {seed}"] = first
    half = real[::2], real[1::2]
    found["one half of the real ones"] = differences(*half)
    found["mean image"] = differences(real.mean(0, keepdims=True).repeat(len(real), 0), real)
    return found


def of_images(game: Any, real: np.ndarray) -> dict[str, float]:
    """Of a generator's images."""
    with inference(game, 1, "sample", samples=IMAGES):
        fake = shade(game.sample(noise.normal(IMAGES, game.latent)))
    return differences(fake, real)


def shade(x: torch.Tensor) -> np.ndarray:
    """Images from 0 to 1."""
    return ((x.detach() + 1) / 2).flatten(1).double().numpy()


def differences(fake: np.ndarray, real: np.ndarray) -> dict[str, float]:
    """Of the mean image, and the ratio of the standard deviations."""
    return {
        "rms of the mean image": float(np.sqrt(np.square(fake.mean(0) - real.mean(0)).mean())),
        "ratio of standard deviations": float(fake.std(0).mean() / real.std(0).mean()),
    }


if __name__ == "__main__":
    tyro.cli(main)
