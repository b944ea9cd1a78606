"""Images that a detector is asked about, and those that it learnt from."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray

from ptarmigan.data.left_out import left_out
from ptarmigan.data.part import Part
from ptarmigan.data.samples import Source
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.tasks.detect.samples import Asked, chunks
from ptarmigan.trained import Trained

NORMAL = ("good", "normal")
"""Names of the folder of what is normal; that of the MVTec sets is the first (Bergmann et al. 2019)."""
SIDE = 32
"""Pixels of a side, at most, of what detectors without a network see."""
FITTED = 2_000
"""Images that these are fitted to, at most."""


def images(trained: Trained, data: str) -> Asked:
    """The images of a folder, an archive or a file, in the size that the run was told.

    Where one of their folders is called as in ``NORMAL``, those of the others are abnormal.

    Raises:
        FileNotFoundError: there is nothing of that name.
        ValueError: these are no images like those of the run.
    """
    samples, space = trained.images(data), trained.space
    assert isinstance(space, ImageSpace)
    return asked(samples.source, space, left_out(samples))


def images_learnt(trained: Trained) -> Asked | None:
    """Images that a run was trained on, some of many, where they are still there; else None."""
    space, data = trained.space, trained.description["options"]["data"]
    assert isinstance(space, ImageSpace)
    if not isinstance(data, str):
        return None
    try:
        samples = trained.images(data)
    except (ValueError, OSError):
        return None
    some = np.linspace(0, len(samples) - 1, min(len(samples), FITTED)).astype(np.int64)
    return asked(Part(samples.source, some), space)


def asked(source: Source, space: ImageSpace, bad: tuple[str, ...] = ()) -> Asked:
    """The images of a source; the files that turned out damaged while they were read are left out."""
    vectors = np.concatenate([small(space, source.read(some)) for some in chunks(len(source))])
    files, lost = getattr(source, "files", None), tuple(getattr(source, "bad", ()))
    names = [str(i) if files is None else files.name(i) for i in range(len(source))]
    kept = np.array([i for i, name in enumerate(names) if not any(b.startswith(f"{name}: ") for b in lost)])
    labels, truth = source.labels, None
    normal = [source.classes.index(name) for name in NORMAL if name in source.classes]
    if labels is not None and normal:
        truth = ~np.isin(np.asarray(labels)[kept], normal)
    return Asked(
        "image" if files is None else "file",
        len(kept),
        lambda some: source.read(kept[some]),
        vectors[kept],
        lambda i: names[kept[i]],
        truth,
        tuple(dict.fromkeys([*bad, *lost])),
    )


def small(space: ImageSpace, raw: NDArray[Any]) -> NDArray[np.float64]:
    """Images as vectors, made smaller where they are large."""
    x = space.encode(raw)
    high, wide = (min(side, SIDE) for side in x.shape[2:])
    found: NDArray[np.float64] = F.adaptive_avg_pool2d(x, (high, wide)).flatten(1).double().numpy()
    return found
