"""``report.html``: one page for a person, with all it shows inside it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ptarmigan import zoo
from ptarmigan.core.errors import one_line
from ptarmigan.doctor import read as read_history
from ptarmigan.doctor import treatment
from ptarmigan.media.files import write_text
from ptarmigan.media.foreign import read_bytes
from ptarmigan.report import doctor, nearest
from ptarmigan.report.curves import Marks, draw, number, panel
from ptarmigan.report.film import film, opened, spread
from ptarmigan.report.html import Markup, facts, figure, h, image, inline, join, table
from ptarmigan.report.record import RunRecord, read
from ptarmigan.report.scores import scores
from ptarmigan.report.style import CSS
from ptarmigan.tasks.choice import task_of, task_type
from ptarmigan.tasks.generate import Generate
from ptarmigan.tasks.task import Section
from ptarmigan.trained import load, rebuild
from ptarmigan.training import options
from ptarmigan.training.data_of_run import changed
from ptarmigan.training.run import Run
from ptarmigan.training.run_folder import writing
from ptarmigan.training.settings import Settings

STRIP = 6
FILM = 1_500_000
"""Bytes of animation in the page, at most; a larger one only lies beside it."""
PANELS = 24
EVENTS = 40
LONGEST = 300
"""Characters of an option's value."""
POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"


def write_report(folder: Path, run: Run | None = None) -> Path:
    """Write the page of a run, and name it.

    Args:
        folder: the run's folder.
        run: the run that was played; made again from run.json when None. Where its data is not to be had, the
            page is written without what needs it, and says so.

    Raises:
        ValueError: the folder holds no run.
    """
    record = read(folder)
    with writing(folder):
        write_text(folder / "report.html", page(record, run))
    return folder / "report.html"


def page(record: RunRecord, run: Run | None) -> str:
    """The page of a run; an animation of its samples is written beside it."""
    missing = ""
    if run is None:
        run, missing = rebuilt(record)
    history = read_history(record.folder)
    found = doctor.opinions(history, record.folder, run)
    marks = Marks(
        tuple(s for s, _ in record.skipped),
        tuple(s for s, _ in record.rollbacks),
        tuple(each.finding.step for each in found[:1]),
    )
    body = join(
        opening(record),
        doctor.section(history, found),
        samples(record, run),
        guarded("Scores", lambda: scores(record, run, marks)),
        guarded("Beside real samples", lambda: beside(record, run, missing)),
        terms(record, marks),
        doctor.signs(record, marks),
        how(record),
    )
    return document(record.title, body)


def rebuilt(record: RunRecord) -> tuple[Run | None, str]:
    """The run as run.json describes it, or None; and why not, or that its data are others by now."""
    try:
        run = rebuild(record.folder)
        return run, changed(record.described, run)
    except Exception as error:  # a recipe may be anybody's code, and the page is written all the same
        return None, one_line(error)


def guarded(title: str, section: Callable[[], Markup | None]) -> Markup | None:
    """A section, or why there is none: data that cannot be read costs its section and not the page."""
    try:
        return section()
    except (ValueError, OSError, RuntimeError) as error:
        return join(h("h2", title), h("p", f"Not to be had: {one_line(error)}", class_="soft"))


def document(title: str, body: Markup) -> str:
    """A whole page; its policy allows no request."""
    head = h(
        "head",
        h("meta", charset="utf-8"),
        h("meta", name="viewport", content="width=device-width, initial-scale=1"),
        h("meta", http_equiv="Content-Security-Policy", content=POLICY),
        h("title", title),
        h("style", Markup(CSS)),
    )
    return f"<!doctype html>\n{h('html', head, h('body', body), lang='en')}\n"


def opening(record: RunRecord) -> Markup:
    """What it was, how it ended, and how much it took."""
    ending = record.ending[:1].upper() + record.ending[1:]
    speed = f"{record.seen / record.seconds:,.0f}" if record.seconds else "–"
    shown = {
        "steps": f"{record.step:,}",
        "samples seen": f"{record.seen:,}",
        "minutes of training": f"{record.seconds / 60:.1f}" if record.seconds else "–",
        "samples a second": speed,
    }
    return join(
        h("h1", record.title),
        h("p", said, class_="lede") if (said := summary(record)) else None,
        h("p", ending, class_="ending"),
        facts(shown),
    )


def summary(record: RunRecord) -> str:
    """The first line of the recipe's docstring, where the recipe is to be had."""
    try:
        return zoo.summary(zoo.name_in(record.described))
    except (ValueError, OSError, SyntaxError):
        return ""


def samples(record: RunRecord, run: Run | None) -> Markup:
    """What came out, and how it became that."""
    if not record.pictures:
        return join(h("h2", "Samples"), h("p", "No picture was drawn yet.", class_="soft"))
    shown = [(step, picture) for step, path in record.pictures if (picture := opened(path)) is not None]
    step, last = shown[-1] if shown else (0, None)
    if last is None:
        return join(h("h2", "Samples"), h("p", "The pictures cannot be read.", class_="soft"))
    task = Generate if run is None else task_type(run.game)
    largest = figure(image(last, f"samples at step {step}", 500_000), task.caption(step))
    some = [shown[i] for i in spread(len(shown), STRIP)]
    strip = [figure(image(p, f"samples at step {s}", 60_000, 400), f"step {s:,}") for s, p in some]
    return join(
        h("h2", "Samples"),
        h("div", largest, moving(record), class_="pair"),
        h("div", strip, class_="strip") if len(strip) > 1 else None,
        h("p", f"The same {task.repeated} every time, from the first picture to the last.", class_="soft")
        if len(strip) > 1
        else None,
    )


