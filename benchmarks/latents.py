"""Latents: do directions keep the class, are samples and digits found again, what does choosing samples gain.

    python benchmarks/latents.py [--parts directions projection ring grid fashion] [--runs /tmp/latents]

Digits are MNIST at 28 pixels, learnt by ``image.r1gan --conditional`` (5,000 steps of width 16, six minutes
of one core); a run that is in ``--runs`` is used as it is. Aims: at ±1 σ of a direction a classifier of real
digits tells 90 % of samples to be what they were; a projected sample is within 5 % of the distance between
two samples, a held-out digit within twice the distance to the nearest training image; 50 steps from the
encoder reach what 500 reach without; chosen samples have a higher precision, at a stated cost in recall.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import tyro
from record import record

import ptarmigan
from ptarmigan.metrics.features import ClassifierFeatures
from ptarmigan.metrics.modes import modes
from ptarmigan.metrics.neighbours import precision_recall
from ptarmigan.modalities.image.extractors.squeezenet import squeezenet
from ptarmigan.trained import photo as photos
from ptarmigan.trained.choose import Chooser
from ptarmigan.trained.directions import Directions
from ptarmigan.trained.projection import Projector

DATA = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data"))
QUICK: dict[str, Any] = dict(
    threads=1, vitals=False, score_every=0, sample_every=4_000, log_every=200, report=False, quiet=True
)
RUNS: dict[str, dict[str, Any]] = {
    "mnist": dict(data=str(DATA / "mnist"), conditional=True, width=16, steps=5_000),
    "fashion": dict(data=str(DATA / "fashion_mnist"), width=16, steps=600),
    "ring": dict(data="ring", steps=3_000),
    "grid": dict(data="grid", steps=3_000),
}
SEEDS, TARGETS, CHOSEN = 200, 32, 2_500


def main(
    parts: tuple[str, ...] = ("directions", "projection", "ring", "grid", "fashion"),
    runs: Path = Path("/tmp/latents"),
) -> None:
    """Measure.

    Args:
        parts: which.
        runs: a folder of runs.
    """
    torch.set_num_threads(1)
    for part in parts:
        began = time.process_time()
        measure = {"directions": directions, "projection": projection}.get(part)
        found = measure(trained("mnist", runs)) if measure else choice(trained(part, runs), part)
        print(part, found, flush=True)
        note = f"{time.process_time() - began:.0f} s of the processor, training left out where it was there"
        record("latents", found, part=part, note=note)


def trained(name: str, runs: Path) -> Path:
    """The folder of a run, which is trained where it is not there."""
    place = runs / name
    if not (place / "generator.safetensors").exists():
        recipe = {"ring": "toy.gan", "grid": "toy.r3gan"}.get(name, "image.r1gan")
        ptarmigan.train(recipe, out=place, **RUNS[name], **QUICK)
    return place


def directions(folder: Path) -> dict[str, Any]:
    """How often the class stays at ±1 σ of each of SeFa's first directions, and what they change."""
    generator: Any = ptarmigan.load(folder, device="cpu")
    classifier = photos.features_of(photos.data_of(folder), "auto", "")
    assert isinstance(classifier, ClassifierFeatures)
    found = Directions(generator)
    w = generator.map(generator.latents(SEEDS))
    out: dict[str, Any] = {}
    plain = generator.synthesise(w)
    for name in found.find("sefa", 5):
        kept, changed, factors = [], [], []
        for amount in (-1.0, 1.0):
            raw = generator.synthesise(found.apply(w, {name: amount}))
            kept.append(classes(classifier, raw) == classes(classifier, plain))
            changed.append(rms(generator.space, raw, plain))
            factors.append(np.stack(factors_of(raw)))
        ink, slant, width = (factors[1] - factors[0]).mean(1) / 2
        out[name] = {
            "class kept": float(np.mean(kept)),
            "change, of the distance between two samples": float(np.mean(changed)) / apart(generator),
            "ink per σ": float(ink),
            "slant per σ, degrees": float(slant),
            "width per σ, pixels": float(width),
        }
    out["told to be of their class"] = float((classes(classifier, plain) == generator.classes(SEEDS)).mean())
    out["accuracy of the classifier on 2,000 held-out digits"] = accuracy(classifier, folder)
    return out


