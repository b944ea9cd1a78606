"""Draws what every fault looks like, for docs/troubleshooting.md.

    python benchmarks/troubles.py

A picture for each: samples of a healthy run, samples of the sick one, and the vital sign that tells most, of
both. The runs are rows of ``sick.txt``; what was not played yet is played.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from doctor import WORK, play
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sick import CASES, Case
from ward.data import spoil

from ptarmigan.doctor import diagnose
from ptarmigan.doctor.history import History, read
from ptarmigan.media.pictures import grid
from ptarmigan.media.plot import render
from ptarmigan.modalities.point.source import mixture
from ptarmigan.trained import load

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
HEALTHY, SICK = "#0f766e", "#b4412c"


@dataclass(frozen=True)
class Trouble:
    """A picture.

    Attributes:
        name: of the file, and of the fault with spaces.
        cause: of the row that is drawn, and a part of its name.
        sign: the vital sign that is drawn.
        means: what it is, in words.
        log: on a logarithmic axis.
    """

    name: str
    cause: str
    sign: str
    means: str
    log: bool = False


TROUBLES = (
    Trouble(
        "mode-collapse", "momentum and no penalty", "averaged/coverage", "share of modes that are covered"
    ),
    Trouble("discriminator-too-strong", "a hundred times the rate", "auc", "real scores above generated"),
    Trouble(
        "discriminator-too-weak", "a rate far too low", "gradient_norm", "slope of the discriminator", True
    ),
    Trouble("oscillation", "no penalty, few modes a batch", "movement", "way of a sample between looks"),
    Trouble("divergence", "a critic without a bound", "spread_real", "deviation of the scores", True),
    Trouble("discriminator-overfitting", "thirty images", "membership_auc", "training scores above held-out"),
    Trouble(
        "memorisation", "twenty images and perceptrons", "averaged/copies", "share of samples that are copies"
    ),
    Trouble("saturated-outputs", "large first weights", "edge", "numbers at the ends of their range"),
    Trouble(
        "bad-data",
        "every second image blank",
        "averaged/frechet",
        "distance to what it was given: all seems well",
        True,
    ),
    Trouble("underfitting", "too few steps", "averaged/frechet", "distance to real samples", True),
    Trouble("stalled", "a generator that is frozen", "movement", "way of a sample between looks", True),
)


def main(work: Path = WORK, only: tuple[str, ...] = ()) -> None:
    """Draw them.

    Args:
        work: where the runs are.
        only: these, by name.
    """
    spoil(work / "data")
    PICTURES.mkdir(exist_ok=True)
    for trouble in TROUBLES:
        if not only or trouble.name in only:
            path = PICTURES / f"{trouble.name}.png"
            render(draw(trouble, work)).quantize(64).save(path, optimize=True)
            print(path, path.stat().st_size)


def draw(trouble: Trouble, work: Path) -> Figure:
    """One picture."""
    sick = next(c for c in CASES if c.half == "tune" and c.cause.startswith(trouble.cause))
    well = next(c for c in CASES if c.half == "reference" and c.data == sick.data)
    for case in (sick, well):
        play(case, work)
    figure = Figure(figsize=(9, 2.9), dpi=96, layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 1.35))
    samples(left, well, work, "a healthy run", HEALTHY)
    samples(middle, sick, work, sick.cause.split(",")[0], SICK)
    curves(right, trouble, read(work / well.name), read(work / sick.name))
    return figure


def samples(axes: Axes, case: Case, work: Path, words: str, colour: str) -> None:
    """What a run makes in the end."""
    made = load(work / case.name).sample(400 if made_of_points(case) else 64)
    if made_of_points(case):
        scatter(axes, case.data, made, colour)
    else:
        axes.imshow(np.asarray(grid(made)), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_title(words, fontsize=10, color=colour)
    axes.set_xticks([])
    axes.set_yticks([])


def made_of_points(case: Case) -> bool:
    """Whether a row is in the plane."""
    return mixture(case.data) is not None


def scatter(axes: Axes, data: str, made: NDArray[Any], colour: str) -> None:
    """Points over the modes."""
    known = mixture(data)
    assert known is not None
    axes.scatter(*known.centres.T, s=90, facecolors="none", edgecolors="0.6", linewidths=0.8)
    axes.scatter(*made.T, s=3, color=colour, linewidths=0)
    reach = 1.6 * float(np.abs(known.centres).max())
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal")


def curves(axes: Axes, trouble: Trouble, well: History, sick: History) -> None:
    """A vital sign of both, by how much of the run was done, and where the doctor says that it began."""
    for history, colour, words in ((well, HEALTHY, "healthy"), (sick, SICK, "sick")):
        curve = np.array(history.vitals[trouble.sign])
        axes.plot(100 * curve[:, 0] / history.steps, curve[:, 1], color=colour, lw=1.4, label=words)
    fault = trouble.name.replace("-", " ")
    found = next((f for f in diagnose(sick) if f.fault.value == fault), None)
    if found is not None:
        axes.axvline(100 * found.step / sick.steps, color="0.4", lw=1, ls=":", label="began")
    if trouble.log:
        axes.set_yscale("log")
    axes.set_title(trouble.means, fontsize=10)
    axes.set_xlabel("% of the run", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.legend(fontsize=8, frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


if __name__ == "__main__":
    tyro.cli(main)
