"""Sound GANs on spoken digits: which digit is heard, how near to real ones, by whom, and whether copied.

    python benchmarks/sound.py [--entries baselines specgan wavegan phase_vocoder segan ...] [--minutes 20]

The Free Spoken Digit Dataset (``fsdd_wav.zip``: 3,000 words at 8 kHz, six speakers), in its official split.
Aims: of specgan's words 0.85 are heard as the digit asked for, they are nearer to real ones (Fréchet
distance) than those of a Gaussian for every digit, no speaker's share is off by more than 0.1, and they are
no nearer to training words than held-out ones are; of wavegan's 0.5 are heard right. Of vocoders from mel
frames one is nearer than Griffin-Lim in the multi-resolution distance and in pitch, and makes 20 seconds of
sound a second on one thread. ``segan`` learns from four speakers in noise of any colour, at 0 to 10 dB,
and is measured on the other two: 6 dB of SI-SDR more, with an adversary and without.
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
from ptarmigan.core.noise import key
from ptarmigan.data.archives import container
from ptarmigan.evaluation.score import score_run
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.sound import wav
from ptarmigan.modalities.sound.evaluate import evaluator
from ptarmigan.modalities.sound.pairs import coloured, louder
from ptarmigan.modalities.sound.source import Sounds
from ptarmigan.tasks.translate.sound_direction import SoundDirection

DATA = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data")) / "fsdd_wav.zip"
METRICS = ("frechet", "agreement", "inception-score", "novelty", "speakers")
RUNS: dict[str, dict[str, Any]] = {
    "specgan": {"conditional": True, "width": 12, "steps": 6_000},
    "wavegan": {"conditional": True, "loss": "r1", "lr": 5e-4, "width": 12, "steps": 9_000},
    "phase_vocoder": {"steps": 2_000, "alone": 0.95},
    "vocos": {"steps": 6_000, "segment": 4_096, "batch": 8},
    "hifigan": {"steps": 3_000, "segment": 4_096, "batch": 8},
    "segan": {"length": 4_096, "steps": 800},
    "segan without D": {"length": 4_096, "steps": 800, "adversarial": 0.0},
    "segan of waves": {"length": 4_096, "network": "wave", "width": 8, "lr": 5e-4, "steps": 800},
}
"""Options of recipes, by their names and what is said of them after a blank."""
VOCODERS = ("vocos", "hifigan", "phase_vocoder")
APART = ("theo", "yweweler")
"""Speakers whose words are not learnt from."""
RATIO = (0.0, 10.0)
"""Decibels of words over noise."""
SECONDS = 10
"""Of sound, made to measure how fast."""


def main(
    entries: tuple[str, ...] = ("baselines", *RUNS),
    minutes: float = 20,
    threads: int = 2,
    seed: int = 0,
    steps: int = 0,
    out: Path | None = None,
) -> None:
    """Scores of recipes, and of trivial sets.

    Args:
        entries: which ones.
        minutes: of each training, at most.
        threads: of torch.
        seed: the random seed.
        steps: of every training; those of the recipe's entry when 0.
        out: a folder to keep the runs in.
    """
    torch.set_num_threads(threads)
    for name in entries:
        if name == "baselines":
            found: dict[str, Any] = baselines()
        else:
            with TemporaryDirectory() as place:
                where = (out or Path(place)) / name.replace(" ", "-")
                found = trained(name, where, minutes, seed, steps, threads)
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
    recipe, data = name.partition(" ")[0], DATA
    if recipe == "segan":
        data = in_noise(place.parent / "noisy-words")
    options = RUNS[name] | {"data": str(data), "seed": seed} | ({"steps": steps} if steps else {})
    begun = time.process_time()
    ptarmigan.train(
        f"sound.{recipe}",
        out=place,
        minutes=minutes,
        score_every=0,
        sample_every=0,
        log_every=200,
        threads=threads,
        quiet=True,
        **options,
    )
    spent = time.process_time() - begun
    generates = recipe in ("specgan", "wavegan")
    scored = score_run(place, n=300, metrics=METRICS if generates else ())
    found = {
        key: {"value": each["value"], "error": each["error"], "baselines": each["baselines"]}
        for key, each in scored["scores"].items()
    }
    run = {"options": RUNS[name], "steps": scored["step"], "seconds of CPU": round(spent), **found}
    return {**run, "real-time factor": real_time(place)} if recipe in VOCODERS else run


def in_noise(place: Path) -> Path:
    """Pairs of files of all words, in noise and not, in a folder; those of two speakers are held out."""
    files = container(str(DATA))
    assert files is not None
    for i, name in enumerate(files.names):
        if not name.endswith(".wav"):
            continue
        samples, rate = wav.samples_of(files.read(i))
        clean = samples[:, 0] / np.abs(samples).max()
        rng = np.random.default_rng(key("benchmark", Path(name).name))
        made = coloured(rng, len(clean))
        noisy = clean + made * louder(clean, made, float(rng.uniform(*RATIO)))
        split = "test" if Path(name).stem.split("_")[1] in APART else "train"
        for side, samples in (("clean", clean), ("noisy", noisy)):
            path = place / split / side / Path(name).name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wav.wav(samples / np.abs(noisy).max(), rate))
    return place


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