def moving(record: RunRecord) -> Markup | None:
    """The pictures as an animation, where there are several."""
    made = film(record.pictures, record.folder / "samples" / "training.gif", FILM)
    if made is None:
        return None
    data, last = read_bytes(made), opened(made)
    if len(data) > FILM or last is None:
        return h("p", f"{made.relative_to(record.folder)} shows them one after another.", class_="soft")
    moved = inline(data, "gif", "samples while training went on", last.size)
    return figure(moved, "The same samples as training went on (samples/training.gif).", class_="film")


def beside(record: RunRecord, run: Run | None, missing: str) -> Markup:
    """Samples beside real ones; translations beside their inputs and targets."""
    trained = None if run is None else load(record.folder, game=copy.deepcopy(run.game))
    if run is None or trained is None or (missing and trained.space.same_form(run.space)):
        words = f"The run's data is not to be had here: {missing}"
        return join(h("h2", "Beside real samples"), h("p", words, class_="soft"))
    note = h("p", f"{missing[0].upper()}{missing[1:]}.") if missing else None
    task = task_of(trained.game, run.samples, seed=run.seed, precision=trained.precision)
    own = section(task.section(trained.game))
    return join(note, own, nearest.section(run, trained) if isinstance(task, Generate) else None)


def section(found: Section) -> Markup:
    """A task's part of the page."""
    figures = [figure(image(each.picture, each.name, 250_000), each.caption) for each in found.figures]
    return join(
        h("h2", found.title),
        h("p", found.note, class_="soft") if found.note else None,
        h("div", figures, class_="grids"),
    )


def terms(record: RunRecord, marks: Marks) -> Markup:
    """Every term's curve, and what happened on the way."""
    drawn = [
        panel(name, number(curve[-1][1]), draw(name, curve, record.step, marks))
        for name, curve in list(record.terms.items())[:PANELS]
    ]
    events = [(f"{step:,}", words) for step, words in record.events[-EVENTS:]]
    notes = "Means over the steps between looks, along the steps; the number is the latest. "
    if marks.skipped:
        notes += "Ticks above the axis: steps that were skipped, as a number was not finite. "
    if marks.rollbacks:
        notes += "Dashed upright lines: training went back to a checkpoint. "
    if marks.onsets:
        notes += "Red upright line: what is wrong began here. "
    return join(
        h("h2", "How training went"),
        h("p", notes if drawn else "Nothing was logged yet.", class_="soft"),
        h("div", drawn, class_="panels"),
        h("h3", "Events") if events else None,
        table([*events], ("Step", "What happened"), class_="events") if events else None,
    )


def how(record: RunRecord) -> Markup:
    """All that is needed to do it again."""
    said = record.described
    commit = {"commit": said.get("commit")}
    machine = {**(said.get("versions") or {}), **commit, **(said.get("hardware") or {})}
    return join(
        h("h2", "How it was made"),
        h("pre", h("code", command(record))),
        h(
            "div",
            h("div", h("h3", "Options of the recipe"), options_table(said["options"], defaults(record))),
            h("div", h("h3", "Settings"), options_table(said["settings"], vars(Settings()))),
            h("div", h("h3", "Versions and machine"), options_table(machine, None)),
            class_="pair",
        ),
        h("footer", f"Written by ptarmigan. The run is in {record.folder}."),
    )


def options_table(values: dict[str, Any], defaults: dict[str, Any] | None) -> Markup:
    """A table of names and values; those that differ from the defaults stand out."""
    rows = []
    for name, value in values.items():
        changed = defaults is not None and name in defaults and options.plain(defaults[name]) != value
        shown = format_value(value)
        cell = h("span", shown, class_="changed", title="not the default") if changed else join(shown)
        rows.append((name.replace("_", " "), cell))
    return table([*rows], class_="plain")


def format_value(value: Any) -> str:
    """A value as a person reads it."""
    words = {True: "yes", False: "no", None: "–", "": "–"}
    if isinstance(value, bool | str) or value is None:
        shown = words.get(value, str(value))
    elif isinstance(value, list):
        shown = ", ".join(map(str, value))
    else:
        shown = str(value)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + "…"


def defaults(record: RunRecord) -> dict[str, Any] | None:
    """The recipe's defaults, where it is to be had."""
    try:
        return options.defaults(zoo.recipe(zoo.name_in(record.described)))
    except Exception:  # as in rebuilt
        return None


def command(record: RunRecord) -> str:
    """What to type to do it again."""
    if record.described.get("command"):
        return str(record.described["command"])
    known = defaults(record)
    if known is None:
        return "# this run was made in Python, and no command repeats it"
    given = record.described["options"] | record.described["settings"]
    return treatment.command(record.recipe, given, known | vars(Settings()), str(record.folder))
