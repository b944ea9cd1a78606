"""Test samples in files, such as images, and the training samples of a detector."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray

from ptarmigan.data.left_out import left_out
from ptarmigan.data.part import Part
from ptarmigan.data.samples import Source
from ptarmigan.data.space import Space
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.tasks.detect.samples import TestSamples, TrainedDetector, chunks, training_samples

NORMAL = ("good", "normal")
"""Names of the folder of normal samples; the first is that of MVTec AD (Bergmann et al. 2019)."""
SIDE = 32
"""Pixels of a side, at most, of images for the baselines."""
FITTED = 2_000
"""Images that the baselines are fitted to, at most."""


def files(detector: TrainedDetector, data: str) -> TestSamples:
    """The samples of a folder, an archive or a file, read with the options of the run.

    Where one of their folders is named as in ``NORMAL``, those in the others are anomalies.

    Raises:
        FileNotFoundError: there is nothing of that name.
        ValueError: they have another form than those of the run.
    """
    samples = detector.open(data)
    return from_source(samples.source, detector.space, left_out(samples))


def training_files(detector: TrainedDetector) -> TestSamples | None:
    """Some of the training samples of a run; None where they are missing or have changed."""
    samples = training_samples(detector)
    if samples is None:
        return None
    some = np.linspace(0, len(samples) - 1, min(len(samples), FITTED)).astype(np.int64)
    return from_source(Part(samples.source, some), detector.space)


def from_source(source: Source, space: Space, bad: tuple[str, ...] = ()) -> TestSamples:
    """The samples of a source without damaged files."""
    vectors = np.concatenate([vectors_of(space, source.read(some)) for some in chunks(len(source))])
    files, lost = getattr(source, "files", None), tuple(getattr(source, "bad", ()))
    names = [str(i) if files is None else files.name(i) for i in range(len(source))]
    kept = np.array([i for i, name in enumerate(names) if not any(b.startswith(f"{name}: ") for b in lost)])
    labels, truth = source.labels, None
    normal = [source.classes.index(name) for name in NORMAL if name in source.classes]
    if labels is not None and normal:
        truth = ~np.isin(np.asarray(labels)[kept], normal)
    one = "image" if isinstance(space, ImageSpace) else "sample"
    return TestSamples(
        one if files is None else "file",
        len(kept),
        lambda some: source.read(kept[some]),
        vectors[kept],
        lambda i: names[kept[i]],
        truth,
        tuple(dict.fromkeys([*bad, *lost])),
    )


def vectors_of(space: Space, raw: NDArray[Any]) -> NDArray[np.float64]:
    """Samples as vectors: the pixels of downsampled images, or embeddings."""
    x = space.encode(raw)
    if not isinstance(space, ImageSpace):
        return space.embed(x)
    high, wide = (min(side, SIDE) for side in x.shape[2:])
    found: NDArray[np.float64] = F.adaptive_avg_pool2d(x, (high, wide)).flatten(1).double().numpy()
    return found
