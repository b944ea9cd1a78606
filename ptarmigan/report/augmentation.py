"""The page of an augmentation: whether it helps, by each measure, and examples."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PIL import Image

from ptarmigan.evaluation.oversampling.trial import GAN, LEVEL, MEASURES, TEST, Trial
from ptarmigan.media.files import write_text
from ptarmigan.modalities.labelled import Look
from ptarmigan.report.curves import Axis, number, panel
from ptarmigan.report.html import Child, Markup, facts, figure, h, image, join, table
from ptarmigan.report.page import document

WIDTH, ROW = 380, 26
LEFT, RIGHT, BOTTOM = 148, 12, 22


def write_page(path: Path, data: str, trial: Trial, generated: int, examples: dict[str, Look]) -> None:
    """Write it as one self-contained HTML file.

    Args:
        path: where to.
        data: what was augmented.
        trial: the comparison of methods.
        generated: how many samples were generated.
        examples: some samples, by what they are.
    """
    title = f"More of {trial.rare}"
    format_interval = {
        "of the samples": f"{trial.share:.1%}",
        "made": f"{generated:,}",
        "splits": str(trial.splits),
    }
    body = join(
        h("h1", title),
        h("p", f"Of {data}.", class_="lede"),
        h("p", f"{trial.verdict()}.", class_="ending"),
        facts(format_interval),
        h("h2", "Does it help?"),
        h("p", _protocol(trial), class_="soft"),
        h("div", [_measure(trial, measure) for measure in MEASURES], class_="panels"),
        _table(trial),
        h("h2", "Generated samples") if examples else None,
        h("div", [figure(show_example(look), name) for name, look in examples.items()], class_="pair")
        if examples
        else None,
        h("footer", "Written by ptarmigan."),
    )
    write_text(path, document(title, body))


def show_example(look: Look) -> Markup:
    """Some samples as HTML: a picture, or a table."""
    if isinstance(look, Image.Image):
        return image(look, "samples in rows")
    head, *rows = look
    return table([tuple(row) for row in rows], head)


def _protocol(trial: Trial) -> str:
    return (
        f"On every split a classifier is trained on {1 - TEST:.0%} of the real samples by each method, and "
        f"tested on the others: are they {trial.rare}? Dots are splits; lines are {LEVEL:.0%} "
        "intervals of their mean. Generated samples are never in a test set."
    )


def _measure(trial: Trial, measure: str) -> Markup:
    """One measure of all methods, as a picture: dots for splits, a line for the interval of their mean."""
    methods = {name: found[measure] for name, found in trial.figures.items()}
    ends = [trial.interval(values) for values in methods.values()]
    reach = [mean + sign * half for mean, half in ends if math.isfinite(half) for sign in (-1, 1)]
    show_example = [*reach, *(value for values in methods.values() for value in values)]
    low, high = max(0.0, min(show_example)), min(1.0, max(show_example))
    margin = 0.05 * (high - low) or 0.05
    bottom = ROW * len(methods) + 6
    x = Axis(low - margin, high + margin, LEFT, WIDTH - RIGHT)
    ticks = x.ticks()
    across = [h("line", x1=x(tick), x2=x(tick), y1=4.0, y2=float(bottom), class_="grid") for tick in ticks]
    numbers = [h("text", number(tick), x=x(tick), y=bottom + 14.0, text_anchor="middle") for tick in ticks]
    rows = [
        _row(name, values, interval, x, 4 + ROW * (i + 0.5))
        for i, ((name, values), interval) in enumerate(zip(methods.items(), ends, strict=True))
    ]
    drawing = h(
        "svg",
        h("title", f"{measure} by method"),
        across,
        numbers,
        rows,
        viewBox=f"0 0 {WIDTH} {bottom + BOTTOM}",
        role="img",
        class_="curve",
    )
    return panel(measure, "", drawing)


def _row(name: str, values: list[float], interval: tuple[float, float], x: Axis, y: float) -> Markup:
    mean, half = interval
    ends = [x(min(max(mean + sign * half, x.low), x.high)) for sign in (-1, 1)] if math.isfinite(half) else []
    return join(
        h("text", name, x=LEFT - 10, y=y + 4, text_anchor="end", class_="mine" if name == GAN else None),
        [h("circle", cx=x(value), cy=y, r=2.2, class_="faint") for value in values],
        h("line", x1=ends[0], x2=ends[1], y1=y, y2=y, class_="line") if ends else None,
        h("circle", cx=x(mean), cy=y, r=4.0, class_="dot" if name == GAN else "hollow"),
    )


def _table(trial: Trial) -> Markup:
    head, *rows = trial.table()
    best = {
        measure: max(trial.figures, key=lambda name: float(np.mean(trial.figures[name][measure])))
        for measure in MEASURES
    }
    lines: list[tuple[Child, ...]] = []
    for name, *cells in rows:
        marked: list[Child] = [
            h("strong", cell) if best.get(column) == name else cell
            for column, cell in zip(head[1:], cells, strict=True)
        ]
        lines.append((name, *marked))
    return table(lines, tuple(head))
