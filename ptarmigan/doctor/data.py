"""Facts of the data before a run begins: many later faults show here already."""

from __future__ import annotations

import hashlib

import numpy as np

from ptarmigan.data.samples import Samples
from ptarmigan.doctor.features import Floats
from ptarmigan.doctor.history import UNCALIBRATED
from ptarmigan.doctor.ranges import EDGE, outside
from ptarmigan.doctor.real import Real
from ptarmigan.doctor.reference import LISTED, Groups
from ptarmigan.metrics.pairwise import squared_distances
from ptarmigan.modalities.registry import modality_of

NEIGHBOURS = 10
AGREED = 0.6
"""A sample is perhaps labelled wrongly when so many of its neighbours share another class than its own."""


def facts(samples: Samples, real: Real) -> dict[str, float]:
    """The data in numbers, by names that begin with ``data/``.

    Of all samples: ``samples``, ``held_out``, ``classes``, ``least_class`` and ``most_class`` (samples in
    them). Of those that the doctor looks at, as networks see them: ``looked_at``, ``low``, ``high``,
    ``mean``, ``std``, ``edge`` (the share of numbers at either end), ``constant_channels`` and
    ``duplicates`` (where samples do not repeat) and ``constant_samples`` (shares of samples), ``variety``
    (the effective number of as many as are looked at), ``agreement`` (the share whose nearest other sample
    has their class), ``chance`` (what that is when labels say nothing) and ``mislabelled`` (the share
    whose neighbours agree on another class), and ``share/3``, that of class or mode 3. What held-out samples
    look like against training samples is in ``real/...``; ``paired`` is 1 where each is learned with its
    input, and ``uncalibrated`` where no threshold was tuned on samples of this kind.

    Raises:
        ValueError: no modality has samples of this kind.
    """
    source, space = samples.source, samples.space
    x = real.encoded(source, real.rows[: max(1, len(real.train))]).float()
    flat = x.flatten(1)
    found: dict[str, float] = {
        "samples": len(source),
        "held_out": 0 if samples.held_out is source else len(samples.held_out),
        "looked_at": len(real.rows),
        "low": float(x.min()),
        "high": float(x.max()),
        "mean": float(x.mean()),
        "std": float(x.std(unbiased=False)),
    }
    if not modality_of(space).calibrated:
        found[UNCALIBRATED] = 1
    if not space.repeats:
        planes = space.planes(x)
        still = planes.amax((0, 2)) == planes.amin((0, 2))
        found |= {"constant_channels": float(still.sum()), "duplicates": duplicates(samples, real)}
    if samples.paired:
        found["paired"] = 1
    if space.bounds is not None:
        found["constant_samples"] = float((flat.amax(1) == flat.amin(1)).float().mean())
        found["edge"] = outside(x, space.bounds, -EDGE)
    if source.labels is not None and space.classes:
        sizes = np.bincount(source.labels, minlength=len(space.classes))
        found |= {"classes": len(sizes), "least_class": int(sizes.min()), "most_class": int(sizes.max())}
        found |= labels(real.reference.real, real.reference.group)
    found["variety"] = real.reference.vendi
    if real.reference.named and len(real.reference.shares) <= LISTED:
        found |= {f"share/{g}": float(share) for g, share in enumerate(real.reference.shares)}
    found |= {f"real/{name}": value for name, value in real.held_out_signs.items()}
    return {f"data/{k}": float(f"{v:.6g}") for k, v in found.items() if np.isfinite(v)}


def duplicates(samples: Samples, real: Real) -> float:
    """The share of samples that equal an earlier one in every number."""
    seen = {
        hashlib.blake2b(row.tobytes(), digest_size=16).digest()
        for part in np.array_split(real.rows, max(1, len(real.rows) // 64))
        for row in samples.source.read(part)
    }
    return 1 - len(seen) / len(real.rows)


def labels(at: Floats, group: Groups) -> dict[str, float]:
    """How far the labels of neighbours agree."""
    between = squared_distances(at, at)
    np.fill_diagonal(between, np.inf)
    count = min(NEIGHBOURS, len(at) - 1)
    if count < 1:
        return {}
    near = group[np.argsort(between, 1, kind="stable")[:, :count]]
    votes = np.stack([(near == g).mean(1) for g in range(int(group.max()) + 1)], 1)
    shares = np.bincount(group) / len(group)
    own = votes[np.arange(len(group)), group]
    return {
        "agreement": float((near[:, 0] == group).mean()),
        "chance": float((shares**2).sum()),
        "mislabelled": float(
            ((votes.max(1) >= AGREED) & (votes.argmax(1) != group) & (own < AGREED / 2)).mean()
        ),
    }
