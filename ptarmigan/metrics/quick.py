"""The measures of training: of generated samples, in features, against some real ones."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Samples, Source
from ptarmigan.metrics.features import Features, extract
from ptarmigan.metrics.frechet import too_few
from ptarmigan.metrics.measure import Measure, Reference, Scale
from ptarmigan.metrics.measures import FRECHET
from ptarmigan.metrics.panel import Panel
from ptarmigan.metrics.view import Set, View, with_features

REFERENCE = 10_000
"""Real samples to compare with, at most, and the default number of generated ones."""


class QuickPanel(Panel):
    """Measures ``n`` samples against at most 10,000 real ones.

    Args:
        features: of the samples.
        samples: the real ones.
        measures: quick ones.
        n: how many samples are scored.

    Raises:
        ValueError: all real samples are the same.
    """

    def __init__(self, features: Features, samples: Samples, measures: Iterable[Measure], n: int) -> None:
        self.extractor, self.features, self.hash = features, features.name, features.hash
        self.has_held_out = samples.held_out is not samples.source
        whole = some(features, samples.held_out, REFERENCE, "reference")
        if not (whole.features != whole.features[0]).any():
            raise ValueError("all real samples are the same: there is nothing to score against")
        super().__init__(measures, Reference(whole, whole, self.has_held_out, errors=False), n)
        self.against, self.other = whole.part(slice(0, None, 2)), whole.part(slice(1, None, 2))
        if self.has_held_out:
            self.against, self.other = whole, some(features, samples.source, n, "floor")

    def view(self, source: Source) -> View:
        """Samples with their features, in the order in which they come."""
        rows = np.arange(len(source))
        return with_features(self.extractor, Set(source, rows, ""), self.extractor(source.read(rows)))

    def real(self, measure: Measure) -> tuple[Reference, View]:
        """Training samples against those held out; where none are, one half against the other."""
        return Reference(self.against, self.against, self.has_held_out, errors=False), self.other

    def protocol(self, measure: Measure, scale: Scale) -> str:
        """Features, counts, real reference, caveat and note, in words."""
        kind = (
            "held-out real samples"
            if self.has_held_out
            else "the training samples themselves, as none are held out"
        )
        floor = (
            "training samples" if self.has_held_out else f"samples against the other {len(self.against):,}"
        )
        real = self.reference.real.features
        caveat = too_few(min(self.n, len(real)), real.shape[1]) if measure.key == FRECHET.key else ""
        protocol = (
            f"features {self.features} ({self.hash}); {self.n:,} samples against {len(real):,} {kind}; "
            f"floor from {len(self.other):,} {floor}"
        )
        return "; ".join(filter(None, (protocol, caveat, scale.note)))


def some(features: Features, source: Source, n: int, name: str) -> View:
    """``n`` samples of ``source``, or all where there are fewer, with their features."""
    chosen = np.sort(permute(np.arange(min(n, len(source))), len(source), "score", name))
    return with_features(features, Set(source, chosen, name), extract(features, source, chosen))