def projection(folder: Path) -> dict[str, Any]:
    """Errors of own samples and of held-out digits, from samples and from an encoder."""
    generator: Any = ptarmigan.load(folder, device="cpu")
    data = photos.data_of(folder)
    assert data is not None
    own, held = generator.sample(TARGETS, seed=5), data.held_out.read(np.arange(TARGETS))
    distance, nearest = apart(generator), nearest_training(generator.space, held, data)
    out: dict[str, Any] = {
        "distance between two samples": distance,
        "to the nearest training image": nearest.mean(),
    }

    def errors(projector: Projector, steps: int, tuned: bool = False) -> dict[str, float]:
        began = time.process_time()
        mine = projector.project(own, steps=steps).errors() / distance
        real = projector.project(held, steps=steps, tuned=tuned).errors() / nearest
        return {
            "own samples, of the distance between two": float(mine.mean()),
            "own samples, median": float(np.median(mine)),
            "own samples within 5 %": float((mine <= 0.05).mean()),
            "held-out digits, of the distance to the nearest training image": float(real.mean()),
            "seconds of the processor a picture": (time.process_time() - began) / (2 * TARGETS),
        }

    plain = Projector(generator)
    for steps in (0, 50, 500):
        out[f"{steps} steps"] = errors(plain, steps)
    began = time.process_time()
    plain.learn(data, steps=1_000)
    out["seconds of the processor to train the encoder"] = time.process_time() - began
    for steps in (0, 50, 500):
        out[f"encoder and {steps} steps"] = errors(plain, steps)
    tuned = plain.project(held[:8], steps=50, tuned=True).errors() / nearest[:8]
    out["eight held-out digits after 50 steps and tuning"] = float(tuned.mean())
    return out


def choice(folder: Path, name: str) -> dict[str, Any]:
    """Precision and recall, or modes, of samples that were not chosen, and of those that were."""
    generator: Any = ptarmigan.load(folder, device="cpu")
    chooser, out = Chooser(generator, folder), {}
    n, length = (500, 30) if name == "fashion" else (CHOSEN, 100)
    chosen = {"plain": (generator.sample(n, seed=1), n)}
    for how, chain in (("rejection", 1), ("mh", length)):
        found = chooser.sample(n, how, seed=1, chain=chain)  # type: ignore[arg-type]
        chosen[how] = (found.raw, found.proposed)
    real = chooser.samples.held_out.read(np.arange(n) % len(chooser.samples.held_out))
    if chooser.samples.mixture is None:
        words = "squeezenet"
        features: Any = squeezenet(DATA / "weights" / "imagenet_squeezenet_v1_0.safetensors")
    else:
        words, features = "coordinates", np.asarray
    ours = features(real)
    for how, (raw, proposed) in chosen.items():
        theirs = features(raw)
        precision, recall = precision_recall(ours, theirs)
        out[how] = {
            "samples generated for each": proposed / n,
            "precision": (precision.value, precision.error),
            "recall": (recall.value, recall.error),
        }
        if chooser.samples.mixture is not None:
            found = modes(raw, chooser.samples.mixture.centres, chooser.samples.mixture.sigma)
            out[how] |= {"modes": found.found, "good samples": found.good, "reverse KL": found.reverse_kl}
    out["features"] = words
    return out


def classes(classifier: ClassifierFeatures, raw: Any) -> Any:
    """The classes that a classifier tells."""
    return classifier.probabilities(classifier(raw)).argmax(1)


def accuracy(classifier: ClassifierFeatures, folder: Path) -> float:
    """Of the classifier, on held-out digits."""
    data = photos.data_of(folder)
    assert data is not None
    assert data.held_out.labels is not None
    rows = np.arange(2_000)
    return float((classes(classifier, data.held_out.read(rows)) == data.held_out.labels[rows]).mean())


def factors_of(raw: Any) -> tuple[Any, Any, Any]:
    """Of digits: the share of ink, the slant in degrees to the right, and the standard deviation across."""
    ink = raw[..., 0].astype(float) / 255 + 1e-9
    total = ink.sum((1, 2))
    y, x = np.mgrid[: ink.shape[1], : ink.shape[2]]
    dx, dy = (grid - ((ink * grid).sum((1, 2)) / total)[:, None, None] for grid in (x, y))
    xx, xy, yy = ((ink * a * b).sum((1, 2)) / total for a, b in ((dx, dx), (dx, dy), (dy, dy)))
    return ink.mean((1, 2)), np.degrees(np.arctan2(-xy, yy)), np.sqrt(xx)


def rms(space: Any, a: Any, b: Any) -> Any:
    """The root mean squared difference of raw samples in pairs, of encoded numbers."""
    return (space.encode(a) - space.encode(b)).double().square().flatten(1).mean(1).sqrt().numpy()


def apart(generator: Any) -> float:
    """The distance between two samples, on average."""
    return float(rms(generator.space, generator.sample(200, seed=8), generator.sample(200, seed=9)).mean())


def nearest_training(space: Any, raw: Any, data: Any) -> Any:
    """The distance of each to the nearest training image."""
    mine = space.encode(raw).flatten(1)
    best = torch.full((len(raw),), float("inf"))
    for start in range(0, len(data), 5_000):
        others = space.encode(data.source.read(np.arange(start, min(start + 5_000, len(data))))).flatten(1)
        best = torch.minimum(best, torch.cdist(mine, others).min(1).values)
    return (best / mine.shape[1] ** 0.5).double().numpy()


if __name__ == "__main__":
    tyro.cli(main)
