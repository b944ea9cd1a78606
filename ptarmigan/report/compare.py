"""A comparison as people look at it: a table on the terminal, and a page with samples and curves."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from string import ascii_uppercase

from PIL import Image
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ptarmigan.core.errors import one_line
from ptarmigan.evaluation.compare import Comparison, describe_test
from ptarmigan.evaluation.rows import SEEDS, Cell, Row
from ptarmigan.evaluation.runs import Group
from ptarmigan.media.files import write_text
from ptarmigan.media.show import text
from ptarmigan.report.curves import number, panel
from ptarmigan.report.film import opened
from ptarmigan.report.html import Child, Markup, figure, h, image, join, table
from ptarmigan.report.overlay import overlay, swatch
from ptarmigan.report.page import document, format_value
from ptarmigan.report.record import read
from ptarmigan.tasks.choice import task_of
from ptarmigan.trained import Trained, load, rebuild
from ptarmigan.trained.translator import Translator

REAL = "real"
SHOWN = 36
"""Samples in a grid that is made for the page."""
BYTES = 2_000_000
"""Of all grids together, about."""
LARGEST_GRID = 200_000
DECIMALS = 6
PAIRS = 200
"""Tests that are listed on the page."""
LEGEND = (
    "± is the deviation between seeds where there are several, else the standard error of the score where it "
    "is known. Bold: the best, and what cannot be told from it."
)


def terminal(comparison: Comparison) -> Table:
    """The scores as a table for a terminal."""
    # text and not markup: what names hold is nobody's order
    letters = [_letter(i) for i in range(len(comparison.groups))]
    lines = [text(_title(comparison), "bold")]
    for letter, group in zip(letters, comparison.groups, strict=True):
        lines.append(text(f"{letter}  {group.name}, {_seeds(group)}"))
    title = Text("\n").join(lines)
    shown = Table(title=title, title_justify="left", title_style="", header_style="", box=SIMPLE_HEAD)
    shown.add_column("", overflow="fold")
    for letter in letters:
        shown.add_column(letter, justify="right", overflow="fold")
    beside = _references(comparison)
    for name in beside:
        shown.add_column(text(name), justify="right", style="dim", overflow="fold")
    for row in comparison.rows:
        cells = [
            text(_format_cell(cell, group).replace(" ± ", "±"), "bold" if i in row.leaders else "")
            for i, (cell, group) in enumerate(zip(row.cells, comparison.groups, strict=True))
        ]
        arrow = "↓" if row.lower_is_better else "↑"
        shown.add_row(text(f"{row.name} {arrow}"), *cells, *(_level(row, name) for name in beside))
    return shown


def write_page(comparison: Comparison, path: Path) -> None:
    """Write the comparison as one HTML file that asks nobody for anything."""
    body = join(
        _opening(comparison),
        _scores(comparison),
        _samples(comparison),
        _curves(comparison),
        _options(comparison),
        _runs(comparison),
        h("footer", "Written by ptarmigan."),
    )
    write_text(path, document(_title(comparison), body))


def _title(comparison: Comparison) -> str:
    groups = comparison.groups
    runs = sum(run.folder is not None for group in groups for run in group.runs)
    models = [group.name for group in groups if group.runs[0].folder is None]
    words = ["1 run" if runs == 1 else f"{runs} runs"]
    words += [f"on {comparison.data}"] if comparison.data else []
    words += [f"beside {', '.join(models)}"] if models else []
    return " ".join(words)


def _letter(place: int) -> str:
    return ascii_uppercase[place] if place < len(ascii_uppercase) else str(place + 1)


def _seeds(group: Group) -> str:
    return f"{len(group.runs)} seeds" if len(group.runs) > 1 else "1 seed"


def _references(comparison: Comparison) -> list[str]:
    """What stands beside the groups: real samples, and the trivial generators."""
    names = dict.fromkeys(itertools.chain.from_iterable(row.baselines for row in comparison.rows))
    return [REAL, *names]


def _level(row: Row, name: str) -> str:
    value = row.floor if name == REAL else row.baselines.get(name)
    return "–" if value is None else number(value)


def _format_cell(cell: Cell, group: Group) -> str:
    """A score with what it varies by, and how many runs it is of where not all count."""
    if cell.value is None:
        return cell.left_out
    mark = " ‡" if cell.left_out else ""
    some = f" ({len(cell.values)} of {len(group.runs)})" if len(cell.values) < len(group.runs) else ""
    return f"{_format_spread(cell.value, cell.spread)}{some}{mark}"


def _format_spread(value: float, spread: float | None) -> str:
    """A number with no more digits than what it varies by leaves it."""
    if not spread:
        return number(value) if spread is None else f"{number(value)} ± 0"
    decimals = max(0, 1 - math.floor(math.log10(spread)))
    if decimals > DECIMALS or spread >= 1e6:
        return f"{number(value)} ± {number(spread)}"
    return f"{value:,.{decimals}f} ± {spread:,.{decimals}f}".replace("-", "−")


def _opening(comparison: Comparison) -> Markup:
    first = comparison.rows[0] if comparison.rows else None
    said = f"{comparison.verdict(first)}." if first else "Nothing was scored."
    return join(
        h("h1", _title(comparison)),
        h("p", said, class_="ending"),
        [h("p", f"{note}.", class_="soft") for note in comparison.notes],
    )


def _scores(comparison: Comparison) -> Markup:
    beside = _references(comparison)
    rows: list[tuple[Child, ...]] = []
    for row in comparison.rows:
        direction = "lower is better" if row.lower_is_better else "higher is better"
        label = join(row.name, h("small", f"{row.unit}; {direction}"))
        cells: list[Child] = [
            h("strong", _format_cell(cell, group)) if i in row.leaders else _format_cell(cell, group)
            for i, (cell, group) in enumerate(zip(row.cells, comparison.groups, strict=True))
        ]
        rows.append((label, *cells, *(_level(row, name) for name in beside)))
    head = ("Score", *(f"{group.name} ({_seeds(group)})" for group in comparison.groups), *beside)
    said = [h("li", f"{comparison.verdict(row)}.") for row in comparison.rows]
    protocols = {row.name: row.protocol for row in comparison.rows}
    return join(
        h("h2", "Scores"),
        h("p", LEGEND, class_="soft"),
        h("div", table(rows, head, class_="compared numbers"), class_="wide"),
        h("h3", "What can be said"),
        h("ul", said, class_="said"),
        _tests(comparison),
        h("details", h("summary", "How it was measured"), table([*protocols.items()], class_="plain")),
    )


def _samples(comparison: Comparison) -> Markup:
    most = min(LARGEST_GRID, BYTES // len(comparison.groups))
    shown = []
    for group in comparison.groups:
        picture, words = _picture(group)
        caption = f"{group.name}: {words}"
        shown.append(
            h("p", caption, class_="soft")
            if picture is None
            else figure(image(picture, f"samples of {group.name}", most), caption)
        )
    return join(h("h2", "Samples"), h("div", shown, class_="grids"))


def _picture(group: Group) -> tuple[Image.Image | None, str]:
    """The last samples of the group's first run, as training drew them or made now, and whose they are."""
    run = group.runs[0]
    if run.folder is None:
        return run.shown, "samples of seed 0, over real ones."
    for step, path in reversed(read(run.folder).pictures):
        if (picture := opened(path)) is not None:
            return picture, f"{run.folder}, step {step:,}."
    try:
        trained = load(run.folder)
        if isinstance(trained, Translator):
            return _rows(run.folder, trained), f"{run.folder}, translations of held-out inputs."
        return trained.space.render(trained.sample(SHOWN)), f"{run.folder}, samples of seed 0."
    except (ValueError, OSError, RuntimeError) as error:
        return None, f"no samples are to be had ({one_line(error)})."


