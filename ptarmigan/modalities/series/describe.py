"""What series hold, for people."""

from __future__ import annotations

from dataclasses import replace

from ptarmigan.modalities.describe import describe_samples
from ptarmigan.modalities.modality import Description
from ptarmigan.modalities.series.source import Series
from ptarmigan.modalities.series.space import SeriesSpace


def describe_series(options: Series) -> Description:
    """Count, steps, channels by name, duplicates and range."""
    samples = options.open(batch=1)
    space = samples.space
    assert isinstance(space, SeriesSpace)
    found = replace(
        describe_samples(samples, "series"),
        sizes={f"{space.length} steps" + (" at most" if space.ends else ""): len(samples)},
        depth=f"{space.channels} ({', '.join(space.names)})",
        channel="channel",
    )
    return Description([*found.table(), *samples.understood], found.preview)
