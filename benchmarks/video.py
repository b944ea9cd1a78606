"""Video GANs: how near to real clips in a network that looks at time, how they move, and what is asked for.

    python benchmarks/video.py [--entries baselines-shapes vgan-shapes mocogan-shapes …] [--minutes 20]

``shapes`` is the built-in set. Weizmann (``video/weizmann_actions_strips.zip``) are 72 strips of four actions
by nine persons, half of them mirror images of the other half; the last two persons are held out with both of
their strips, frames are 32 × 32, and every second one counts. Aims: of shapes an ACD of at most twice that of
real clips and speeds within .2 in total variation; of Weizmann a Fréchet distance of at most 20, which is
below that of frozen and of shuffled clips, .8 of the actions right, and motion within 30 % of real.
"""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import tyro
from record import record

import ptarmigan
from ptarmigan.data.part import Part
from ptarmigan.data.permutation import permute
from ptarmigan.evaluation.score import score_run
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.video.evaluate import evaluator
from ptarmigan.modalities.video.source import Videos

SHARED = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data"))
STRIPS = SHARED / "video" / "weizmann_actions_strips.zip"
ACTIONS = 8
"""Strips of a person: four actions, each and its mirror image, one after another."""
HELD_OUT = (7, 8)
"""Persons."""
N = 400
METRICS = ("frechet", "frames", "order", "motion", "acd", "agreement")
OF_SHAPES, OF_FEW = ("speed", "labels"), ("copies",)
RUNS: dict[str, dict[str, Any]] = {
    "vgan": {"conditional": True, "width": 12, "gamma": 2.0},
    "mocogan": {"width": 12, "batch": 8},
}
"""Options of recipes."""


def main(
    entries: tuple[str, ...] = ("baselines-shapes", "baselines-weizmann", "mocogan-shapes"),
    minutes: float = 0,
    steps: int = 2_400,
    threads: int = 1,
    seed: int = 0,
    runs: str = "",
    note: str = "",
) -> None:
    """Scores of recipes, and of trivial clips.

    Args:
        entries: which ones, each a recipe or baselines and a set.
        minutes: of each training, at most; no limit when 0.
        steps: of each training.
        threads: of torch.
        seed: the random seed.
        runs: a folder in which runs are kept; one that is finished there is scored as it is.
        note: what is recorded beside.
    """
    torch.set_num_threads(threads)
    with TemporaryDirectory() as place:
        for name in entries:
            what, _, data = name.partition("-")
            options = {"data": data} if data == "shapes" else weizmann(Path(place) / "weizmann")
            metrics = METRICS + (OF_SHAPES if data == "shapes" else OF_FEW)
            if what == "baselines":
                found = baselines(options, metrics)
            else:
                how = {"steps": steps, "seed": seed, **RUNS[what], **options}
                found = trained(f"video.{what}", Path(runs or place) / name, how, metrics, minutes, threads)
            print(name, found, flush=True)
            record("video", {"seed": seed, **found}, part=name, note=note)


def weizmann(place: Path) -> dict[str, Any]:
    """The strips in folders of training and held-out persons, and how they are read."""
    if not place.exists():
        with zipfile.ZipFile(STRIPS) as archive:
            for name in archive.namelist():
                action, file = name.split("/")
                person = int(Path(file).stem) // ACTIONS
                target = place / ("test" if person in HELD_OUT else "train") / action / file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
    return {"data": str(place), "size": "32", "every": 2}


def baselines(options: dict[str, Any], metrics: tuple[str, ...]) -> dict[str, Any]:
    """Every measure of held-out clips, of real ones against others, and of trivial ones."""
    begun = time.process_time()
    samples = Videos(**options).open(batch=8)
    n = min(N, len(samples.held_out))
    rows = permute(torch.arange(n).numpy(), len(samples.held_out), "benchmark")
    made = evaluator(samples, Request(metrics, n=n, conditional=True))
    scored = made.thorough(Part(samples.held_out, rows))
    return {
        "features": scored.features,
        "samples": n,
        "seconds of CPU": round(time.process_time() - begun),
        **{each.scale.name: {"real": each.real, **each.baselines} for each in scored.scores},
    }


def trained(
    recipe: str, place: Path, options: dict[str, Any], metrics: tuple[str, ...], minutes: float, threads: int
) -> dict[str, Any]:
    """The scores of a recipe, and what it took."""
    begun, there = time.process_time(), (place / "generator.safetensors").exists()
    if not there:
        how: dict[str, Any] = {"score_every": 0, "vitals": False, "threads": threads, "quiet": True}
        ptarmigan.train(recipe, out=place, minutes=minutes, **how, **options)
    spent = time.process_time() - begun
    scored = score_run(place, n=N, metrics=metrics)
    return {
        "options": {name: value for name, value in options.items() if name != "data"},
        "steps": scored["step"],
        "seconds of CPU": None if there else round(spent),
        "features": scored["features"],
        **{
            name: {
                "value": each["value"],
                "error": each["error"],
                "real": each["floor"],
                "baselines": each["baselines"],
            }
            for name, each in scored["scores"].items()
        },
    }


if __name__ == "__main__":
    tyro.cli(main)
