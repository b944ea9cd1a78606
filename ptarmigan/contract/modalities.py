"""The contract of modalities, one clause a function; ``ptarmigan check --modality`` runs it.

A modality is tested with its own example, a small source that it writes itself.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan import zoo
from ptarmigan.contract.recipes import Broken
from ptarmigan.core.errors import one_line
from ptarmigan.data.blank import Blank
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.modalities.modality import Modality
from ptarmigan.modalities.registry import from_json, modalities, modality_of

FEW = 8
"""Samples that are tested."""
TOLERANCE = 1e-4
"""The tolerance of decoded samples, in units of their range."""


def clauses(modality: Modality) -> Iterator[tuple[str, str | None]]:
    """Every clause in words, with what is wrong or None."""
    for clause in CLAUSES:
        words = (clause.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        try:
            clause(modality)
        except Broken as broken:
            yield words, str(broken)
        except Exception as error:  # a plug-in may raise anything
            yield words, f"{type(error).__name__}: {one_line(error)}"
        else:
            yield words, None


def named(modality: Modality) -> None:
    """It has a name, a plural, and options of which the first is ``data``."""
    if not modality.name.isidentifier() or not modality.plural:
        raise Broken(f"the name {modality.name!r} is no word, or there is no plural")
    options: Any = modality.options
    if not is_dataclass(options) or fields(options)[0].name != "data":
        raise Broken("its options are not a dataclass whose first field is data")


def recognised(modality: Modality) -> None:
    """It recognises its own example, and no other modality's."""
    for other in modalities():
        with tempfile.TemporaryDirectory() as place:
            reason = modality.recognise(other.example(Path(place)))
        if other.name == modality.name and not reason and modality.takes:
            raise Broken("it does not recognise its own example")
        if other.name != modality.name and reason and other.takes:
            raise Broken(f"it recognises the example of {other.name} as its own ({reason})")


def nothing_is_recognised(modality: Modality) -> None:
    """It recognises neither a missing file nor a file of noise."""
    with tempfile.TemporaryDirectory() as place:
        noise = Path(place, "noise.bin")
        noise.write_bytes(np.random.default_rng(0).bytes(1000))
        for data in (noise, Path(place, "nowhere"), None, 3):
            if modality.recognise(data):
                raise Broken(f"it recognises {data} as its own")


def opens(modality: Modality) -> None:
    """Its example opens in its own space, in batches that are finite and have the space's shape."""
    samples = opened(modality)
    if type(samples.space) is not modality.space or modality_of(samples.space).name != modality.name:
        raise Broken(f"the space is a {type(samples.space).__name__}, not a {modality.space.__name__}")
    x = samples.draw(0).x
    samples.close()
    if tuple(x.shape[1:]) != samples.space.shape or not torch.isfinite(x).all():
        raise Broken(f"a batch has the shape {tuple(x.shape)}, or is not finite")


def opens_without_samples(modality: Modality) -> None:
    """It opens a ``Blank``: networks are rebuilt where the data is not."""
    space = opened(modality).space
    blank = modality.options(Blank(space)).open(batch=2)
    if blank.space != space or len(blank) != 0:
        raise Broken("a Blank opens in another space, or with samples")


def decodes(modality: Modality) -> None:
    """Decoding inverts encoding."""
    samples = opened(modality)
    raw = few(samples)
    again = samples.space.decode(samples.space.encode(raw))
    if again.shape != raw.shape or again.dtype != raw.dtype:
        raise Broken(f"{raw.dtype}{raw.shape} are decoded as {again.dtype}{again.shape}")
    if not alike(raw, again):
        raise Broken("decoded numbers differ")


def kept_as_json(modality: Modality) -> None:
    """Its space is the same after JSON and back."""
    space = opened(modality).space
    if from_json(json.loads(json.dumps(space.to_json()))) != space:
        raise Broken("the space from JSON is another one")
    if space.same_form(space):
        raise Broken(f"a space does not have its own form: {space.same_form(space)}")


def presented(modality: Modality) -> None:
    """Samples are drawn, written in HTML, and described in words."""
    samples = opened(modality)
    raw = few(samples)
    for picture in (samples.space.render(raw), samples.space.render(raw, raw)):
        if min(picture.size) < 2:
            raise Broken("the picture of samples is empty")
    if "<" not in samples.space.html(raw):
        raise Broken("samples have no HTML")
    with tempfile.TemporaryDirectory() as place:
        description = modality.describe(modality.options(modality.example(Path(place))))
    if not description.lines or not samples.space.words:
        raise Broken("it has no words")


def embedded(modality: Modality) -> None:
    """The embedding is finite, equal for equal samples, and different for others."""
    samples = opened(modality)
    x = samples.space.encode(few(samples))
    found = samples.space.embed(x)
    if found.ndim != 2 or len(found) != len(x) or not np.isfinite(found).all():
        raise Broken(f"the embedding of {len(x)} samples is {found.shape}, or not finite")
    if not np.array_equal(found, samples.space.embed(x.clone())):
        raise Broken("equal samples have different embeddings")
    if len(np.unique(found, axis=0)) < 2:
        raise Broken("all samples have one embedding")
    planes = samples.space.planes(x)
    if planes.ndim != 3 or len(planes) != len(x):
        raise Broken(f"planes are {tuple(planes.shape)}, not (n, channels, places)")


def saved(modality: Modality) -> None:
    """A folder of samples written in parts is the same as one written at once."""
    samples = opened(modality)
    raw = few(samples)
    with tempfile.TemporaryDirectory() as place:
        whole, parts = Path(place, "whole"), Path(place, "parts")
        samples.space.save(raw, whole)
        samples.space.save(raw[:3], parts)
        samples.space.save(raw[3:], parts, 3)
        first, second = ({p.name: p.read_bytes() for p in f.iterdir()} for f in (whole, parts))
    if not first or first != second:
        raise Broken("files differ when samples are written in parts, or there are none")


def trains(modality: Modality) -> None:
    """Its default recipe trains on its example, and its recipes are in the zoo."""
    if not modality.recipe:
        return
    if modality.recipe not in zoo.names():
        raise Broken(f"its default recipe {modality.recipe} is not in the zoo")


CLAUSES: tuple[Callable[[Modality], None], ...] = (
    named,
    recognised,
    nothing_is_recognised,
    opens,
    opens_without_samples,
    decodes,
    kept_as_json,
    presented,
    embedded,
    saved,
    trains,
)


def opened(modality: Modality) -> Samples:
    """The samples of the modality's example, read before it is removed."""
    with tempfile.TemporaryDirectory() as place:
        samples = modality.options(modality.example(Path(place))).open(batch=4)
        raw = samples.source.read(np.arange(min(FEW, len(samples))))
    return Samples(ArraySource(raw), samples.space, batch=4)


def few(samples: Samples) -> NDArray[Any]:
    """A few raw samples."""
    return samples.source.read(np.arange(min(FEW, len(samples))))


def alike(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether numbers are equal up to rounding; missing ones are missing in both."""
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    span = max(float(np.nanmax(first) - np.nanmin(first)), 1e-12)
    return bool(np.allclose(first, second, rtol=TOLERANCE, atol=TOLERANCE * span, equal_nan=True))
