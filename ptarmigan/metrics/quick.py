"""The measures of training: of samples as they come, in features, against some real ones."""

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
from ptarmigan.metrics.view import Set, View, viewed

REFERENCE = 10_000
"""Real samples to compare with, at most, and the usual number of generated ones."""


class QuickPanel(Panel):
    """Measures ``n`` samples against at most 10,000 real ones.

    Args:
        features: what of a sample is looked at.
        samples: the real ones.
        measures: what is measured.
        n: how many samples are scored.

    Raises:
        ValueError: all real samples are the same.
    """

    def __init__(self, features: Features, samples: Samples, measures: Iterable[Measure], n: int) -> None:
        self.extractor, self.features, self.hash = features, features.name, features.hash
        self.apart = samples.held_out is not samples.source
        whole = some(features, samples.held_out, REFERENCE, "reference")
        if not (whole.features != whole.features[0]).any():
            raise ValueError("all real samples are the same: there is nothing to score against")
        super().__init__(measures, Reference(whole, whole, self.apart, errors=False), n)
        self.against, self.other = whole.part(slice(0, None, 2)), whole.part(slice(1, None, 2))
        if self.apart:
            self.against, self.other = whole, some(features, samples.source, n, "floor")

    def look(self, source: Source) -> View:
        """Samples in the order in which they come, with their features."""
        rows = np.arange(len(source))
        return viewed(self.extractor, Set(source, rows, ""), self.extractor(source.read(rows)))

    def real(self, measure: Measure) -> tuple[Reference, View]:
        """Training samples beside those held out; where none are, one half beside the other."""
        return Reference(self.against, self.against, self.apart, errors=False), self.other

    def protocol(self, measure: Measure, scale: Scale) -> str:
        """Features, counts, reference and note, in words, with what there is to doubt."""
        kind = (
            "held-out real samples" if self.apart else "the training samples themselves, as none are held out"
        )
        floor = "training samples" if self.apart else f"samples against the other {len(self.against):,}"
        real = self.reference.real.features
        doubt = too_few(min(self.n, len(real)), real.shape[1]) if measure.key == FRECHET.key else ""
        said = (
            f"features {self.features} ({self.hash}); {self.n:,} samples against {len(real):,} {kind}; "
            f"floor from {len(self.other):,} {floor}"
        )
        return "; ".join(filter(None, (said, doubt, scale.note)))


def some(features: Features, source: Source, n: int, name: str) -> View:
    """``n`` samples of ``source``, or all where there are fewer, with their features."""
    chosen = np.sort(permute(np.arange(min(n, len(source))), len(source), "score", name))
    return viewed(features, Set(source, chosen, name), extract(features, source, chosen))
