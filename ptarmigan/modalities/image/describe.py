"""What a source of images holds, as a table for people and one picture."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.archives import container
from ptarmigan.data.in_order import in_order
from ptarmigan.data.permutation import Indices, permute
from ptarmigan.data.samples import Samples, Source
from ptarmigan.media.pictures import grid
from ptarmigan.modalities.describe import Census, describe_samples
from ptarmigan.modalities.image.decode import MOST_BYTES, header
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.splits import Files, organised

WORDS = {1: "grey", 2: "grey and alpha", 3: "RGB", 4: "RGBA"}
COLUMNS, ROWS = 10, 10


def describe(data: Images | Samples | str) -> Census:
    """What a source holds: images by name or path, images and their size, or opened samples.

    Image files of several sizes are described too, which is more than can be learned from: their sizes are
    counted, and the rest is said of them as cut to the most common one.

    Raises:
        FileNotFoundError: there is nothing of that name.
        ValueError: it cannot be read; the message says why.
    """
    if isinstance(data, Samples):
        return describe_images(data)
    images = Images(data) if isinstance(data, str) else data
    text = str(images.data) if isinstance(images.data, str | Path) else ""
    try:
        return describe_images(images.open(batch=1))
    except ValueError:
        sizes = {} if images.size else _sizes(text)
        if len(sizes) < 2:
            raise
    common = next(iter(sizes)).replace(" ", "")
    described = describe_images(replace(images, size=common, crop=True).open(batch=1))
    return replace(described, sizes=sizes)


def describe_images(samples: Samples) -> Census:
    """What opened images are, with a picture of a row a class where they are labelled."""
    space = samples.space
    assert isinstance(space, ImageSpace)
    return replace(
        describe_samples(samples, "images"),
        sizes={f"{space.height} × {space.width}": len(samples)},
        bits=space.bits,
        depth=f"{space.channels} ({WORDS[space.channels]}), {space.bits} bits each",
        channel="channel",
        preview=preview(samples.source),
    )


def _sizes(text: str) -> dict[str, int]:
    """How many of the image files below a path have which size, by their headers; the most common first."""
    try:
        found = container(text)
        if found is None:
            return {}
        files, _ = organised(found)
    except ValueError:  # whoever opens it says why
        return {}
    counts: Counter[str] = Counter()
    for sizes in in_order(
        lambda a, b: [_size(files, i) for i in range(a, b)], len(files), "Looking at images"
    ):
        counts.update(size for size in sizes if size)
    return dict(counts.most_common())


def _size(files: Files, place: int) -> str | None:
    container, i = files.container, int(files.members[place])
    if container.sizes[i] > MOST_BYTES:
        return None
    try:
        height, width, _, _ = header(container.read(i))
    except (OSError, ValueError):  # bad files are named elsewhere
        return None
    return f"{height} × {width}"


def preview(source: Source) -> Image.Image:
    """Some of the samples as one picture: a row a class for labelled images, else a mixture."""
    order = permute(np.arange(len(source)), len(source), "preview")
    if source.labels is None:
        return grid(source.read(order[: ROWS * COLUMNS]))
    rows = [_row(source, order[source.labels[order] == c]) for c in range(min(len(source.classes), ROWS))]
    return grid(np.concatenate(rows), columns=COLUMNS)


def _row(source: Source, indices: Indices) -> NDArray[Any]:
    """Images of one class; black ones fill the row where there are too few."""
    chosen = indices[:COLUMNS]
    raw = source.read(chosen if len(chosen) else np.zeros(1, np.int64))
    row = np.zeros((COLUMNS, *raw.shape[1:]), raw.dtype)
    row[: len(chosen)] = raw[: len(chosen)]
    return row
