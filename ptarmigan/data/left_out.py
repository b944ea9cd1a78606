"""Which files of the data could not be used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from ptarmigan.data.samples import Samples, Source


@runtime_checkable
class Derived(Protocol):
    """A source that takes its samples from another one."""

    @property
    def source(self) -> Source:
        """The other one."""
        ...


@runtime_checkable
class Incomplete(Protocol):
    """A source that may have to leave files out."""

    @property
    def bad(self) -> Sequence[str]:
        """The files that were left out so far, each ``name: reason``."""
        ...


def left_out(samples: Samples) -> tuple[str, ...]:
    """The files that were left out, each ``name: reason``, up to now; held-out ones and conditions too."""
    given = samples.condition
    sources = [samples.source, samples.held_out]
    sources += [] if given is None else [given.source, given.held_out]
    whole = {id(source): source for source in map(origin, sources)}
    found = [file for source in whole.values() if isinstance(source, Incomplete) for file in source.bad]
    return tuple(dict.fromkeys([*(() if given is None else given.bad), *found]))


def origin(source: Source) -> Source:
    """What a source takes its samples from in the end."""
    while isinstance(source, Derived):
        source = source.source
    return source
