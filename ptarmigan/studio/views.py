"""What the page shows of runs, as plain data: a list, one run, several beside each other."""

from __future__ import annotations

import math
from typing import Any

from ptarmigan.report.overlay import overlay
from ptarmigan.studio.runs import Watched
from ptarmigan.training.options import plain

FEWEST, MOST = 2, 5
"""Runs that are compared."""
LONGEST = 300
"""Characters of a value."""


def row(watched: Watched) -> dict[str, Any]:
    """A run in the list."""
    progress, described = watched.followed.progress, watched.described
    pictures = watched.pictures()
    score = next(iter(progress.of("scores").items()), None)
    return {
        "name": watched.name,
        "state": watched.state(),
        "problem": watched.problem,
        "recipe": str(described.get("recipe", "")),
        "data": str(described.get("options", {}).get("data", ""))[:LONGEST],
        "step": progress.step,
        "steps": watched.steps,
        "changed": watched.changed_at(),
        "picture": pictures[-1] if pictures else None,
        "score": None if score is None else {"name": score[0], "line": score[1].line()},
        "fault": (watched.faults or {}).get("headline", ""),
    }


def description(watched: Watched) -> dict[str, Any]:
    """What a run is: what does not change while it goes on."""
    said = watched.described
    return {
        "name": watched.name,
        "folder": str(watched.folder),
        "recipe": str(said.get("recipe", "")),
        "options": {name: shown(value) for name, value in said.get("options", {}).items()},
        "settings": {name: shown(value) for name, value in said.get("settings", {}).items()},
        "versions": {name: shown(value) for name, value in (said.get("versions") or {}).items()},
        "command": str(said.get("command") or ""),
    }


def now(watched: Watched) -> dict[str, Any]:
    """How far a run is: small, and sent whenever something changes."""
    progress = watched.followed.progress
    return {
        "state": watched.state(),
        "problem": watched.problem,
        "step": progress.step,
        "steps": watched.steps,
        "samples": progress.samples,
        "ended": progress.ended,
        "spent": spent(watched),
        "remaining": remaining(watched),
        "skipped": progress.skipped,
        "pictures": watched.pictures(),
        "levels": levels(watched),
        "faults": watched.faults,
    }


def spent(watched: Watched) -> float:
    """Seconds of training."""
    points = watched.followed.seconds.points
    return points[-1].high if points else 0.0


def remaining(watched: Watched) -> float | None:
    """Seconds until all steps are done, by the speed of late; None where nothing is known of it."""
    points, step = watched.followed.seconds.points[-20:], watched.followed.progress.step
    if len(points) < 2 or watched.state() != "running" or points[-1].step <= points[0].step:
        return None
    pace = (points[-1].high - points[0].high) / (points[-1].step - points[0].step)
    return max(0.0, pace * (watched.steps - step))


def levels(watched: Watched) -> dict[str, float]:
    """What real samples score, by the name of the score."""
    scores = watched.last_scores().get("scores")
    entries = scores.items() if isinstance(scores, dict) else ()
    floors = {name: entry.get("floor") for name, entry in entries if isinstance(entry, dict)}
    return {
        name: float(floor)
        for name, floor in floors.items()
        if isinstance(floor, int | float) and math.isfinite(floor)
    }


def shown(value: Any) -> Any:
    """An option as the page shows it."""
    value = plain(value)
    return value[:LONGEST] if isinstance(value, str) else value


def comparison(runs: list[Watched]) -> dict[str, Any]:
    """Several runs beside each other: curves on one scale, as the report draws them, and what differs."""
    names: dict[tuple[str, str], None] = {}
    for watched in runs:
        names |= {key: None for key in watched.followed.progress.curves if key[0] != "vitals"}
    drawn = [
        {"group": group, "name": name, "svg": drawing}
        for group, name in sorted(names, key=lambda key: key[0] != "scores")
        if (drawing := drawn_together(runs, group, name))
    ]
    return {"runs": [row(watched) for watched in runs], "curves": drawn, "differ": differing(runs)}


def drawn_together(runs: list[Watched], group: str, name: str) -> str:
    """A curve of every run that has it, as SVG; empty where no two points are anywhere."""
    found = [(tone, watched.followed.progress.of(group).get(name)) for tone, watched in enumerate(runs)]
    curves = [
        (tone, [(point.step, point.mean) for point in curve.points])
        for tone, curve in found
        if curve is not None and len(curve.points) > 1
    ]
    floors = {levels(watched).get(name) for watched in runs} if group == "scores" else set()
    return str(overlay(name, curves, floors.pop() if len(floors) == 1 else None)) if curves else ""


def differing(runs: list[Watched]) -> list[list[Any]]:
    """Options and settings that are not the same in all runs: name, and the value of each."""
    each = [{"recipe": r.described.get("recipe"), **flat(r.described)} for r in runs]
    names = dict.fromkeys(name for options in each for name in options)
    rows = [[name, *(shown(options.get(name)) for options in each)] for name in names]
    return [line for line in rows if any(value != line[1] for value in line[2:])]


def flat(described: dict[str, Any]) -> dict[str, Any]:
    """Settings and options of a run."""
    return {**described.get("settings", {}), **described.get("options", {})}
