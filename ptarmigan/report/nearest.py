"""The training samples nearest to generated ones, and whether these are copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.dataset import Dataset
from ptarmigan.data.permutation import Indices, permute
from ptarmigan.data.samples import Source
from ptarmigan.data.space import Space
from ptarmigan.metrics.features import chunks
from ptarmigan.metrics.search import nearest
from ptarmigan.modalities.registry import modality_of
from ptarmigan.report.html import Markup, h, image, join
from ptarmigan.tasks.generate import generate
from ptarmigan.trained import Trained
from ptarmigan.training.run import Run

SHOWN_SAMPLES = 10
NEIGHBOURS = 3
GENERATED = 256
"""Samples whose nearest training sample is looked for."""
SEARCHED = 60_000
BYTES = 500_000_000
"""Training samples, and bytes of them, that are looked at, at most."""
LONGEST = 30_000
"""Characters of a sample on the page, at most; what is longer is drawn smaller."""

Raw = NDArray[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NearestNeighbours:
    """What ``compare`` found.

    Attributes:
        generated: some generated samples.
        neighbours: for each of them the nearest training samples, of shape (shown, neighbours, ...).
        distances: to those, of shape (shown, neighbours).
        median: the median distance from a generated sample to the nearest training sample.
        held_out: the same from real samples that were not trained on; None where there are none.
        looked_at: training samples that were looked at.
    """

    generated: Raw
    neighbours: Raw
    distances: Floats
    median: float
    held_out: float | None
    searched: int


def compare(run: Run, trained: Trained) -> NearestNeighbours:
    """The nearest training samples of generated ones, of the same conditions where the run is conditional.

    Distances are those of the space's embedding, in units of ``unit``.

    Raises:
        ValueError: the data cannot be read.
    """
    source, space = run.samples.source, run.space
    chunked = generate(
        trained.game,
        trained.space,
        GENERATED,
        seed=run.seed,
        classes=some_conditions(run.samples),
        precision=trained.precision,
    )
    generated = np.concatenate(list(chunked))
    bytes_of_one = max(1, source.read(np.zeros(1, np.int64)).nbytes)
    searched = min(len(source), SEARCHED, max(1, BYTES // bytes_of_one))
    where = np.sort(permute(np.arange(searched), len(source), "looked at"))
    train = embedded(space, source, where)
    found, distances = nearest(train, embedding(space, generated), min(NEIGHBOURS, searched))
    one = unit(space, train)
    held_out = None
    if run.samples.held_out is not source:
        others = run.samples.held_out
        some = permute(np.arange(min(GENERATED, len(others))), len(others), "report", "held out")
        held_out = float(np.median(nearest(train, embedded(space, others, some))[1])) / one
    neighbours = source.read(where[found[:SHOWN_SAMPLES]].reshape(-1))
    return NearestNeighbours(
        generated=generated[:SHOWN_SAMPLES],
        neighbours=neighbours.reshape(SHOWN_SAMPLES, -1, *neighbours.shape[1:]),
        distances=distances[:SHOWN_SAMPLES] / one,
        median=float(np.median(distances[:, 0])) / one,
        held_out=held_out,
        searched=searched,
    )


def some_conditions(samples: Dataset) -> NDArray[Any] | None:
    """What real samples are conditioned on, as often as in the data; None where it is nothing."""
    given, source = samples.condition, samples.source
    rows = permute(np.arange(min(GENERATED, len(source))), len(source), "report", "real")
    if given is not None:
        found = given.source.read(rows)
    elif source.labels is not None:
        found = source.labels[rows]
    else:
        return None
    return np.resize(found, (GENERATED, *found.shape[1:]))


def embedded(space: Space, source: Source, where: Indices) -> Floats:
    """The embedding of samples of a source, a few read at a time."""
    return np.concatenate([embedding(space, raw) for raw in chunks(source, where)])


def embedding(space: Space, raw: Raw) -> Floats:
    """The embedding of raw samples."""
    return space.embed(space.encode(raw))


def unit(space: Space, train: Floats) -> float:
    """What one unit of the distances shown is.

    Where numbers have bounds, distances are root mean squares over them, as a share of the range; elsewhere
    they are shares of the distance of two training samples (the root of its mean square).
    """
    if space.bounds is not None:
        low, high = space.bounds
        return float((high - low) * np.sqrt(train.shape[1]))
    return float(np.sqrt(2 * train.var(0).sum())) or 1.0


def section(run: Run, trained: Trained) -> Markup:
    """Generated samples, each above the training samples nearest to it, and what distances say."""
    found, space = compare(run, trained), run.space
    figures = [
        h(
            "figure",
            h("div", to_html(space, own[None]), class_="own"),
            [to_html(space, near[None]) for near in others],
            h("figcaption", share(distances[0])),
        )
        for own, others, distances in zip(found.generated, found.neighbours, found.distances, strict=True)
    ]
    return join(
        h("h3", "Nearest in the training data"),
        h("p", words(found, space), class_="soft"),
        h("div", figures, class_="near"),
    )


def words(found: NearestNeighbours, space: Space) -> str:
    """What the distances say, in words."""
    kind = modality_of(space).plural
    said = f"Among {found.searched:,} training {kind}, the nearest to a generated one is at "
    said += f"{share(found.median)} (median)"
    if found.held_out is not None:
        said += f"; to a real one that was not trained on, at {share(found.held_out)}. "
        said += "Much nearer than that would mean copies, or samples that hardly differ at all"
    said += ". Above the line a generated one, below it those nearest to it, and the distance to the first: "
    if space.bounds is not None:
        return said + "a root mean square, as a share of the whole range."
    return said + "100 % is how far apart two of the training data are (root mean square)."


def to_html(space: Space, raw: Raw) -> Markup:
    """Raw samples as people look at them; a large picture in fewer bytes."""
    found = space.html(raw)
    if len(found) <= LONGEST:
        return Markup(found)
    return image(space.render(raw), space.words, LONGEST // 2, 400)


def share(part: float) -> str:
    """A share of a unit, as a person reads it."""
    return f"{100 * part:.1f} %"
