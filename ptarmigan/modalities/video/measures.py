"""Measures of clips that need no network, and the share that seems to be in true order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.metrics.estimate import TIMES, Estimate
from ptarmigan.metrics.frechet import Moments, frechet
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale
from ptarmigan.metrics.view import View
from ptarmigan.modalities.image.decode import resized
from ptarmigan.modalities.video.decode import Frames
from ptarmigan.modalities.video.truth import colour_distance, motion_energy, read_labels, speeds
from ptarmigan.modalities.video.watcher import Watcher

Floats = NDArray[np.float64]
COMPONENTS = 40
"""Principal components of frames."""
SIDE = 16
"""Pixels of a side of these."""
BINS = np.linspace(0, 3, 9)
"""Of speeds, in pixels a frame; more counts with the last."""
TIMES_SMALL = 50


def in_order(watcher: Callable[[], Watcher]) -> Measure:
    """The share of clips that the network takes for in true order."""

    def against(reference: Reference) -> Measured:
        network = watcher()
        return lambda fake: (reference.mean(network.in_order(network(fake.set.raw()))),)

    scale = Scale("in true order", "share", False, "by the network, of the wrong orders that it can tell")
    return Measure("order", (scale,), against)


def motion() -> Measure:
    """How much clips move, as a share of what real ones do: a still moves by nothing."""

    def against(reference: Reference) -> Measured:
        real = motion_energy(reference.real.set.raw())[0].mean()

        def measure(fake: View) -> Estimates:
            energy = reference.mean(motion_energy(fake.set.raw())[0] / max(float(real), 1e-9))
            return energy, Estimate(abs(energy.value - 1), energy.error)

        return measure

    scales = (
        Scale("motion energy", "of real", False, "mean change of a value from frame to frame; 1 is as real"),
        Scale("motion gap", "of real", True, "how far motion energy is from 1"),
    )
    return Measure("motion", scales, against, quick=True)


def colours() -> Measure:
    """The average distance of colours, which is best for a still: look at motion beside it."""
    note = "mean distance of the mean colours of any two frames of a clip; 0 for a still"
    return Measure(
        "acd",
        (Scale("ACD", "levels", True, note),),
        lambda reference: lambda fake: (reference.mean(colour_distance(fake.set.raw())),),
        quick=True,
    )


def frames() -> Measure:
    """The Fréchet distance of single frames, which sees nothing of time."""

    def against(reference: Reference) -> Measured:
        project = components(one_frame(reference.train.set.raw()))
        real = Moments.of(project(one_frame(reference.real.set.raw())))

        def measure(fake: View) -> Estimates:
            found = project(one_frame(fake.set.raw()))

            def distance(rows: Any) -> float:
                return frechet(Moments.of(found[rows]), real, warn=False)

            error = reference.error(distance, len(found), TIMES_SMALL)
            return (Estimate(distance(slice(None)), error),)

        return measure

    note = f"of a frame of each clip, in {COMPONENTS} principal components of pixels"
    return Measure("frames", (Scale("frame distance", "squared", True, note),), against)


def one_frame(clips: Frames) -> Floats:
    """A frame of each clip, not always the same, as numbers from 0 to 1: at most 16 pixels a side."""
    at = np.random.default_rng(0).integers(clips.shape[1], size=len(clips))
    sides = min(SIDE, clips.shape[2]), min(SIDE, clips.shape[3])
    some = [resized(clip[t], *sides) for clip, t in zip(clips, at, strict=True)]
    return np.stack(some).reshape(len(clips), -1) / 255.0


def components(train: Floats) -> Callable[[Floats], Floats]:
    """The projection on the first principal components of training frames."""
    mean = train.mean(0)
    _, _, axes = np.linalg.svd(train - mean, full_matrices=False)
    return lambda x: (x - mean) @ axes[:COMPONENTS].T


def shapes_speed() -> Measure:
    """Of moving shapes: the total variation between histograms of speeds, read off the pixels."""

    def against(reference: Reference) -> Measured:
        real = histogram(speeds(reference.real.set.raw()))

        def measure(fake: View) -> Estimates:
            found = speeds(fake.set.raw())

            def distance(rows: Any) -> float:
                return float(np.abs(histogram(found[rows]) - real).sum() / 2)

            return (Estimate(distance(slice(None)), reference.error(distance, len(found), TIMES)),)

        return measure

    note = "of histograms of speeds of shapes, 8 bins from 0 to 3 pixels a frame"
    return Measure("speed", (Scale("speed variation", "total variation", True, note),), against)


def shapes_labels(what: str) -> Measure:
    """Of moving shapes: the share of clips that are what their class says, read off the pixels."""

    def against(reference: Reference) -> Measured:
        def measure(fake: View) -> Estimates:
            found, asked = read_labels(fake.set.raw(), what), fake.set.labels
            if asked is None:
                return (Estimate(float("nan"), 0.0),)
            return (reference.mean((found == asked).astype(np.float64)),)

        return measure

    return Measure(
        "labels",
        (Scale(f"{what} as asked", "share", False, "read off the pixels"),),
        against,
        lambda reference: "" if reference.conditional else "the samples were not generated for classes",
    )


def histogram(found: Floats) -> Floats:
    """Shares of speeds in the bins."""
    counts = np.histogram(np.clip(found, BINS[0], BINS[-1]), BINS)[0]
    return np.asarray(counts / max(1, counts.sum()))
