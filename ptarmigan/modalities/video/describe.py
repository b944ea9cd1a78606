"""What videos hold, for people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.describe import describe_samples
from ptarmigan.modalities.modality import Description
from ptarmigan.modalities.video.clips import Clips
from ptarmigan.modalities.video.source import Videos

SHOWN = 24


def describe_videos(options: Videos) -> Description:
    """Count, size, rate, lengths, classes, bad files, whether they move, and strips of some."""
    samples = options.open(batch=1)
    space, source = samples.space, samples.source
    order = permute(np.arange(len(source)), len(source), "preview")
    found = replace(
        describe_samples(samples, "videos"),
        sizes={f"{space.height} × {space.width}, {space.frames_each} frames a clip": len(source)},
        depth="grey" if space.channels == 1 else "RGB",
        constant=(),
        preview=space.render(source.read(order[:SHOWN])),
    )
    lines = found.table()
    return Description([*lines, *beside(samples)], found.preview)


def beside(samples: Samples) -> list[str]:
    """Lines about recordings, of which clips are windows, and about motion."""
    source = samples.source
    some = source.read(permute(np.arange(min(256, len(source))), len(source), "motion")).astype(np.float32)
    change = np.abs(np.diff(some, axis=1))
    rows = [("moving", f"{(change > 20).mean():.1%} of the values change by more than 20 levels a frame")]
    if isinstance(source, Clips):
        lengths = source.decoded.lengths
        rows.append(
            ("recordings", f"of {lengths.min():,} to {lengths.max():,} frames, {lengths.sum():,} in all")
        )
    return [f"{name:<12}{value}" for name, value in rows]
