"""Sound GANs on spoken digits: which digit is heard, how near to real ones, by whom, and whether copied.

    python benchmarks/sound.py [--entries baselines specgan wavegan vocos hifigan] [--minutes 20]

The Free Spoken Digit Dataset (``fsdd_wav.zip``: 3,000 words at 8 kHz, six speakers), in its official split.
Aims: of specgan's words 0.85 are heard as the digit asked for, they are nearer to real ones (Fréchet
distance) than those of a Gaussian for every digit, no speaker's share is off by more than 0.1, and they are
no nearer to training words than held-out ones are; of wavegan's 0.5 are heard right. ``vocos`` from mel
frames: nearer than Griffin-Lim in the multi-resolution distance and in pitch, and 20 seconds of sound a
second on one thread.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
import tyro
from record import record

import ptarmigan
from ptarmigan.evaluation.score import score_run
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.sound.evaluate import evaluator
from ptarmigan.modalities.sound.source import Sounds
from ptarmigan.tasks.translate.sound_direction import SoundDirection

DATA = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data")) / "fsdd_wav.zip"
METRICS = ("frechet", "agreement", "inception-score", "novelty", "speakers")
RUNS: dict[str, dict[str, Any]] = {
    "specgan": {"conditional": True, "width": 12, "steps": 6_000},
    "wavegan": {"conditional": True, "loss": "r1", "lr": 5e-4, "width": 12, "steps": 9_000},
    "vocos": {"steps": 6_000, "segment": 4_096, "batch": 8},
    "hifigan": {"steps": 3_000, "segment": 4_096, "batch": 8},
}
"""Options of recipes; steps are about what goes into 20 minutes of two cores."""
VOCODERS = ("vocos", "hifigan")
SECONDS = 10
"""Of sound, made to measure how fast."""


def main(
    entries: tuple[str, ...] = ("baselines", *RUNS),
    minutes: float = 20,
    threads: int = 2,
    seed: int = 0,
    steps: int = 0,
) -> None:
    """Scores of recipes, and of trivial sets.

    Args:
        entries: which ones.
        minutes: of each training, at most.
        threads: of torch.
        seed: the random seed.
        steps: of every training; those of the recipe's entry when 0.
    """
    torch.set_num_threads(threads)
    for name in entries:
        if name == "baselines":
            found: dict[str, Any] = baselines()
        else:
            with TemporaryDirectory() as place:
                found = trained(name, Path(place) / "run", minutes, seed, steps, threads)
        print(name, found, flush=True)
        record("sound", {"minutes": minutes, "seed": seed, **found}, part=name)


def baselines() -> dict[str, Any]:
    """Every measure of real words and of trivial sets."""
    samples = Sounds(str(DATA)).open(batch=8)
    found = evaluator(samples, Request(METRICS, n=len(samples.held_out), conditional=True))
    scored = found.thorough(samples.held_out)
    return {each.scale.name: {"training words": each.real, **each.baselines} for each in scored.scores}


def trained(name: str, place: Path, minutes: float, seed: int, steps: int, threads: int) -> dict[str, Any]:
    """The scores of a recipe, and what it took."""
    options = RUNS[name] | {"data": str(DATA), "seed": seed} | ({"steps": steps} if steps else {})
    begun = time.process_time()
    ptarmigan.train(
        f"sound.{name}",
        out=place,
        minutes=minutes,
        score_every=0,
        sample_every=0,
        threads=threads,
        quiet=True,
        **options,
    )
    spent = time.process_time() - begun
    voice = name in VOCODERS
    scored = score_run(place, n=300, metrics=() if voice else METRICS)
    found = {
        key: {"value": each["value"], "error": each["error"], "baselines": each["baselines"]}
        for key, each in scored["scores"].items()
    }
    run = {"steps": scored["step"], "seconds of CPU": round(spent), **found}
    return {**run, "real-time factor": real_time(place)} if voice else run


def real_time(place: Path) -> float:
    """Seconds of sound that a vocoder makes in a second, on one thread, from mel frames."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    way = ptarmigan.load(place).direction()
    assert isinstance(way, SoundDirection)
    mel = way.given.encode(np.random.default_rng(0).uniform(-1, 1, (1, SECONDS * way.given.rate)))
    z = torch.zeros(1, 0)
    with torch.no_grad():
        way.game.translate(mel, z)
        begun = time.perf_counter()
        way.game.translate(mel, z)
    torch.set_num_threads(threads)
    return round(SECONDS / (time.perf_counter() - begun), 1)


if __name__ == "__main__":
    tyro.cli(main)
