"""What is measured of translations: outputs against their targets, their inputs and the target domain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import ArraySource
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale, nothing
from ptarmigan.metrics.similarity import WINDOW
from ptarmigan.metrics.view import View, raw_view
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.translate import mapping
from ptarmigan.tasks.translate.case import Case, Raw
from ptarmigan.tasks.translate.content import edge_agreement, has_edges
from ptarmigan.tasks.translate.cycle import NOISE, distances
from ptarmigan.tasks.translate.domain import classified_as_b
from ptarmigan.tasks.translate.pairs import EXACT, agreement, confusion, decibels, l1, mean_iou, structure
from ptarmigan.tasks.translate.perceptual_distance import perceptual

DOUBTED = 0.8
"""A classifier of domains that tells fewer pictures right does not say much."""
ALL_PIXELS = "over all pixels and channels"
EDGES = "edges"
CYCLE = ("cycle error", "cycle error in noise")


def measures_of(case: Case) -> tuple[Measure, ...]:
    """What is measured of translations alone; ``modalities.image.evaluate`` has what is of any images."""
    pictures, small = _pictures(case), _small(case)
    return (
        _mean("l1", Scale("L1", "share of the range", True, ALL_PIXELS), l1, 0.0, case, pictures),
        _mean("psnr", Scale("PSNR", "dB", False, "mean over pictures"), decibels, EXACT, case, pictures),
        _mean("ssim", Scale("SSIM", "", False, "window of 11 pixels"), structure, 1.0, case, small),
        _perceptual(case),
        _labels(case),
        _segmented(case),
        _edges(case),
        _domain(case),
    )


def quick_measures_of(case: Case) -> tuple[Measure, ...]:
    """What is measured of translations in training, where inputs have targets."""
    pixels, psnr, ssim, *_ = measures_of(case)
    brief = (
        m.with_scales(Scale(s.name, s.unit, s.lower_is_better))
        for m in (pixels, psnr, ssim)
        for s in m.scales
    )
    return (*brief, _pooled_labels(case))


def cycle_of(case: Case, returned: tuple[Raw, Raw]) -> Measure:
    """How far inputs are from what comes back of them: of outputs as they are saved, and in slight noise."""
    space = case.given.space
    unit = "share of pixels" if isinstance(space, LabelSpace) else "share of the range"
    notes = ("outputs rounded as they are saved", f"and noise of {NOISE:g} of their range")

    def against(reference: Reference) -> Measured:
        return lambda fake: tuple(reference.mean(distances(space, raw, case.inputs)) for raw in returned)

    return Measure(
        "cycle",
        tuple(Scale(name, unit, True, note) for name, note in zip(CYCLE, notes, strict=True)),
        against,
        real=lambda reference: (None, None),
        note=lambda reference: "there and back again",
    )


def _measure(
    key: str,
    scales: tuple[Scale, ...],
    measured: Callable[[Raw, Reference], Estimates],
    unfit: str,
    real: Callable[[], tuple[float | None, ...]],
    *,
    note: Callable[[Reference], str] = nothing,
    caveat: Callable[[Reference], str] = nothing,
    quick: bool = False,
) -> Measure:
    """A measure of raw outputs."""

    def against(reference: Reference) -> Measured:
        return lambda fake: measured(raw_of(fake), reference)

    return Measure(
        key,
        scales,
        against,
        lambda reference: unfit,
        quick=quick,
        real=lambda reference: real(),
        note=note,
        caveat=caveat,
    )


def raw_of(view: View) -> Raw:
    """Raw outputs, in the order of their inputs."""
    return view.set.raw()


def _mean(
    key: str,
    scale: Scale,
    distance: Callable[[Raw, Raw], NDArray[np.float64]],
    real: float,
    case: Case,
    unfit: str,
) -> Measure:
    """The mean of one number for every pair of output and target."""
    return _measure(
        key,
        (scale,),
        lambda raw, reference: (reference.mean(distance(raw, case.targets)),),
        unfit,
        lambda: (real,),
        quick=True,
    )


def _perceptual(case: Case) -> Measure:
    def note(reference: Reference) -> str:
        return f"features {case.layers.name} ({case.layers.hash}), layer by layer"

    return _measure(
        "perceptual",
        (Scale("perceptual distance", "", True),),
        lambda raw, reference: (reference.mean(perceptual(raw, case.targets, case.layers)),),
        _pictures(case),
        lambda: (0.0,),
        note=note,
    )


def _labels(case: Case) -> Measure:
    def measured(raw: Raw, reference: Reference) -> Estimates:
        assert isinstance(case.space, LabelSpace)
        return agreement(confusion(raw, case.targets, case.space.labels), reference)

    scales = (Scale("pixel accuracy", "share", False), Scale("mean IoU", "share", False))
    return _measure("labels", scales, measured, _label_outputs(case), lambda: (1.0, 1.0))


def _pooled_labels(case: Case) -> Measure:
    """The same as training has it: pixels of all pictures together."""

    def measured(raw: Raw, reference: Reference) -> Estimates:
        assert isinstance(case.space, LabelSpace)
        labels, truth = case.space.labels, case.targets
        right = float((raw == truth)[truth < labels].mean())
        overlap = mean_iou(confusion(raw, truth, labels).sum(axis=0))
        return Estimate(right, float("nan")), Estimate(overlap, float("nan"))

    return _measure(
        "labels",
        (Scale("pixel accuracy", "share", False), Scale("mean IoU", "share", False)),
        measured,
        _label_outputs(case),
        lambda: (1.0, 1.0),
        quick=True,
    )


def _segmented(case: Case) -> Measure:
    """Whether a network that finds the classes in real photos finds them in these, too."""

    def found(raw: Raw, reference: Reference) -> Estimates:
        assert isinstance(case.given.space, LabelSpace)
        return agreement(confusion(case.segmenter(raw), case.inputs, case.given.space.labels), reference)

    def real() -> tuple[float, ...]:
        view = raw_view(case.targets)
        return tuple(each.value for each in found(case.targets, Reference(view, view, False, errors=False)))

    def note(reference: Reference) -> str:
        return f"segmenter {case.segmenter.hash[:8]}: a U-Net of width {mapping.WIDTH}"

    return _measure(
        "segmented",
        (
            Scale("segmented pixel accuracy", "share", False, "classes found again in outputs"),
            Scale("segmented mean IoU", "share", False, "classes found again in outputs"),
        ),
        found,
        _label_inputs(case),
        real,
        note=note,
    )


def _edges(case: Case) -> Measure:
    def values(raw: Raw) -> NDArray[np.float64]:
        return edge_agreement(case.inputs, raw, case.given.space, case.space)

    return _measure(
        EDGES,
        (Scale("edge agreement", "correlation", False, "1 is the input itself"),),
        lambda raw, reference: (reference.mean(values(raw)),),
        "" if has_edges(case.given.space) and has_edges(case.space) else "there are no pictures",
        lambda: (float(values(case.targets).mean()) if case.matched else None,),
    )


def _domain(case: Case) -> Measure:
    def note(reference: Reference) -> str:
        share = f"{100 * case.right:.1f} % of held-out pictures"
        return f"classifier {case.domains.hash[:8]} of domains is right for {share}"

    def caveat(reference: Reference) -> str:
        share = f"{100 * case.right:.0f} % of real pictures only"
        return "" if case.right >= DOUBTED else f"taken for the target: the classifier is right for {share}"

    return _measure(
        "domain",
        (Scale("taken for the target", "share", False),),
        lambda raw, reference: (reference.mean(classified_as_b(case.domains, ArraySource(raw))),),
        _other_form(case),
        lambda: (float(case.of_b.mean()),),
        note=note,
        caveat=caveat,
    )


def _pictures(case: Case) -> str:
    if not case.matched:
        return "inputs have no targets"
    return "" if isinstance(case.space, ImageSpace) else "outputs are no pictures"


def _small(case: Case) -> str:
    small = min(case.space.shape[1:]) < WINDOW
    return _pictures(case) or ("pictures are too small" if small else "")


def _label_outputs(case: Case) -> str:
    if not case.matched:
        return "inputs have no targets"
    return "" if isinstance(case.space, LabelSpace) else "outputs are no label maps"


def _label_inputs(case: Case) -> str:
    given = case.given.space
    if not case.matched or not isinstance(given, LabelSpace) or not isinstance(case.space, ImageSpace):
        return "these are no label maps with their photos"
    return mapping.unfit(case.space, given)


def _other_form(case: Case) -> str:
    a, b = case.given.space, case.space
    same = isinstance(a, ImageSpace) and isinstance(b, ImageSpace) and (a.shape, a.bits) == (b.shape, b.bits)
    return "" if same else "inputs and outputs are not of one form"
