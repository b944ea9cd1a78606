"""Images with classes, some of them rare, and a classifier of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.media.files import create
from ptarmigan.media.pictures import grid
from ptarmigan.media.png import png
from ptarmigan.modalities.image.augmentation import ImageAugmentation
from ptarmigan.modalities.image.classifier import BATCH, fitted
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.labelled import (
    SYNTHETIC,
    Codes,
    Floats,
    Labelled,
    Look,
    Method,
    neighbours,
    repeated,
)

PICTURES = 36
"""That are shown."""
JITTER = 8
"""Images are moved and enlarged by up to their longer side divided by this."""
STEPS = 500
"""Batches that a classifier learns from."""


def labelled(data: Any, out: Path, label: str, **options: Any) -> Labelled:
    """Images with classes; those that a set holds out are not looked at.

    Args:
        data: what ``Images`` takes.
        out: where all images will be written.
        label: nothing, as images have no columns.
        **options: of ``Images``.

    Raises:
        ValueError: they have no classes, or ``out`` is neither a folder nor an .npz.
    """
    if label:
        raise ValueError(
            f"--label is for rows of a table, and {data} holds images: they have classes by themselves"
        )
    if out.suffix.lower() not in ("", ".npz"):
        raise ValueError(f"--out {out}: images are written to a folder or an .npz")
    samples = Images(data, **options).open(batch=1)
    samples.require_classes()
    labels, space = samples.source.labels, samples.space
    assert labels is not None
    assert isinstance(space, ImageSpace)
    occur, c = np.unique(labels, return_inverse=True)
    names = tuple(space.classes[i] for i in occur)
    x = samples.source.read(np.arange(len(samples)))

    def write(more: NDArray[Any], codes: Codes, place: Path) -> None:
        synthetic = np.arange(len(more)) >= len(x)
        with create(place) as draft:
            if place.suffix:
                with open(draft, "wb") as file:
                    np.savez(file, x=more, y=np.array(names)[codes], synthetic=synthetic)
                return
            for i, (pixels, code, made) in enumerate(zip(more, codes, synthetic, strict=True)):
                folder = draft / names[code].replace(os.sep, "_")
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{SYNTHETIC if made else 'real'}-{i:06d}.png").write_bytes(png(pixels))

    def show(some: NDArray[Any]) -> Look:
        return grid(some[:PICTURES])

    return Labelled(x, c, names, ImageClassifier(space), write, show)


class ImageClassifier:
    """Images, told apart by a small convolutional network.

    Args:
        space: what they are.
        steps: batches that it learns from.
    """

    def __init__(self, space: ImageSpace, steps: int = STEPS) -> None:
        self.space, self.steps = space, steps

    def methods(self, seed: int) -> dict[str, Method]:
        """Nothing, weights, random oversampling, the same of images that are moved and SMOTE."""
        return {
            "nothing": Method(),
            "class weights": Method(weighted=True),
            "random oversampling": Method(repeated(seed)),
            "image augmentation": Method(repeated(seed), jittered=True),
            "SMOTE": Method(lambda x, c: self.smote(x, c, seed)),
        }

    def fit(
        self, x: Any, c: Codes, classes: int, *, weighted: bool, jittered: bool, seed: int
    ) -> Callable[[Any], Floats]:
        """A classifier of images."""
        names = tuple(map(str, range(classes)))
        space = replace(self.space, classes=names)
        source = ArraySource(x, c, names)
        augment = ImageAugmentation(jitter=max(x.shape[1:3]) // JITTER) if jittered else None
        counts = np.maximum(np.bincount(c, minlength=classes), 1)
        samples = Samples(source, space, batch=BATCH, seed=seed, augment=augment)
        weight = len(c) / (classes * counts) if weighted else None
        model = fitted(samples, steps=self.steps, weight=weight)
        return lambda asked: model.probabilities(model(asked))

    def smote(self, x: NDArray[Any], c: Codes, seed: int) -> tuple[NDArray[Any], Codes]:
        """SMOTE of pixels."""
        from imblearn.over_sampling import SMOTE

        flat = x.reshape(len(x), -1).astype(np.float32)
        more, labels = SMOTE(k_neighbors=neighbours(c), random_state=seed).fit_resample(flat, c)
        return np.rint(more).astype(x.dtype).reshape(-1, *x.shape[1:]), labels
