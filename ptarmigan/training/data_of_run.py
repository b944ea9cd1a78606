"""Which data a run was trained on: known by what they hold, wherever they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ptarmigan.data.fingerprint import Fingerprint, by_samples, fingerprint
from ptarmigan.data.known import DATA, as_plain, difference
from ptarmigan.modalities.recognise import is_set, warn_of_namesake
from ptarmigan.training.run import Run

NOT_CHECKED = "the data give other samples each time they are read: whether they are the same is not checked"


def known_data(run: Run) -> Fingerprint:
    """The fingerprint of a run's data: of what its recipe was given, or of samples in place of these."""
    built = run.built
    if built is None or built.samples is not run.samples or DATA not in built.options:
        return by_samples(run.samples)
    data = built.options[DATA]
    warn_of_namesake(data)
    return fingerprint(data, run.samples, named=is_set(data))


def changed(description: Mapping[str, Any], run: Run) -> str:
    """That the data of a run, opened again, are not those that it was trained on; else empty."""
    before = description.get(DATA)
    if before is None:
        return ""
    now = as_plain(known_data(run))
    found = difference(before, now)
    return found and f"the data are not those that the run was trained on: {found}"
