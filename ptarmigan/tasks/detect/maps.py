"""Pictures of anomaly maps."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.media.files import create
from ptarmigan.media.pictures import picture as shown
from ptarmigan.tasks.detect.samples import Asked, TrainedDetector, chunks

USUAL, FULL = 0.99, 3.0
"""The share of pixels of normal images that stay as they are; how many times their limit is all red."""
LOOKED_AT = 256
"""Normal images by which the limit is found, at most."""
SIDE = 128
"""Pixels of a picture's shorter side, at least."""
RED = np.array([255.0, 40.0, 20.0])


def write_maps(detector: TrainedDetector, asked: Asked, learnt: Asked | None, out: Path) -> None:
    """Write a PNG for each image into a new folder: the image, and beside it in red where it is abnormal.

    All are on one scale: what stays grey is at most as abnormal as 99 in 100 pixels of the images that the
    run learnt from are; or where these are not here, of those that are asked about.

    Raises:
        ValueError: the run has no anomaly maps, or something is at ``out``.
    """
    known = learnt or asked
    some = np.linspace(0, known.n - 1, min(known.n, LOOKED_AT)).astype(np.int64)
    limit = max(float(np.quantile(detector.anomaly_maps(known.read(some)), USUAL)), 1e-12)
    with create(out) as draft:
        draft.mkdir()
        for chunk in chunks(asked.n):
            raw = asked.read(chunk)
            for i, pixels, scores in zip(chunk.tolist(), raw, detector.anomaly_maps(raw), strict=True):
                name = f"{i:06d}-{PurePosixPath(asked.name(i)).stem}.png"
                picture(pixels, scores / limit).save(draft / name)


def picture(pixels: NDArray[Any], scores: NDArray[np.float64]) -> Image.Image:
    """An image and its anomaly map, side by side: from 1, grey turns red."""
    colours = np.asarray(shown(pixels).convert("RGB"), np.float64)
    grey = colours.mean(2, keepdims=True)
    red = np.clip((scores - 1) / (FULL - 1), 0, 1)[:, :, None]
    both = np.concatenate([colours, (1 - red) * grey + red * RED], 1).round().astype(np.uint8)
    times = max(1, -(-SIDE // min(pixels.shape[:2])))
    return Image.fromarray(both.repeat(times, 0).repeat(times, 1))
