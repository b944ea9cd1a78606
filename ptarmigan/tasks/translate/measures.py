"""The judge of translations: outputs against targets, inputs and the target domain, beside trivial ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.data.space import Space
from ptarmigan.metrics import measures
from ptarmigan.metrics.estimate import mean_of
from ptarmigan.metrics.features import Features
from ptarmigan.metrics.measures import Numbers, Scale
from ptarmigan.metrics.panel import SAYING_NOTHING, Panel, Score, Verdict
from ptarmigan.metrics.similarity import WINDOW
from ptarmigan.modalities.image.classifier import Unlabelled, learn
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.translate import mapping, trivial
from ptarmigan.tasks.translate.content import edge_agreement, has_edges
from ptarmigan.tasks.translate.cycle import GROWS, NOISE, VISIBLE, apart
from ptarmigan.tasks.translate.domain import learn_domains, taken_for_b
from ptarmigan.tasks.translate.pairs import EXACT, agreement, confusion, decibels, l1, structure
from ptarmigan.tasks.translate.perceptual_distance import Layered, perceptual

Raw: TypeAlias = NDArray[Any]

DOMAIN = ("frechet", "kid")
"""What of other measures is usually said of translations: how far they are from the target domain."""
DOUBTED = 0.8
"""A classifier of domains that tells fewer pictures right does not say much."""


@dataclass(frozen=True, eq=False)
class Case:
    """Held-out inputs, and what there is to hold their translations against.

    Attributes:
        samples: the real ones.
        inputs: raw inputs.
        features: what is looked at.
    """

    samples: Samples
    inputs: Raw
    features: Features

    @property
    def space(self) -> Space:
        """What an output is."""
        return self.samples.space

    @property
    def given(self) -> Space:
        """What an input is."""
        return self.samples.require_inputs()

    @property
    def matched(self) -> bool:
        """Whether every input has a target."""
        return self.samples.require_condition().matched

    @property
    def paired(self) -> bool:
        """Whether pairs were learnt from."""
        return self.samples.require_condition().paired

    @cached_property
    def targets(self) -> Raw:
        """What should have come out, where that is known."""
        return self.samples.held_out.read(np.arange(len(self.inputs)))

    @cached_property
    def layers(self) -> Layered:
        """The features where their layers can be looked at, else those of a network that learns turns."""
        if isinstance(self.features, Layered):
            return self.features
        assert isinstance(self.space, ImageSpace)
        return learn(Unlabelled(self.samples.source), self.space)


@dataclass(frozen=True)
class Judged:
    """One measure, ready for a case.

    Attributes:
        measure: raw outputs to numbers.
        floors: what real samples score; None where that cannot be said.
        said: what of its protocol depends on the case.
        doubt: what has to be said beside it, if anything.
    """

    measure: Callable[[Raw], Numbers]
    floors: tuple[float | None, ...]
    said: str = ""
    doubt: str = ""


@dataclass(frozen=True)
class Measure:
    """One or more numbers of translations that are worked out together.

    Attributes:
        key: its short name, for ``--metrics``.
        scales: what each number says.
        of: readies it for a case.
        unfit: why it cannot be measured there, or nothing.
        of_input: it asks how much of the input is kept, which those that give it back cannot lose.
    """

    key: str
    scales: tuple[Scale, ...]
    of: Callable[[Case], Judged]
    unfit: Callable[[Case], str]
    of_input: bool = False


class Translations:
    """Judges translations of the first ``n`` held-out inputs.

    Args:
        samples: the real ones, with inputs.
        features: what of a sample is looked at.
        n: how many translations are judged; all there are inputs for, where that is less.
        keys: short names of measures; the usual ones when empty, every one for ``all``.
        what: the samples in words, for the protocol.
        tell: is told what is being done, as it takes a while.

    Raises:
        ValueError: there is no measure of such a name, or ``n`` is not positive.
    """

    def __init__(
        self,
        samples: Samples,
        features: Features,
        n: int,
        keys: Sequence[str] = (),
        *,
        what: str,
        tell: Callable[[str], None] = SAYING_NOTHING,
    ) -> None:
        if n < 1:
            raise ValueError(f"a score of {n} translations says nothing: at least 1 is needed (--n)")
        given = samples.require_condition()
        self.n, self.features = min(n, len(given.held_out)), features
        self.what, self.tell = what, tell
        inputs = given.held_out.read(np.arange(self.n))
        self.case = Case(samples, inputs, features)
        mine, self.others = chosen(keys)
        self.measures = tuple(m for m in mine if not m.unfit(self.case))

    @cached_property
    def trivial(self) -> dict[str, Raw]:
        """What trivial translations make of the inputs."""
        self.tell("trivial translations")
        return trivial.trivial(self.case.samples, self.case.inputs)

    @cached_property
    def panel(self) -> Panel | None:
        """The judge of the outputs as samples of the target domain, where they are pictures."""
        samples = self.case.samples
        if not isinstance(samples.space, ImageSpace) or not self.others:
            return None
        made: dict[str, Any] = {name: lambda _, n, raw=raw: raw for name, raw in self.trivial.items()}
        return Panel(
            self.features,
            samples.source,
            samples.held_out,
            self.others,
            self.n,
            what=self.what,
            trivial=made,
            beside=trivial.beside(self.case.paired),
            tell=self.tell,
        )

    def judge(self, outputs: Raw, returned: tuple[Raw, Raw] | None = None) -> Verdict:
        """The scores of raw outputs, one for each input.

        Args:
            outputs: what became of the inputs.
            returned: what becomes of these on the way back, and of these with slight noise (see ``noisy``);
                None where the game goes one way only.

        Raises:
            ValueError: there are not as many outputs as inputs.
        """
        if len(outputs) != self.n:
            raise ValueError(f"this judge was made for {self.n:,} outputs and was given {len(outputs):,}")
        scores: list[Score] = []
        warnings: list[str] = []
        for measure in self.measures:
            try:
                ready = self._ready(measure)
                scores += self._measured(measure, ready, outputs)
            except ValueError as error:  # such as pictures that are too small for this one
                warnings.append(f"{measure.scales[0].name}: not measured, as {error}")
            else:
                warnings += [ready.doubt] if ready.doubt else []
        if returned is not None:
            scores += self._cycle(*returned)
            warnings += hidden(*scores[-2:])
        try:
            verdict = self.panel.judge(ArraySource(outputs)) if self.panel else Verdict((), ())
        except ValueError as error:  # such as too few pictures of the target domain
            verdict = Verdict((), (f"distance to the target domain: not measured, as {error}",))
        scores += verdict.scores
        warnings += verdict.warnings
        return Verdict(tuple(scores), tuple(warnings))

    def _ready(self, measure: Measure) -> Judged:
        self.tell(", ".join(scale.name for scale in measure.scales))
        return measure.of(self.case)

    def _measured(self, measure: Measure, ready: Judged, outputs: Raw) -> list[Score]:
        values = ready.measure(outputs)
        others = {
            name: ready.measure(raw)
            for name, raw in self.trivial.items()
            if not (measure.of_input and name in trivial.COPIES)
        }
        return [
            Score(
                scale,
                values[i],
                ready.floors[i],
                {name: found[i].value for name, found in others.items()},
                self._protocol(ready.said, scale.note),
            )
            for i, scale in enumerate(measure.scales)
        ]

    def _cycle(self, back: Raw, in_noise: Raw) -> list[Score]:
        """How far inputs are from what comes back of them."""
        unit = "share of pixels" if isinstance(self.case.given, LabelSpace) else "share of the range"
        notes = ("outputs rounded as they are saved", f"and noise of {NOISE:g} of their range")
        return [
            Score(
                Scale(name, unit, True),
                mean_of(apart(self.case.given, raw, self.case.inputs)),
                None,
                {},
                self._protocol("there and back again", note),
            )
            for name, raw, note in zip(CYCLE, (back, in_noise), notes, strict=True)
        ]

    def _protocol(self, *said: str) -> str:
        counted = f"{self.n:,} outputs of held-out inputs"
        beside = f"baselines: {trivial.beside(self.case.paired)}"
        return "; ".join(filter(None, ("translations", self.what, counted, beside, *said)))


CYCLE = ("cycle error", "cycle error in noise")


def hidden(clean: Score, in_noise: Score) -> Iterable[str]:
    """What has to be said of a way back that reads what nobody sees (Chu et al. 2017, arXiv 1712.02950)."""
    before, after = clean.value.value, in_noise.value.value
    if after > VISIBLE and after > GROWS * before:
        yield (
            f"The way back reads what nobody sees in the outputs: slight noise in these makes its error "
            f"{after / max(before, 1e-9):,.0f} times as large"
        )


def chosen(keys: Sequence[str]) -> tuple[tuple[Measure, ...], tuple[measures.Measure, ...]]:
    """The measures of translations and those of any samples that are meant by short names.

    Raises:
        ValueError: there is no measure of such a name.
    """
    if "all" in keys:
        return MEASURES, measures.MEASURES
    known = {measure.key: measure for measure in MEASURES}
    mine = tuple(known[key] for key in keys if key in known)
    others = [key for key in keys if key not in known]
    if not keys:
        return MEASURES, measures.chosen(DOMAIN)
    unknown = [key for key in others if key not in {m.key for m in measures.MEASURES}]
    if unknown:
        names = ", ".join([*known, *(m.key for m in measures.MEASURES)])
        raise ValueError(f"there is no measure {unknown[0]!r} of translations: choose from {names}, or all")
    return mine, measures.chosen(others) if others else ()


def _mean(distance: Callable[[Raw, Raw], NDArray[np.float64]], floor: float) -> Callable[[Case], Judged]:
    """A measure that is the mean of one number for every pair of output and target."""

    def of(case: Case) -> Judged:
        return Judged(lambda raw: (mean_of(distance(raw, case.targets)),), (floor,))

    return of


def _perceptual(case: Case) -> Judged:
    features = case.layers
    said = f"features {features.name} ({features.hash}), layer by layer"
    return Judged(lambda raw: (mean_of(perceptual(raw, case.targets, features)),), (0.0,), said)


def _labels(case: Case) -> Judged:
    assert isinstance(case.space, LabelSpace)
    labels = case.space.labels
    return Judged(lambda raw: agreement(confusion(raw, case.targets, labels)), (1.0, 1.0))


def _segmented(case: Case) -> Judged:
    """Whether a network that finds the classes in real photos finds them in these, too."""
    inputs, samples, given = case.samples.require_condition(), case.samples, case.given
    assert isinstance(given, LabelSpace)
    segmenter = mapping.learn(samples.source, samples.space, inputs.source, given)

    def measure(raw: Raw) -> Numbers:
        return agreement(confusion(segmenter(raw), case.inputs, given.labels))

    floors = tuple(found.value for found in measure(case.targets))
    return Judged(measure, floors, f"segmenter {segmenter.hash[:8]}: a U-Net of width {mapping.WIDTH}")


def _edges(case: Case) -> Judged:
    def measure(raw: Raw) -> Numbers:
        return (mean_of(edge_agreement(case.inputs, raw, case.given, case.space)),)

    return Judged(measure, (measure(case.targets)[0].value if case.matched else None,))


def _domain(case: Case) -> Judged:
    inputs, space = case.samples.require_condition(), case.space
    assert isinstance(space, ImageSpace)
    domains = learn_domains(inputs.source, case.samples.source, space)
    of_a, of_b = taken_for_b(domains, inputs.held_out), taken_for_b(domains, case.samples.held_out)
    right = float(np.concatenate([1 - of_a, of_b]).mean())
    said = f"classifier {domains.hash[:8]} of domains is right for {100 * right:.1f} % of held-out pictures"
    doubt = f"taken for the target: the classifier is right for {100 * right:.0f} % of real pictures only"

    def measure(raw: Raw) -> Numbers:
        return (mean_of(taken_for_b(domains, ArraySource(raw))),)

    return Judged(measure, (float(of_b.mean()),), said, doubt if right < DOUBTED else "")


def _no_pictures(case: Case) -> str:
    if not case.matched:
        return "inputs have no targets"
    return "" if isinstance(case.space, ImageSpace) else "outputs are no pictures"


def _small(case: Case) -> str:
    small = min(case.space.shape[1:]) < WINDOW
    return _no_pictures(case) or ("pictures are too small" if small else "")


def _no_label_outputs(case: Case) -> str:
    if not case.matched:
        return "inputs have no targets"
    return "" if isinstance(case.space, LabelSpace) else "outputs are no label maps"


def _no_label_inputs(case: Case) -> str:
    if not case.matched or not isinstance(case.given, LabelSpace) or not isinstance(case.space, ImageSpace):
        return "these are no label maps with their photos"
    return mapping.unfit(case.space, case.given)


def _no_edges(case: Case) -> str:
    return "" if has_edges(case.given) and has_edges(case.space) else "there are no pictures"


def _other_form(case: Case) -> str:
    a, b = case.given, case.space
    same = isinstance(a, ImageSpace) and isinstance(b, ImageSpace) and (a.shape, a.bits) == (b.shape, b.bits)
    return "" if same else "inputs and outputs are not of one form"


ALL_PIXELS = "over all pixels and channels"

MEASURES = (
    Measure("l1", (Scale("L1", "share of the range", True, ALL_PIXELS),), _mean(l1, 0.0), _no_pictures),
    Measure(
        "psnr", (Scale("PSNR", "dB", False, "mean over pictures"),), _mean(decibels, EXACT), _no_pictures
    ),
    Measure("ssim", (Scale("SSIM", "", False, "window of 11 pixels"),), _mean(structure, 1.0), _small),
    Measure("perceptual", (Scale("perceptual distance", "", True),), _perceptual, _no_pictures),
    Measure(
        "labels",
        (Scale("pixel accuracy", "share", False), Scale("mean IoU", "share", False)),
        _labels,
        _no_label_outputs,
    ),
    Measure(
        "segmented",
        (
            Scale("segmented pixel accuracy", "share", False, "classes found again in outputs"),
            Scale("segmented mean IoU", "share", False, "classes found again in outputs"),
        ),
        _segmented,
        _no_label_inputs,
    ),
    Measure(
        "edges",
        (Scale("edge agreement", "correlation", False, "1 is the input itself"),),
        _edges,
        _no_edges,
        of_input=True,
    ),
    Measure("domain", (Scale("taken for the target", "share", False),), _domain, _other_form),
)
"""What is measured of translations alone; ``measures.MEASURES`` are of any samples."""
