"""Descriptions of the data of a translation."""

from __future__ import annotations

from typing import Any

from ptarmigan.data.left_out import left_out
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.modalities.describe import listed
from ptarmigan.modalities.image.describe import WORDS
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.modalities.modality import Description
from ptarmigan.modalities.recognise import warn_of_namesake
from ptarmigan.tasks.translate.show import some_pairs
from ptarmigan.tasks.translate.source import Pairs


def describe_pairs(data: str, **how: Any) -> Description:
    """Describe a source as the data of a translation; ``how`` has the options of ``Pairs``.

    Raises:
        FileNotFoundError: there is nothing of that name.
        ValueError: it cannot be read as pictures to translate.
    """
    warn_of_namesake(data)
    samples = Pairs(data, **how).open(batch=1, paired=False)
    return Description(described_pairs(samples), some_pairs(samples))


def described_pairs(samples: Samples) -> list[str]:
    """Describe samples with inputs, as lines of text."""
    given, bad = samples.require_condition(), left_out(samples)
    count = f"{len(samples):,} and {len(samples.held_out):,} held out"
    if not given.matched:
        ours = f"{len(given.source):,} of A and {len(samples):,} of B"
        count = f"none: {ours}, and {len(given.held_out):,} and {len(samples.held_out):,} held out"
    rows = [
        ("A", _said(given.space)),
        ("B", _said(samples.space)),
        ("pairs", count),
        ("left out", f"{len(bad):,}" if bad else "none"),
    ]
    return [f"{name:<12}{value}" for name, value in rows] + listed(bad)


def _said(space: Space) -> str:
    size = " × ".join(map(str, space.shape[1:]))
    if isinstance(space, LabelSpace):
        return f"label maps of {space.labels} classes, {size}" + ("" if space.void is None else ", and void")
    bits = f", {space.bits} bits each" if isinstance(space, ImageSpace) else ""
    return f"images, {size}, {space.shape[0]} ({WORDS[space.shape[0]]}){bits}"
