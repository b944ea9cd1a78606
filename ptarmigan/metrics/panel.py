"""The judge: every measure of a set of samples, beside what real samples and trivial generators score."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.mixture import Mixture
from ptarmigan.data.samples import ArraySource, Source
from ptarmigan.metrics.baselines import COPY, MIXTURE, gaussian_mixture, noisy_copy
from ptarmigan.metrics.classes import class_shares, missing_classes
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.features import Features, Telling
from ptarmigan.metrics.frechet import too_few
from ptarmigan.metrics.measures import Measure, Reference, Scale, told
from ptarmigan.metrics.view import Set, View, look
from ptarmigan.modalities.image.stacked_modes import StackedModes

Trivial: TypeAlias = Mapping[str, Callable[[Set, int], NDArray[Any]]]
"""Generators that nobody needs a GAN for, by name: training samples, and how many are wanted, to raw ones."""
TRIVIAL: Trivial = {"Gaussian mixture": gaussian_mixture, "noisy copy": noisy_copy}
NAMED = 10
"""Missing classes that a warning names."""
SAYING_NOTHING: Callable[[str], None] = lambda words: None


@dataclass(frozen=True)
class Score:
    """One number of a set of samples, and what it is worth.

    Attributes:
        scale: what was measured, in what unit, which way is better.
        value: the number and its standard error.
        floor: what real samples score; None where that cannot be said.
        baselines: what trivial generators score.
        protocol: all that must be equal for two numbers to be comparable, in words.
        bounds: baselines that are made of real samples, and are no rivals.
    """

    scale: Scale
    value: Estimate
    floor: float | None
    baselines: dict[str, float]
    protocol: str
    bounds: tuple[str, ...] = ()

    @property
    def beaten_by(self) -> tuple[str, ...]:
        """The trivial generators that score better, by more than the error; none where real is no better."""
        sign = 1 if self.scale.lower_is_better else -1
        margin = 2 * self.value.error if math.isfinite(self.value.error) else 0.0
        if self.floor is not None and sign * (self.value.value - self.floor) <= 0:
            return ()
        return tuple(
            name
            for name, other in self.baselines.items()
            if name not in self.bounds and sign * (self.value.value - other) > margin
        )


@dataclass(frozen=True)
class Verdict:
    """All scores of a set, and what has to be said beside them."""

    scores: tuple[Score, ...]
    warnings: tuple[str, ...]


class Panel:
    """Judges sets of ``n`` samples against the same real ones.

    Args:
        features: what of a sample is looked at.
        train: the real samples that were learnt from.
        held_out: other real samples, to compare with; ``train`` where there are none.
        measures: what is measured.
        n: how many samples are judged.
        what: the samples in words, such as "images of 28×28×1", for the protocol.
        mixture: what the real samples were drawn from, where that is known.
        stacks: counts the modes of raw samples, where these are stacked digits.
        asked: whether the labels of what is judged are the classes that it was asked to be.
        trivial: generators to compare with.
        bounds: those of them that give real samples back, and are no rivals.
        beside: how these came about, in words.
        tell: is told what is being done, as it takes a while.

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
        mixture: Mixture | None = None,
        stacks: Callable[[NDArray[Any]], StackedModes] | None = None,
        asked: bool = False,
        trivial: Trivial = TRIVIAL,
        bounds: tuple[str, ...] = (),
        beside: str = f"{MIXTURE}, {COPY}",
        tell: Callable[[str], None] = SAYING_NOTHING,
    ) -> None:
        self.features, self.n, self.what, self.tell = features, n, what, tell
        self.generators, self.bounds, self.beside = trivial, bounds, beside
        self.apart = held_out is not train
        tell(f"features of the real samples ({features.name})")
        self.real = look(features, Set.of(held_out, None), keep=True)
        if not (self.real.features != self.real.features[0]).any():
            raise ValueError("all real samples are the same: there is nothing to score against")
        self.train = self.real
        if self.apart:
            self.train = look(features, Set.of(train, None), keep=True)
        self.reference = Reference(self.real, self.train, self.apart, mixture, stacks, asked)
        self.measures = tuple(m for m in measures if not m.unfit(self.reference))

    @cached_property
    def trivial(self) -> dict[str, View]:
        """What the trivial generators make."""
        made = {}
        for name, generator in self.generators.items():
            self.tell(f"baseline: {name}")
            raw = generator(self.train.set, self.n)
            made[name] = look(self.features, Set.of(ArraySource(raw)))
        return made

    def real_ones(self, measure: Measure) -> tuple[Reference, View]:
        """Real samples to compare with, and others that are compared with them."""
        if self.apart and not measure.of_training:
            return self.reference, self.train.part(slice(0, self.n))
        half, other = self.real.part(slice(0, None, 2)), self.real.part(slice(1, None, 2))
        return replace(self.reference, real=half, train=self.train if self.apart else half), other

    def judge(self, fake: Source) -> Verdict:
        """The scores of ``fake``.

        Raises:
            ValueError: there are not ``n`` samples.
        """
        if len(fake) != self.n:
            raise ValueError(f"this judge was made for {self.n:,} samples and was given {len(fake):,}")
        self.tell("features of the generated samples")
        view = look(self.features, Set.of(fake))
        bad = int((~np.isfinite(view.features).all(axis=1)).sum())
        if bad:
            raise ValueError(f"{bad:,} of {self.n:,} samples are not finite, or their features are not")
        scores: list[Score] = []
        warnings = list(self._warnings(view))
        for measure in self.measures:
            try:
                scores += self._measured(measure, view)
            except ValueError as error:  # such as too few samples for this one
                warnings.append(f"{measure.scales[0].name}: not measured, as {error}")
        return Verdict(tuple(scores), tuple(warnings))

    def _measured(self, measure: Measure, view: View) -> list[Score]:
        self.tell(", ".join(scale.name for scale in measure.scales))
        against = measure.against(self.reference)
        values = against(view)
        baselines = {name: against(made) for name, made in self.trivial.items()}
        reference, other = self.real_ones(measure)
        floors = (against if reference is self.reference else measure.against(reference))(other)
        return [
            Score(
                scale,
                values[i],
                floors[i].value,
                {name: found[i].value for name, found in baselines.items()},
                self.protocol(measure, scale),
                tuple(baselines) if measure.of_training else self.bounds,  # far from it is easy
            )
            for i, scale in enumerate(measure.scales)
        ]

    def protocol(self, measure: Measure, scale: Scale) -> str:
        """Features, counts, reference and note, in words."""
        kind = "held-out real samples" if self.apart else "real samples"
        _, other = self.real_ones(measure)
        held = measure.of_training or not self.apart
        floor = "of them against the others" if held else "training samples"
        said = (
            f"features {self.features.name} ({self.features.hash or 'unnamed'})",
            self.what,
            f"{self.n:,} samples against {len(self.real):,} {kind}",
            f"floor from {len(other):,} {floor}",
            f"baselines: {self.beside}",
            scale.note,
        )
        return "; ".join(filter(None, said))

    def _warnings(self, view: View) -> Iterable[str]:
        dimensions = self.real.features.shape[1]
        moments = any(measure.key == "frechet" for measure in self.measures)
        few = too_few(min(self.n, len(self.real)), dimensions)
        if few and moments:
            yield f"Fréchet distance: {few}"
        still = int((self.real.features == self.real.features[0]).all(axis=0).sum())
        if still and moments:
            yield f"{still} of {dimensions} features are the same for all real samples, and say nothing"
        if isinstance(self.features, Telling):
            real, fake = told(self.real), told(view)
            missing = missing_classes(class_shares(fake, real, self.features.classes))
            if missing:
                more = " …" if missing[NAMED:] else ""
                yield f"no sample is told as {', '.join(missing[:NAMED])}{more}"
