"""What became of a run: its samples, at every checkpoint, against real ones. The doctor sees none of it.

Of a mixture, how the samples lie on its modes; of images, what a classifier of real ones says. Both of
the averaged weights, which make the samples that people take away, and of the current ones, which show how
the players move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan import zoo
from ptarmigan.core import noise
from ptarmigan.data.samples import Samples, Source
from ptarmigan.metrics.distance import sliced_wasserstein
from ptarmigan.metrics.frechet import Moments, frechet
from ptarmigan.metrics.modes import modes
from ptarmigan.modalities.image.classifier import learn
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.point.source import mixture
from ptarmigan.tasks.generate import generate, some_classes
from ptarmigan.training import run_folder as folders
from ptarmigan.training.checkpoint import Checkpoints, read
from ptarmigan.training.ema import EMA
from ptarmigan.training.options import build

POINTS, IMAGES = 2_500, 600
TRAINING = 2_000
"""Training samples that generated ones are held against, at most."""
FAIR = 0.2
"""A mode, or a class, is covered when it has this share of what is due to it."""

Raw = NDArray[Any]
Look = dict[str, Any]
LookAt = Callable[[Raw, "Raw | None"], Look]


def series(folder: Path, data: str, size: str = "") -> list[Look]:
    """A look at every checkpoint, by step: ``{"step", "averaged": {...}, "current": {...}}``.

    Both have ``quality`` (a distance: smaller is better), ``covered`` (the share of modes or classes) and
    ``authentic`` (how far samples are from training samples, over how far held-out ones are); the current
    weights also have ``moved``.

    Args:
        folder: the run's.
        data: the real samples that were meant, which may not be those that it was given.
        size: of images, as for ``--size``.
    """
    torch.set_num_threads(1)
    described = folders.load(folder)
    run = build(zoo.recipe(described["recipe"]), described["options"])
    measure = points_measure(data, run.samples) if mixture(data) else image_measure(data, size, run.samples)
    average = EMA(run.game)
    labels = run.samples.source.labels
    n = IMAGES if len(run.space.shape) == 3 else POINTS
    classes = some_classes(None if labels is None else np.bincount(labels), n, run.seed)
    requested = classes if described["options"].get("conditional") else None

    def sampled() -> Raw:
        return np.concatenate(list(generate(run.game, run.space, n, seed=run.seed, classes=classes)))

    def looks() -> Iterator[Look]:
        checkpoints, before = Checkpoints(folder, 0, print), None
        for step in checkpoints.steps():
            state = read(checkpoints.path(step))
            run.game.load_state_dict(state["game"])
            average.networks.load_state_dict(state["average"])
            run.game.train()  # with the statistics of a batch, as the players meet them
            now = sampled()
            current = measure(now, requested) | {"moved": None if before is None else _moved(now, before)}
            before = now
            with average.applied_to(run.game):
                yield {"step": step, "averaged": measure(sampled(), requested), "current": current}

    found = list(looks())
    run.samples.close()
    return found


def _moved(now: Raw, before: Raw) -> float:
    """How far the samples of the same latents went since the last look, over how far they lie apart."""
    a, b = (x.reshape(len(x), -1).astype(np.float64) for x in (now, before))
    return _number(np.sqrt(((a - b) ** 2).sum(1).mean()) / max(_spread(a), 1e-12))


def points_measure(data: str, samples: Samples) -> LookAt:
    """How points lie on the modes of the mixture ``data``."""
    known = mixture(data)
    assert known is not None, f"{data} is no mixture"
    rng = np.random.default_rng(noise.key("outcome", data))
    real, due = known.draw(POINTS, rng), 1 / len(known.centres)
    spread, training = _spread(real), _some(samples.source, TRAINING)
    apart = _nearest(real, training)

    def measure(raw: Raw, requested: Raw | None) -> Look:
        good = raw[np.isfinite(raw).all(1)]
        shares = _shares(_nearest_centre(good, known.centres), len(known.centres))
        found = modes(raw, known.centres, known.sigma)
        return {
            "quality": _number(sliced_wasserstein(good, real) / spread) if len(good) == len(raw) else 1e6,
            "covered": float((shares >= FAIR * due).mean()),
            "authentic": _number(_nearest(good, training) / apart) if len(good) else 0.0,
            "shares": [round(float(s), 4) for s in shares],
            "good": found.good,
            "found": found.found,
            "divergence": found.divergence,
        }

    return measure


def image_measure(data: str, size: str, samples: Samples) -> LookAt:
    """How images compare with held-out real ones, in the features of a classifier of the real ones."""
    meant = Images(data, size=size).open(batch=1)
    network = learn(meant.source, meant.space)  # type: ignore[arg-type]
    raw = _some(meant.held_out, 5 * IMAGES)
    real = network(raw)
    against, due = Moments.of(real), _shares(network.probabilities(real).argmax(1), len(meant.space.classes))
    spread, ends = _spread(real), _ends(raw)

    def gray(made: Raw) -> Raw:
        return (
            made if made.shape[3] == raw.shape[3] else made.mean(3, keepdims=True).round().astype(raw.dtype)
        )

    training = network(gray(_some(samples.source, TRAINING)))
    apart = _nearest(real, training)

    def measure(made: Raw, requested: Raw | None) -> Look:
        features = network(gray(made))
        predicted = network.probabilities(features).argmax(1)
        shares = _shares(predicted, len(due))
        return {
            "quality": frechet(Moments.of(features), against, warn=False),
            "covered": float((shares >= FAIR * due).mean()),
            "authentic": _number(_nearest(features, training) / apart),
            "shares": [round(float(s), 4) for s in shares],
            "spread": _spread(features) / spread,
            "ends": _ends(made) - ends,
            "class_accuracy": None if requested is None else float((predicted == requested).mean()),
        }

    return measure


def _some(source: Source, n: int) -> Raw:
    rows = np.random.default_rng(noise.key("outcome")).permutation(len(source))[:n]
    return source.read(np.sort(rows))


def _nearest(made: Raw, training: Raw) -> float:
    """The median distance to the nearest training sample."""
    a, b = made.astype(np.float64), training.astype(np.float64)
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return float(np.median(np.sqrt(np.maximum(squared, 0).min(1))))


def _nearest_centre(points: Raw, centres: Raw) -> NDArray[np.int64]:
    nearest: NDArray[np.int64] = np.linalg.norm(points[:, None] - centres[None], axis=2).argmin(1)
    return nearest


def _shares(predicted: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.bincount(predicted, minlength=count) / max(1, len(predicted))
    return shares


def _spread(x: Raw) -> float:
    """The root mean squared distance from the mean."""
    return float(np.sqrt(((x - x.mean(0)) ** 2).sum(1).mean()))


def _ends(raw: Raw) -> float:
    """The share of pixels that are black or white."""
    return float(((raw <= 1) | (raw >= np.iinfo(raw.dtype).max - 1)).mean())


def _number(value: Any) -> float:
    return float(min(value, 1e6)) if np.isfinite(value) else 1e6
