"""Security: is a mark read and what does it cost, who is told from whom, and what do runs give away?

    python benchmarks/security.py [--parts watermark attackers detectors audits] [--runs /tmp/security]

On Fashion-MNIST, by ``image.r1gan`` of width 16 (600 steps, two minutes of a core); runs in ``--runs`` are
used as they are. Aims: 99 % of bits right, 95 % after JPEG 75; a Fréchet distance at most 10 % worse; none of
10,000 real images and of another run's accepted at 1e-6; the control of an audit at one half.
"""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
import tyro
from record import record

import ptarmigan
from ptarmigan.evaluation.score import score_run
from ptarmigan.modalities.registry import modality
from ptarmigan.security.audit import audit
from ptarmigan.security.forensics import detect_generated
from ptarmigan.security.key import read_key
from ptarmigan.security.verify import verify
from ptarmigan.security.watermark import random_bits, read, tunable, watermark
from ptarmigan.trained.generator import Generator

DATA = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data"))
FASHION = str(DATA / "fashion_mnist")
QUICK: dict[str, Any] = dict(
    threads=1, vitals=False, score_every=0, sample_every=4_000, log_every=200, report=False, quiet=True
)
RECIPES = ("image.r1gan", "image.dcgan", "image.wgan_gp", "image.r3gan")
WIDTH = 16
SIZES = (500, 5_000, 60_000)
PRUNED = (0.1, 0.3, 0.5)
TUNED = 200


def main(
    parts: tuple[str, ...] = ("watermark", "attackers", "detectors", "audits"),
    runs: Path = Path("/tmp/security"),
) -> None:
    """Measure.

    Args:
        parts: which.
        runs: a folder of runs.
    """
    torch.set_num_threads(1)
    measures = {"watermark": marks, "attackers": attackers, "detectors": detectors, "audits": audits}
    for part in parts:
        found = measures[part](runs)
        print(part, found, flush=True)
        record("security", found, part=part)


def trained(recipe: str, runs: Path, data: str = FASHION, name: str = "") -> Path:
    """The folder of a run, which is trained where it is not there."""
    place = runs / (name or recipe)
    if not (place / "generator.safetensors").exists():
        ptarmigan.train(recipe, data=data, width=WIDTH, steps=600, out=place, **QUICK)
    return place


def samples(folder: Path, n: int = 2_000) -> str:
    """A file of samples of a run."""
    place = folder.with_suffix(".npy") if not folder.suffix else folder.parent / f"{folder.name}.npy"
    np.save(place, ptarmigan.load(folder, device="cpu").sample(n, seed=11))
    return str(place)


def marked(runs: Path) -> tuple[Path, Path, dict[str, Any]]:
    """A marked run, its key, and what was measured of it."""
    folder, key = runs / "marked", runs / "key.safetensors"
    if folder.exists():
        return folder, key, {}
    found = watermark(trained("image.r1gan", runs), key, folder, bits=random_bits(32), device="cpu")
    return folder, key, {"bits right": found.right, "decibels": found.decibels}


def marks(runs: Path) -> dict[str, Any]:
    """What a mark costs, and who is accepted."""
    folder, key, figures = marked(runs)
    for name, place in (("before", trained("image.r1gan", runs)), ("marked", folder)):
        scores = score_run(place, n=5_000, device="cpu")["scores"]
        figures[f"scores {name}"] = {score: entry["value"] for score, entry in scores.items()}
    others = {
        "real": FASHION,
        "another run": samples(trained("image.dcgan", runs)),
        "marked": samples(folder),
    }
    figures["accepted"] = {name: verify(data, key).accepted for name, data in others.items()}
    return figures


def attackers(runs: Path) -> dict[str, Any]:
    """What is left of the bits after an attacker with the weights, who has no key, changed them."""
    folder, key, _ = marked(runs)
    found, figures = read_key(key), dict[str, Any]()
    generator, game = tunable(folder, "cpu")

    def right(changed: Any) -> float:
        there = Generator(changed.eval(), generator.space, generator.description)
        bits = read(found, generator.space, there.sample(512, seed=5)) > 0
        return float((bits == (found.bits > 0.5)).float().mean())

    for share in PRUNED:
        pruned = copy.deepcopy(game)
        for weight in pruned.generator.parameters():
            size = weight.detach().abs()
            weight.data[size < size.quantile(share)] = 0
        figures[f"{share:.0%} of weights pruned"] = right(pruned)
    place = runs / "attacked"
    if not (place / "generator.safetensors").exists():
        start = {"start_from": str(folder / "generator.safetensors")}
        ptarmigan.train("image.r1gan", data=FASHION, width=WIDTH, steps=TUNED, out=place, **start, **QUICK)
    figures[f"tuned for {TUNED} steps"] = right(ptarmigan.load(place, device="cpu").game)
    return figures


def detectors(runs: Path) -> dict[str, Any]:
    """Each recipe told from real images, by detectors that learnt from the same recipe."""
    figures = dict[str, Any]()
    for recipe in RECIPES:
        found = detect_generated(FASHION, samples(trained(recipe, runs)), n=2_000)
        figures[recipe] = found.plain()
    return figures


def audits(runs: Path) -> dict[str, Any]:
    """Runs on few and on all images."""
    figures = dict[str, Any]()
    source = modality("image").options(FASHION).open(batch=1)
    runs.mkdir(parents=True, exist_ok=True)
    np.save(runs / "others.npy", source.held_out.read(np.arange(2_000)))
    for size in SIZES:
        data = runs / f"members-{size}.npy"
        if not data.exists():
            np.save(data, source.source.read(np.arange(size)))
        folder = trained("image.r1gan", runs, str(data), f"audit-{size}")
        found, *_ = audit(folder, others=str(runs / "others.npy"), drop_overlap=True, device="cpu")
        figures[str(size)] = found.plain()
    return figures


if __name__ == "__main__":
    tyro.cli(main)
