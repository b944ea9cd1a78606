"""Two sources of samples: their common kind, and how both are opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.modality import Modality
from ptarmigan.modalities.recognise import Recognised, called, recognise
from ptarmigan.modalities.registry import modalities, modality_of


def recognise_both(real: Any, fake: Any, kind: str = "") -> Recognised:
    """Recognise the kind of both sources.

    Args:
        real: the real samples.
        fake: the others.
        kind: the modality's name, if given.

    Raises:
        FileNotFoundError: there is nothing of that name.
        ValueError: no modality takes one of them, or several do, or they are of different kinds.
    """
    first, second = (recognise_source(data, kind) for data in (real, fake))
    if first.modality.name != second.modality.name:
        raise ValueError(
            f"{called(real)} ({first.line}) cannot be compared with {called(fake)} ({second.line}): say with "
            "--kind if both are of one kind"
        )
    return first


def recognise_source(data: Any, kind: str) -> Recognised:
    """Recognise the kind of a source; that of open samples is known."""
    if isinstance(data, Samples):
        return Recognised(modality_of(data.space), data.space.words)
    return recognise(data, kind)


def check_options(kind: Modality, given: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    """The options that are given; this kind of data must have them.

    Args:
        kind: of data.
        given: options by name; empty ones are not given.
        known: those that this kind has.

    Raises:
        ValueError: one is given that it does not have.
    """
    found = {name: value for name, value in given.items() if is_given(value)}
    for name in found:
        if name not in known:
            others = [m.plural for m in modalities() if m.takes and name in (*m.option_names, *m.scored_by)]
            option = name.replace("_", "-")
            raise ValueError(f"--{option} is for {in_words(others)}, and these are {kind.plural}")
    return found


def in_words(names: list[str]) -> str:
    """``fields, images and videos``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def is_given(value: Any) -> bool:
    """Whether an option is not empty; a frame or an array is not."""
    return value is not None and not (isinstance(value, str | int | tuple) and not value)


def evaluator_of(
    kind: Modality, real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """The evaluator of one source beside another, and the raw samples that it is to score.

    Raises:
        FileNotFoundError: there is nothing of a name.
        ValueError: something cannot be read, or the two are not of one form.
    """
    if kind.between is not None:
        return kind.between(real, fake, request, options)
    known, others = (open_samples(kind, data, options) for data in (real, fake))
    if reason := known.space.same_form(others.space):
        raise ValueError(reason)
    n = request.count(len(others.source))
    return kind.evaluator(known, replace(request, n=n)), others.source.read(np.arange(n))


def open_samples(kind: Modality, data: Any, options: Mapping[str, Any]) -> Samples:
    """Open a source."""
    return data if isinstance(data, Samples) else kind.options(data, **options).open(batch=1)
