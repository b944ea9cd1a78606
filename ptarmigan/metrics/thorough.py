"""The measures of ``score``: of samples in features, independent of the samples' order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import ArraySource, Source
from ptarmigan.metrics.baselines import COPY, MIXTURE, gaussian_mixture, noisy_copy
from ptarmigan.metrics.classes import class_shares, missing_classes
from ptarmigan.metrics.features import ClassifierFeatures, Features
from ptarmigan.metrics.frechet import too_few
from ptarmigan.metrics.measure import Measure, Reference, Scale
from ptarmigan.metrics.measures import FRECHET, probabilities
from ptarmigan.metrics.panel import Panel
from ptarmigan.metrics.request import Notify, ignore
from ptarmigan.metrics.view import Set, View, compute_view

Baselines: TypeAlias = Mapping[str, Callable[[Set, int], NDArray[Any] | Source]]
"""Trivial generators by name: from training samples and a number to so many raw ones, some with classes."""
BASELINES: Baselines = {"Gaussian mixture": gaussian_mixture, "noisy copy": noisy_copy}
BASELINE_NAMES = f"{MIXTURE}, {COPY}"
LISTED = 10
"""Missing classes that a warning lists, at most."""


class ThoroughPanel(Panel):
    """Measures ``n`` samples against the same real ones, with errors and baselines.

    Args:
        features: of the samples.
        train: the training samples.
        held_out: other real samples, to compare with; ``train`` where there are none.
        measures: all that are wanted.
        n: how many samples are scored.
        what: the samples in words, such as "images of 28×28×1", for the protocol.
        conditional: whether the labels of generated samples are the classes that they were generated for.
        baselines: trivial generators to compare with.
        bounds: those of them that copy real samples, and need not be beaten.
        baseline_names: the baselines in words, for the protocol.
        notify: is called with a line on what is being computed.

    Raises:
        ValueError: there are no real samples, or they are all the same.
    """

    def __init__(
        self,
        features: Features,
        train: Source,
        held_out: Source,
        measures: Iterable[Measure],
        n: int,
        *,
        what: str,
        conditional: bool = False,
        baselines: Baselines = BASELINES,
        bounds: tuple[str, ...] = (),
        baseline_names: str = BASELINE_NAMES,
        notify: Notify = ignore,
    ) -> None:
        self.extractor, self.what, self.generators = features, what, baselines
        self.baseline_names, self.real_ones = baseline_names, bounds
        self.features, self.hash = features.name, features.hash
        self.has_held_out = held_out is not train
        notify(f"features of the real samples ({features.name})")
        self.held_out = compute_view(features, Set.of(held_out, None), keep=True)
        if not (self.held_out.features != self.held_out.features[0]).any():
            raise ValueError("all real samples are the same: there is nothing to score against")
        self.train = (
            compute_view(features, Set.of(train, None), keep=True) if self.has_held_out else self.held_out
        )
        super().__init__(
            measures, Reference(self.held_out, self.train, self.has_held_out, conditional), n, notify
        )

    @cached_property
    def baseline_views(self) -> dict[str, View]:
        """The samples of the trivial generators."""
        found = {}
        for name, generator in self.generators.items():
            self.notify(f"baseline: {name}")
            made = generator(self.train.set, self.n)
            source = ArraySource(made) if isinstance(made, np.ndarray) else made
            found[name] = compute_view(self.extractor, Set.of(source))
        return found

    def view(self, source: Source) -> View:
        """Samples with their features, in the order of their digests."""
        view = compute_view(self.extractor, Set.of(source))
        bad = int((~np.isfinite(view.features).all(axis=1)).sum())
        if bad:
            raise ValueError(f"{bad:,} of {self.n:,} samples are not finite, or their features are not")
        return view

    def real(self, measure: Measure) -> tuple[Reference, View]:
        """Training samples against those held out; where none are, one half against the other."""
        if self.has_held_out and not measure.of_training:
            return self.reference, self.train.part(slice(0, self.n))
        half, other = self.held_out.part(slice(0, None, 2)), self.held_out.part(slice(1, None, 2))
        return replace(self.reference, real=half, train=self.train if self.has_held_out else half), other

    def baselines(self, measure: Measure) -> Mapping[str, View]:
        """The samples of the trivial generators."""
        return self.baseline_views

    def bounds(self, measure: Measure) -> tuple[str, ...]:
        """Baselines that copy real samples; all, for measures of copying, which any bad sample passes."""
        return tuple(self.generators) if measure.of_training else self.real_ones

    def protocol(self, measure: Measure, scale: Scale) -> str:
        """Features, counts, reference and note, in words."""
        kind = "held-out real samples" if self.has_held_out else "real samples"
        _, other = self.real(measure)
        held = measure.of_training or not self.has_held_out
        floor = "of them against the others" if held else "training samples"
        protocol = (
            f"features {self.features} ({self.hash or 'unnamed'})",
            self.what,
            f"{self.n:,} samples against {len(self.held_out):,} {kind}",
            f"floor from {len(other):,} {floor}",
            f"baselines: {self.baseline_names}",
            measure.note(self.reference),
            scale.note,
        )
        return "; ".join(filter(None, protocol))

    def warnings(self, view: View) -> Iterable[str]:
        """Warnings of few samples, constant features and missing classes."""
        dimensions = self.held_out.features.shape[1]
        moments = any(measure.key == FRECHET.key for measure in self.measures)
        few = too_few(min(self.n, len(self.held_out)), dimensions)
        if few and moments:
            yield f"Fréchet distance: {few}"
        still = int((self.held_out.features == self.held_out.features[0]).all(axis=0).sum())
        if still and moments:
            yield f"{still} of {dimensions} features are the same for all real samples"
        if isinstance(self.extractor, ClassifierFeatures):
            real, fake = probabilities(self.held_out), probabilities(view)
            missing = missing_classes(class_shares(fake, real, self.extractor.classes))
            if missing:
                more = " …" if missing[LISTED:] else ""
                yield f"no sample is classified as {', '.join(missing[:LISTED])}{more}"
