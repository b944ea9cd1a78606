"""What can be said of runs side by side, and what cannot."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptarmigan.evaluation.beside import beside as fitted_beside
from ptarmigan.evaluation.beside import learnt
from ptarmigan.evaluation.rows import SAMPLES, Difference, Row, row_of
from ptarmigan.evaluation.runs import ABSENT, Group, chosen_differently, grouped, read
from ptarmigan.training.run import Run

NAMED = 3
"""Groups that a sentence names, at most."""


@dataclass(frozen=True)
class Comparison:
    """What ``compare`` found.

    Attributes:
        data: what all the runs were trained on.
        groups: the runs that differ only in seed, together; then the models beside them.
        rows: one for each score.
        options: what the groups chose differently: by name, one value for each group.
        notes: what has to be said beside the scores, a sentence each.
    """

    data: str
    groups: tuple[Group, ...]
    rows: tuple[Row, ...]
    options: dict[str, tuple[Any, ...]]
    notes: tuple[str, ...]

    def verdict(self, row: Row) -> str:
        """What can be said of a score in one sentence."""
        if len(row.ranking) < 2:
            return f"{row.name}: there are no two to compare"
        best = row.ranking[0]
        tests = [d for d in row.differences if d.groups[0] == best]
        kinds = {
            "better than": [d for d in tests if d.called],
            "not to be told from": [d for d in tests if d.p_value is not None and not d.called],
            "not tested against": [d for d in tests if d.p_value is None],
        }
        words = [f"{kind} {self._among(found)}" for kind, found in kinds.items() if found]
        return f"{row.name}: {self.groups[best].name} is {'; '.join(words)}"

    def _among(self, tests: list[Difference]) -> str:
        """Whom the first was tested against, and with which p-values."""
        if len(tests) > NAMED:
            known = [d.p_value for d in tests if d.p_value is not None]
            between = f" ({shown_p(min(known))} to {max(known):.2g})" if known else ""
            return f"{len(tests)} others{between}"
        return ", ".join(f"{self.groups[d.groups[1]].name} ({evidence(d)})" for d in tests)

    def plain(self) -> dict[str, Any]:
        """All of it as plain data, for JSON."""
        return {
            "data": self.data,
            "groups": [
                {
                    "name": group.name,
                    "runs": [{"run": r.called, "seed": r.seed, "step": r.step} for r in group.runs],
                }
                for group in self.groups
            ],
            "scores": {row.name: self._plain(row) for row in self.rows},
            "options": {name: list(values) for name, values in self.options.items()},
            "notes": list(self.notes),
        }

    def _plain(self, row: Row) -> dict[str, Any]:
        names = [group.name for group in self.groups]
        cells = {
            name: {
                "value": cell.value,
                "spread": cell.spread,
                "values": list(cell.values),
                "left_out": cell.left_out or None,
            }
            for name, cell in zip(names, row.cells, strict=True)
        }
        differences = [
            {
                "better": names[d.groups[0]],
                "worse": names[d.groups[1]],
                "p_value": d.p_value,
                "by": d.by,
                "called": d.called,
            }
            for d in row.differences
        ]
        return {
            "unit": row.unit,
            "direction": "lower is better" if row.lower_is_better else "higher is better",
            "protocol": row.protocol,
            "floor": row.floor,
            "baselines": row.baselines,
            "groups": cells,
            "leaders": [names[i] for i in row.leaders],
            "differences": differences,
            "verdict": self.verdict(row),
        }


def compare(
    runs: Sequence[str | os.PathLike[str]],
    *,
    beside: Sequence[str] = (),
    device: str = "auto",
    run: Run | None = None,
) -> Comparison:
    """Compare the scores of runs on the same data; runs without scores are scored first.

    Models without networks may stand beside the runs: they are fitted to the same data, with as many seeds as
    a group of runs has, and as many samples of theirs are scored. Runs of which only training's own scores
    are there are then scored, too, as these say less.

    Groups of two or more seeds are compared by Welch's t-test, others by the standard errors of their scores,
    with Holm's correction for the number of pairs.

    Args:
        runs: folders of at least two runs, or of one that models are beside.
        beside: mixture, kernels (of rows of numbers, and points), hmm (of series).
        device: where to make the samples of runs that were not scored yet.
        run: has the networks and the data of runs that were put together in Python.

    Raises:
        ValueError: fewer than two runs, one twice or two of one seed, a folder without a run, runs of
            different data, scores that cannot be read, or a model that is not for such data.
        FileNotFoundError: the data of a run that has to be scored is not to be had.
    """
    samples = learnt(beside, Path(runs[0]), run) if beside and runs else None
    data, scored = read(runs, device, thorough=bool(beside), run=run)
    trained = grouped(scored)
    models = () if samples is None else fitted_beside(beside, samples, trained)
    groups = trained + models
    rows = tuple(row_of(name, groups) for name in dict.fromkeys(n for run in scored for n in run.entries))
    blank = (ABSENT,) * len(models)
    options = {name: values + blank for name, values in chosen_differently(trained).items()}
    return Comparison(data, groups, rows, options, tuple(_notes(groups, rows)))


def evidence(difference: Difference) -> str:
    """What a pair was told apart by, in a few words."""
    if difference.p_value is None:
        return "no standard error" if difference.by == SAMPLES else "seeds that do not vary"
    return shown_p(difference.p_value) + (", one seed" if difference.by == SAMPLES else "")


def shown_p(p_value: float) -> str:
    """A p-value in words."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


def _notes(groups: Sequence[Group], rows: Sequence[Row]) -> Iterable[str]:
    """What has to be said beside the scores."""
    yield from _otherwise(groups, rows)
    alone = [group.name for group in groups if len(group.runs) == 1 and group.runs[0].folder]
    if rows and len(groups) > 1 and alone:
        yield (
            f"One seed cannot tell recipes apart: what is said of {', '.join(alone)} is said of one trained "
            "network and not of the next one; --seed 1 and --seed 2 make more of them"
        )
    if any(d.p_value is None and d.by == SAMPLES for row in rows for d in row.differences):
        yield (
            "Some scores have no standard error, and single runs cannot be told apart by them: 'ptarmigan "
            "score RUN' scores a run again"
        )
    for group in groups:
        steps = {run.step for run in group.runs}
        if len(steps) > 1:
            words = ", ".join(f"{step:,}" for step in sorted(steps))
            yield f"The runs of {group.name} were scored after different numbers of steps: {words}"


def _otherwise(groups: Sequence[Group], rows: Sequence[Row]) -> Iterable[str]:
    """Which runs were measured otherwise, in what, and how, by the example of the first score."""
    for run in itertools.chain.from_iterable(group.runs for group in groups):
        mine = {row.name: run.entries[row.name]["protocol"] for row in rows if row.name in run.entries}
        unlike = [row for row in rows if mine.get(row.name, row.protocol) != row.protocol]
        if unlike:
            first, among = unlike[0], ", ".join(row.name for row in unlike)
            words = _unlike(mine[first.name], first.protocol)
            yield (
                f"{run.called} was measured otherwise (‡) and is left out of the ranking by {among}: {words}"
            )


def _unlike(one: str, other: str) -> str:
    """In which parts two protocols differ."""
    mine, theirs = one.split("; "), other.split("; ")
    here = "; ".join(part for part in mine if part not in theirs) or "less is said"
    there = "; ".join(part for part in theirs if part not in mine) or "less is said"
    return f"{here}; the others: {there}"
