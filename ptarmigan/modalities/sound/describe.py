"""What sounds hold, for people."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from ptarmigan.data.permutation import permute
from ptarmigan.modalities.describe import counted, describe_samples
from ptarmigan.modalities.modality import Description
from ptarmigan.modalities.sound.clips import Clips
from ptarmigan.modalities.sound.source import Sounds


def describe_sounds(options: Sounds) -> Description:
    """Count, rate, durations, classes, speakers, clipped recordings, bad files, and a picture of some."""
    samples = options.open(batch=1)
    space, source = samples.space, samples.source
    order = permute(np.arange(len(source)), len(source), "preview")
    found = replace(
        describe_samples(samples, "sounds"),
        sizes={
            f"{space.length:,} samples at {space.rate:,} Hz ({space.length / space.rate:.2f} s)": len(source)
        },
        constant=(),
        preview=space.render(source.read(order[: space.shown])),
    )
    lines = found.table()
    return Description(
        [*lines, *beside(source, space.rate)] if isinstance(source, Clips) else lines, found.preview
    )


def beside(source: Clips, rate: int) -> list[str]:
    """Lines about recordings, which a clip may be a part of."""
    seconds = source.decoded.lengths / rate
    span = f"{seconds.min():.2f} to {seconds.max():.2f} s, {seconds.sum() / 60:.1f} min in all"
    rows = [
        ("recordings", f"{len(seconds):,}, of {span}"),
        ("speakers", counted(dict(Counter(source.speakers).most_common())) if source.speakers else ""),
        (
            "clipped",
            f"{source.decoded.clipped:,} recordings are too loud for their range"
            if source.decoded.clipped
            else "",
        ),
    ]
    return [f"{name:<12}{value}" for name, value in rows if value]
