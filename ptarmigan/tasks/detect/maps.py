"""Pictures of anomaly maps."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.media.files import create
from ptarmigan.media.pictures import picture as shown
from ptarmigan.tasks.detect.samples import TestSamples, TrainedDetector, chunks

USUAL, FULL = 0.99, 3.0
"""The quantile of normal pixels below which nothing is coloured; how many times that value is fully red."""
NORMAL_IMAGES = 256
"""Normal images for that quantile, at most."""
SIDE = 128
"""Pixels of a picture's shorter side, at least."""
RED = np.array([255.0, 40.0, 20.0])


def write_maps(detector: TrainedDetector, test: TestSamples, train: TestSamples | None, out: Path) -> None:
    """Write a PNG for each image into a new folder: the image, and next to it its anomaly map in red.

    All are on one scale: pixels below the 99 % quantile of the training images (or where these are missing,
    of the test images) stay grey.

    Raises:
        ValueError: the run has no anomaly maps, or something is at ``out``.
    """
    known = train or test
    some = np.linspace(0, known.n - 1, min(known.n, NORMAL_IMAGES)).astype(np.int64)
    limit = max(float(np.quantile(detector.anomaly_maps(known.read(some)), USUAL)), 1e-12)
    with create(out) as draft:
        draft.mkdir()
        for chunk in chunks(test.n):
            raw = test.read(chunk)
            for i, pixels, scores in zip(chunk.tolist(), raw, detector.anomaly_maps(raw), strict=True):
                name = f"{i:06d}-{PurePosixPath(test.name(i)).stem}.png"
                picture(pixels, scores / limit).save(draft / name)


def picture(pixels: NDArray[Any], scores: NDArray[np.float64]) -> Image.Image:
    """An image and its anomaly map, side by side: from 1 on, grey turns red."""
    colours = np.asarray(shown(pixels).convert("RGB"), np.float64)
    grey = colours.mean(2, keepdims=True)
    red = np.clip((scores - 1) / (FULL - 1), 0, 1)[:, :, None]
    both = np.concatenate([colours, (1 - red) * grey + red * RED], 1).round().astype(np.uint8)
    times = max(1, -(-SIDE // min(pixels.shape[:2])))
    return Image.fromarray(both.repeat(times, 0).repeat(times, 1))
