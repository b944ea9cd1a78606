"""Scores in Markdown, as the cards of runs and of exports show them; what anybody wrote is only shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ptarmigan.core.text import printable


def table(scores: Mapping[str, Any] | None, again: str) -> str:
    """Scores beside those of real samples and of trivial generators, and how they were measured.

    Args:
        scores: as scores.json has them; None where there are none.
        again: what to do once the run is scored, in words.
    """
    if not scores or not scores.get("scores"):
        return f"It has not been scored: `ptarmigan score RUN`, then {again}."
    entries: Mapping[str, Any] = scores["scores"]
    others = list(dict.fromkeys(name for one in entries.values() for name in one.get("baselines") or {}))
    head = ["Score", "This run", "±", "Real samples", *map(inline, others), "Better when"]
    lines = [line(head), line(["---"] * len(head))]
    for name, one in entries.items():
        beside = [(one.get("baselines") or {}).get(other) for other in others]
        numbers = map(number, [one.get("value"), one.get("error"), one.get("floor"), *beside])
        direction = str(one.get("direction") or "–").removesuffix(" is better")
        lines.append(line([inline(name), *numbers, inline(direction)]))
    protocols = dict.fromkeys(str(one.get("protocol") or "") for one in entries.values())
    said = [f"- {inline(words)}" for words in protocols if words] or ["- not known"]
    count = f"Of {scores['samples']:,} samples. " if isinstance(scores.get("samples"), int) else ""
    without = (
        "" if others else f"\n\nTrivial generators were not scored: `ptarmigan score RUN`, then {again}."
    )
    return "\n".join(lines) + f"\n\n{count}How it was measured:\n\n" + "\n".join(said) + without


def line(cells: Sequence[str]) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def number(value: object) -> str:
    """A number of a table."""
    return f"{value:.4g}" if isinstance(value, int | float) else "–"


def inline(words: object) -> str:
    """Text of anybody as Markdown that only shows it."""
    return re.sub(r"([\\`*_\[\]<>|#&!$~])", r"\\\1", printable(str(words)))
