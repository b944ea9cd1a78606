"""What gridded data hold, for people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ptarmigan.data.permutation import permute
from ptarmigan.modalities.describe import describe_samples
from ptarmigan.modalities.field.grid import Grid
from ptarmigan.modalities.field.source import Fields
from ptarmigan.modalities.modality import Description


def describe_fields(options: Fields) -> Description:
    """Events, times, the grid, variables with ranges and what is missing; patches, and maps of some."""
    samples, events = options.open(batch=1), options.events()
    space, source = samples.space, samples.source
    order = permute(np.arange(len(source)), len(source), "preview")
    found = replace(
        describe_samples(samples, "patches of fields"),
        sizes={space.words: len(source)},
        constant=(),
        preview=space.render(source.read(order[: space.shown])),
    )
    return Description([*found.table(), *about_events(events, space.step)], found.preview)


def about_events(events: list[Grid], step: float) -> list[str]:
    """Lines about the events that patches are cut out of."""
    first = events[0]
    times = [len(event.time) for event in events]
    every = f", every {step / 60:g} min" if step and first.time_units else ""
    rows, columns = first.values.shape[-2:]
    lines = [
        f"{'events':<12}{len(events):,}, of {min(times)} to {max(times)} times{every}",
        f"{'grid':<12}{rows} × {columns} cells",
    ]
    for i, named in enumerate(first.variables):
        values = np.concatenate([event.values[:, i].ravel() for event in events])
        there = values[np.isfinite(values)]
        missing = 1 - len(there) / len(values)
        said = f"{named.name} {f'({named.units})' if named.units else ''}: {there.min():g} to {there.max():g}"
        zeros = float((there == 0).mean())
        lines.append(
            f"{'variable':<12}{said}"
            + f", {missing:.1%} missing" * (missing > 0)
            + f", {zeros:.0%} are 0" * (zeros > 0)
        )
    return lines
