"""``tune.html``: what a study found, in the report's style."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import numpy as np

from ptarmigan.media.files import write_text
from ptarmigan.report.curves import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, axes, number, panel, span
from ptarmigan.report.film import opened
from ptarmigan.report.html import Child, Markup, facts, figure, h, image, join, table
from ptarmigan.report.overlay import overlay, swatch
from ptarmigan.report.page import document, format_value
from ptarmigan.report.record import read
from ptarmigan.tuning.search import Choice, Dimension, Range
from ptarmigan.tuning.study import Plan
from ptarmigan.tuning.trial import WORST, Trial, is_faulty
from ptarmigan.tuning.tuned import Tuned

CURVES = 8
"""Trials whose curves are drawn: the longest, then the best."""


def write_page(tuned: Tuned, plan: Plan, importances: dict[str, float]) -> None:
    """Write the page of a study.

    Args:
        tuned: what it found so far.
        plan: what it does.
        importances: of the searched options.
    """
    title = f"Tuning of {Path(plan.recipe).name}"
    data = plan.options.get("data", "")
    title += f" on {Path(data).name}" if isinstance(data, str) and data else ""
    body = join(
        h("h1", title),
        h("p", f"{tuned.words}.", class_="ending"),
        facts(effort(tuned, plan)),
        best(tuned, plan),
        curves(tuned),
        searched(tuned, plan, importances),
        listed(tuned, plan),
        h("footer", "Written by ptarmigan."),
    )
    write_text(tuned.folder / "tune.html", document(title, body))


def effort(tuned: Tuned, plan: Plan) -> dict[str, str]:
    """How much was tried."""
    steps = sum(trial.results[-1]["step"] for trial in tuned.trials if trial.results)
    return {
        "trials": f"{len(tuned.trials)} of {plan.trials}",
        "compared after steps": ", ".join(f"{step:,}" for step in plan.rungs),
        "steps in all": f"{steps:,}",
        "without halving": f"{plan.rungs[-1] * len(tuned.trials):,}",
    }


def best(tuned: Tuned, plan: Plan) -> Markup | None:
    """The best options beside the defaults, with samples of both, and the command."""
    if tuned.options is None:
        return None
    rows: list[tuple[Child, ...]] = [
        (name.replace("_", " "), format_value(plan.defaults[name]), h("strong", format_value(value)))
        for name, value in tuned.options.items()
    ]
    return join(
        h("h2", "The best options"),
        h("div", table(rows, ("", "default", "best"), class_="compared"), class_="wide"),
        h("pre", tuned.command),
        finals(tuned),
    )


def finals(tuned: Tuned) -> Markup | None:
    """Scores and samples of the finalists and of the defaults."""
    if tuned.comparison is None:
        return None
    groups = tuned.comparison.groups
    rows: list[tuple[Child, ...]] = []
    for row in tuned.comparison.rows:
        cells: list[Child] = []
        for i, cell in enumerate(row.cells):
            spread = "" if cell.spread is None else f" ± {number(cell.spread)}"
            shown = "–" if cell.value is None else f"{number(cell.value)}{spread}"
            cells.append(h("strong", shown) if i in row.leaders else shown)
        rows.append((row.name, *cells))
    head = ("Score", *(group.name for group in groups))
    pictures = []
    for group in groups:
        folder = group.runs[0].folder
        found = read(folder).pictures if folder is not None else []
        picture = opened(found[-1][1]) if found else None
        if picture is not None:
            pictures.append(figure(image(picture, f"samples of {group.name}", 200_000), group.name))
    seeds = len(groups[0].runs)
    note = f"Trained anew with {seeds} seed{'s' * (seeds > 1)} that no trial had. Bold: the best, and "
    return join(
        h("h3", "With new seeds"),
        h(
            "p",
            note,
            "what cannot be told from it. ",
            h("a", "The whole comparison", href="compare.html"),
            ".",
            class_="soft",
        ),
        h("div", table(rows, head, class_="compared numbers"), class_="wide"),
        h("div", pictures, class_="grids"),
    )


def curves(tuned: Tuned) -> Markup | None:
    """The first score of the trials that came furthest over their steps."""
    far = sorted((t for t in tuned.trials if t.results), key=lambda t: (-len(t.results), t.rank(-1)))[:CURVES]
    found = []
    for trial in far:
        name = next(iter(trial.results[-1]["scores"]), "")
        curve = read(trial.folder).scores.get(name, []) if (trial.folder / "run.json").exists() else []
        if len(curve) > 1:
            found.append((trial, name, curve))
    if not found:
        return None
    drawing = overlay(found[0][1], [(tone, curve) for tone, (_, _, curve) in enumerate(found)])
    legend = [h("li", swatch(tone), f"trial {trial.number}") for tone, (trial, _, _) in enumerate(found)]
    return join(
        h("h2", "The trials that came furthest"),
        h("div", panel(found[0][1], "", drawing), h("ul", legend, class_="legend"), class_="overlay"),
    )


def searched(tuned: Tuned, plan: Plan, importances: dict[str, float]) -> Markup | None:
    """What each option did on the first rung, where all trials are equally long."""
    done = [trial for trial in tuned.trials if trial.results and trial.rank(0)[1] < WORST]
    if len(done) < 2:
        return None
    sign = 1 if same_sign(done) else -1
    name = next(iter(done[0].results[0]["scores"]))
    pieces = []
    for dimension in plan.space:
        share = importances.get(dimension.name)
        words = dimension.name.replace("_", " ")
        note = "" if share is None else f"explains {share:.0%}"
        points = [(trial.options[dimension.name], sign * trial.rank(0)[1]) for trial in done]
        pieces.append(panel(words, note, drawn(dimension, name, points)))
    return join(
        h("h2", "What each option did"),
        h(
            "p",
            f"{name} after {plan.rungs[0]:,} steps, by value. How much of its variance an option explains "
            "among the better trials is PED-ANOVA's estimate.",
            class_="soft",
        ),
        h("div", pieces, class_="panels"),
    )


def same_sign(trials: list[Trial]) -> bool:
    """Whether losses are the scores themselves, and not negated."""
    result = trials[0].results[0]
    return result["loss"] == next(iter(result["scores"].values()))


def drawn(dimension: Dimension, name: str, points: list[tuple[object, float]]) -> Markup:
    """Scores by the value of one option: points of a range, a table of a choice."""
    if isinstance(dimension, Choice):
        rows: list[tuple[Child, ...]] = []
        for value in dimension.values:
            mine = [score for at, score in points if at == value]
            middle = number(median(mine)) if mine else "–"
            rows.append((format_value(value), str(len(mine)), middle))
        return table(rows, ("", "trials", f"median {name}"), class_="compared numbers")
    return scatter(dimension, name, [(float(str(at)), score) for at, score in points])


def scatter(dimension: Range, name: str, points: list[tuple[float, float]]) -> Markup:
    """A point for every trial."""
    values = np.array([score for _, score in points])
    log = values.min() > 0 and values.max() / values.min() > 10
    x = Axis(dimension.low, dimension.high, LEFT, WIDTH - RIGHT, dimension.log)
    y = Axis(*span(values, values, None, log), HEIGHT - BOTTOM, TOP, log)
    return h(
        "svg",
        h("title", f"{name} by {dimension.name}"),
        axes(x, y),
        [h("circle", cx=x(at), cy=y(score), r=3.0, class_="dot") for at, score in points],
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        class_="curve",
    )


def listed(tuned: Tuned, plan: Plan) -> Markup:
    """Every trial, the furthest first."""
    names = [dimension.name for dimension in plan.space]
    rows: list[tuple[Child, ...]] = []
    for trial in sorted(
        tuned.trials, key=lambda t: (-len(t.results), t.rank(-1) if t.results else (True, WORST))
    ):
        reached = [next(iter(result["scores"].values()), None) for result in trial.results]
        shown = ["–" if each is None else number(each) for each in reached]
        shown += [""] * (len(plan.rungs) - len(shown))
        faults = ", ".join(trial.results[-1]["faults"]) if trial.results else ""
        grave = bool(trial.results) and is_faulty(trial.results[-1])
        words = trial.error or faults
        values = [format_value(trial.options[name]) for name in names]
        rows.append((str(trial.number), *values, *shown, h("strong", words) if grave else words))
    head = ("Trial", *(n.replace("_", " ") for n in names), *(f"{s:,} steps" for s in plan.rungs), "Doctor")
    return join(h("h2", "Trials"), h("div", table(rows, head, class_="compared numbers"), class_="wide"))