def _rows(folder: Path, trained: Trained) -> Image.Image:
    """Translations of the first held-out inputs, in rows."""
    samples = rebuild(folder).samples
    return task_of(trained.game, samples, precision=trained.precision).picture(trained.game)


def _curves(comparison: Comparison) -> Markup | None:
    """The first score of every run over its steps."""
    if not comparison.rows:
        return None
    row = comparison.rows[0]
    curves, counts = [], set()
    for tone, group in enumerate(comparison.groups):
        for run in group.runs:
            curve = [] if run.folder is None else read(run.folder).scores.get(row.name, [])
            if len(curve) > 1:
                curves.append((tone, curve))
                counts.add(run.described["settings"].get("score_samples"))
    if not curves:
        return None
    legend = [h("li", swatch(i), g.name) for i, g in enumerate(comparison.groups) if g.runs[0].folder]
    samples = " and ".join(sorted(map(format_value, counts)))
    note = f"Of {samples} samples of the EMA weights; one line for each run."
    if len(counts) > 1:
        note += " Scores of different numbers of samples are not to be compared."
    alike = counts == {run.samples for group in comparison.groups for run in group.runs}
    drawing = overlay(row.name, curves, row.floor if alike else None)
    return join(
        h("h2", "How training went"),
        h("p", note, class_="soft"),
        h("div", panel(row.name, "", drawing), h("ul", legend, class_="legend"), class_="overlay"),
    )


def _options(comparison: Comparison) -> Markup | None:
    if not comparison.options:
        return None
    rows: list[tuple[Child, ...]] = [
        (name.replace("_", " "), *map(format_value, values)) for name, values in comparison.options.items()
    ]
    head = ("", *(group.name for group in comparison.groups))
    return join(h("h2", "What differs"), h("div", table(rows, head, class_="compared"), class_="wide"))


def _tests(comparison: Comparison) -> Markup | None:
    """Every pair that was tested."""
    rows: list[tuple[Child, ...]] = []
    for row in comparison.rows:
        for difference in row.differences:
            better, worse = (comparison.groups[i].name for i in difference.groups)
            by = "Welch's t-test" if difference.by == SEEDS else "standard errors"
            called = "a difference" if difference.called else "none that can be called"
            rows.append((row.name, f"{better} before {worse}", by, describe_test(difference), called))
    if not rows:
        return None
    note = "P-values are corrected for the number of pairs (Holm 1979), for each score by itself."
    if len(rows) > PAIRS:
        note += f" The first {PAIRS} of {len(rows):,}; --json has all."
    head = ("Score", "Pair", "Tested by", "Found", "So it is")
    listed = h("div", table(rows[:PAIRS], head), class_="wide")
    return h("details", h("summary", "Every pair that was tested"), h("p", note, class_="soft"), listed)


def _runs(comparison: Comparison) -> Markup:
    rows: list[tuple[Child, ...]] = []
    for group in comparison.groups:
        for run in group.runs:
            scores = [run.entries.get(row.name, {}).get("value") for row in comparison.rows[:1]]
            shown = ["–" if value is None else number(float(value)) for value in scores]
            step = f"{run.step:,}" if run.folder else "–"
            rows.append((run.called, group.name, format_value(run.seed), step, *shown))
    head = ("Run", "Group", "Seed", "Steps", *(row.name for row in comparison.rows[:1]))
    return join(h("h2", "Runs"), h("div", table(rows, head), class_="wide"))
