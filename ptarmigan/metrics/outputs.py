"""Measures of outputs against what they should be, one or several for each held-out input."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples, Source
from ptarmigan.metrics.measure import Measure, Reference, Scale
from ptarmigan.metrics.panel import Panel
from ptarmigan.metrics.request import Notify, ignore
from ptarmigan.metrics.view import View, raw_view


class OutputPanel(Panel):
    """Outputs in the order of the first held-out inputs, against their targets; a subclass has the baselines.

    Args:
        measures: of outputs and targets.
        samples: the real ones, with inputs.
        n: inputs.
        words: the protocol, to which the note of every scale is added.
        members: outputs for each input, one input after another.
        errors: whether standard errors and baselines are computed.
        notify: is called with a line on what is being computed.
    """

    def __init__(
        self,
        measures: Iterable[Measure],
        samples: Samples,
        n: int,
        words: str,
        *,
        members: int = 1,
        errors: bool = True,
        notify: Notify = ignore,
    ) -> None:
        self.samples, self.words, self.rows = samples, words, np.arange(n)
        targets = raw_view(samples.held_out.read(self.rows))
        reference = Reference(targets, targets, has_held_out=False, errors=errors)
        super().__init__(measures, reference, n * members, notify)

    @cached_property
    def inputs(self) -> NDArray[Any]:
        """Raw inputs, read when they are first needed."""
        return self.samples.require_condition().held_out.read(self.rows)

    @cached_property
    @abstractmethod
    def trivial(self) -> Mapping[str, View]:
        """What needs no network, by names."""

    def view(self, source: Source) -> View:
        """Outputs as they come."""
        return raw_view(source)

    def real(self, measure: Measure) -> tuple[Reference, View]:
        """The targets themselves."""
        return self.reference, self.reference.real

    def baselines(self, measure: Measure) -> Mapping[str, View]:
        """What needs no network, where errors are computed too."""
        return self.trivial if self.reference.errors else {}

    def protocol(self, measure: Measure, scale: Scale) -> str:
        """The protocol, and the note of the scale."""
        return f"{self.words}; {scale.note}"
