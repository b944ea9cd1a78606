"""The doctor's findings as people read them: on a terminal, as JSON, and on the page."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ptarmigan import zoo
from ptarmigan.doctor import Fault, Finding, History, diagnose, read
from ptarmigan.doctor.treatment import Treatment, command, in_force, setup, treat
from ptarmigan.doctor.words import SIGNS, UNCALIBRATED, WORDS, Words
from ptarmigan.report.curves import Marks, draw, number, panel
from ptarmigan.report.html import Markup, h, join
from ptarmigan.report.record import RunRecord
from ptarmigan.training import options
from ptarmigan.training.run import Run
from ptarmigan.training.settings import Settings

DRAWN_SIGNS = (
    "auc",
    "auc_held_out",
    "membership_auc",
    "gradient_norm",
    "frechet",
    "averaged/frechet",
    "precision",
    "averaged/precision",
    "vendi",
    "averaged/vendi",
    "coverage",
    "averaged/coverage",
    "averaged/copies",
    "movement",
    "edge",
)
"""Vital signs that the page draws, where they were measured; and those of the players."""
POLL = 2.0
"""Seconds between two looks at a run that goes on."""


@dataclass(frozen=True)
class Opinion:
    """A finding with all that there is to say of it.

    Attributes:
        finding: what is wrong.
        words: why that happens, and what helps.
        treatment: what to change, where that is known.
        command: what to type.
    """

    finding: Finding
    words: Words
    treatment: Treatment | None
    command: str


def opinions(history: History, folder: Path, run: Run | None = None) -> list[Opinion]:
    """What is wrong with a run, and what to do; nothing where it is healthy.

    Args:
        history: what it logged.
        folder: where it is.
        run: the run, on which treatments are tried; made again where None, if there is anything to treat.
    """
    return [opinion(finding, history, folder, run) for finding in diagnose(history)]


def opinion(finding: Finding, history: History, folder: Path, run: Run | None) -> Opinion:
    """All that there is to say of a finding."""
    said, words = history.described, WORDS[finding.fault]
    try:
        find = zoo.finder(said)
        requested = setup(said["recipe"], said["options"], find)
    except Exception:  # it may be anybody's code, or gone
        return Opinion(finding, words, None, "")
    if run is None:
        run = made_again(zoo.name_in(said), json.dumps(said["options"]))
    treatment = treat(finding, requested, find, run=run)
    if treatment is None:
        return Opinion(finding, words, None, "")
    then = in_force(requested, [asdict(treatment)], find)
    known = then.defaults | vars(Settings())
    settings = {
        name: value for name, value in said["settings"].items() if name != "threads"
    }  # a new run finds its own
    typed = command(then.recipe, then.options | settings, known, f"{folder}-treated")
    return Opinion(finding, words, treatment, typed)


@lru_cache(maxsize=1)
def made_again(recipe: str, described: str) -> Run | None:
    """The run as run.json describes it; None where it cannot be built, as when its data are elsewhere."""
    try:
        return options.build(zoo.recipe(recipe), json.loads(described))
    except Exception:  # as above
        return None


def follow(folder: Path, say: Callable[..., object]) -> tuple[History, list[Opinion]]:
    """Look at a run again and again until it is over, and say what has changed; an interrupt ends it too.

    Returns:
        The history and the findings at the end.
    """
    before, history = None, read(folder)
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            found = opinions(history, folder)
            now = {(each.finding.fault, each.finding.detail) for each in found}
            if now != before:
                say(f"step {history.step:,} of {history.steps:,}:", *report_lines(history, found))
            if history.ended:
                break
            before = now
            time.sleep(POLL)
            history = read(folder)
    return history, opinions(history, folder)


def report_lines(history: History, found: list[Opinion]) -> list[str]:
    """The findings as lines of text, and how far they are to be trusted."""
    notes = [*unnamed(history.described)] if found else []
    notes += [] if history.calibrated else [UNCALIBRATED]
    return [*findings(history, found), *(f"note: {note}" for note in notes)]


def unnamed(described: dict[str, Any]) -> Iterator[str]:
    """Why the recipe of a run cannot propose a treatment, where it is a file that the user did not name."""
    try:
        zoo.name_in(described)
    except ValueError as error:
        yield str(error)


def findings(history: History, found: list[Opinion]) -> list[str]:
    """The findings as lines of text."""
    where = f"at step {history.step:,} of {history.steps:,}"
    well = healthy(history, found)
    if well is None:
        return [f"undecided: terms and scores show nothing wrong {where}, but this run has no vital signs"]
    if well:
        return [f"{Fault.HEALTHY.value}: nothing is wrong {where}"]
    lines = []
    for each in found[:1]:
        lines += (
            [each.finding.headline, f"    {evidence(each.finding)}"]
            if each.finding.evidence
            else [each.finding.headline]
        )
        lines += [f"    why: {each.words.why} ({each.words.source})", f"    what helps: {each.words.helps}"]
        if each.treatment is not None:
            lines += [f"    change {each.treatment.words}:", f"    {each.command}"]
    return lines + [f"also: {each.finding.headline}: {evidence(each.finding)}" for each in found[1:]]


def healthy(history: History, found: list[Opinion]) -> bool | None:
    """Whether nothing is wrong with a run; None where there are no vital signs to tell by."""
    if found:
        return False
    return True if history.vitals else None


def evidence(finding: Finding) -> str:
    """The numbers behind a finding."""
    return "; ".join(f"{sign_name(name)} {number(value)}" for name, value in finding.evidence.items())


def sign_name(name: str) -> str:
    """The name of a sign as people read it."""
    prefix, bare = (
        ("EMA samples: ", name.removeprefix("averaged/")) if name.startswith("averaged/") else ("", name)
    )
    kind, _, which = bare.partition("/")
    words = SIGNS.get(kind, kind.replace("_", " "))
    return f"{prefix}{words} {which}".strip()


def as_json(history: History, folder: Path, found: list[Opinion]) -> dict[str, Any]:
    """The findings as plain data."""
    return {
        "run": str(folder),
        "step": history.step,
        "steps": history.steps,
        "over": history.over,
        "healthy": healthy(history, found),
        "calibrated": history.calibrated,
        "findings": [
            {
                **asdict(each.finding),
                **asdict(each.words),
                "changes": {k: options.plain(v) for k, v in each.treatment.changes.items()}
                if each.treatment
                else {},
                "command": each.command or None,
            }
            for each in found
        ],
    }


def section(history: History, found: list[Opinion]) -> Markup | None:
    """The findings on the page; None for a run that logged nothing yet."""
    if not history.step:
        return None
    note = None if history.calibrated else h("p", sentence(UNCALIBRATED), class_="soft")
    if not found:
        said = sentence(findings(history, found)[0])
        return join(h("h2", "Doctor"), h("p", said, class_="soft"), note)
    return join(h("h2", "Doctor"), in_full(found[0]), [in_brief(each) for each in found[1:]], note)


def sentence(words: str) -> str:
    """Words with a capital and a full stop."""
    return f"{words[:1].upper()}{words[1:]}."


def in_full(each: Opinion) -> Markup:
    """The finding that explains the others."""
    headline, treatment = each.finding.headline, each.treatment
    return join(
        h("p", h("strong", sentence(headline)), class_="ending ill"),
        h("p", f"{evidence(each.finding)}.", class_="soft") if each.finding.evidence else None,
        h("p", each.words.why, " ", h("small", f"{each.words.source}. What helps: {each.words.helps}.")),
        h("p", f"To treat it, change {treatment.words}:") if treatment else None,
        h("pre", h("code", each.command)) if treatment else None,
    )


def in_brief(each: Opinion) -> Markup:
    """Another finding."""
    return h("p", h("strong", f"Also {each.finding.headline}"), f": {evidence(each.finding)}.")


def signs(record: RunRecord, marks: Marks) -> Markup | None:
    """The curves of vital signs, folded away."""
    players = [name for name in record.vitals if name.startswith(("grad/", "turn/"))]
    drawn = [
        panel(sign_name(name), number(curve[-1][1]), draw(sign_name(name), curve, record.step, marks))
        for name in (*DRAWN_SIGNS, *players)
        if (curve := record.vitals.get(name))
    ]
    if not drawn:
        return None
    return h("details", h("summary", "Vital signs"), h("div", drawn, class_="panels"))
