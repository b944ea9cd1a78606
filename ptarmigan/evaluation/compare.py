"""Comparisons of runs: which differences of scores are significant."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptarmigan.evaluation.fitted_models import score_models, training_samples
from ptarmigan.evaluation.rows import SAMPLES, Difference, Row, row_of
from ptarmigan.evaluation.runs import ABSENT, Group, chosen_differently, grouped, read
from ptarmigan.training.run import Run

LISTED = 3
"""Groups that a sentence lists, at most."""


@dataclass(frozen=True)
class Comparison:
    """The result of ``compare``.

    Attributes:
        data: on which all the runs were trained.
        groups: of runs that differ only in seed; then the models without networks.
        rows: one for each score.
        options: the options in which groups differ: by name, one value for each group.
        notes: caveats, a sentence each.
    """

    data: str
    groups: tuple[Group, ...]
    rows: tuple[Row, ...]
    options: dict[str, tuple[Any, ...]]
    notes: tuple[str, ...]

    def verdict(self, row: Row) -> str:
        """The result for one score in one sentence."""
        if len(row.ranking) < 2:
            return f"{row.name}: there are fewer than two to compare"
        best = row.ranking[0]
        tests = [d for d in row.differences if d.groups[0] == best]
        kinds = {
            "better than": [d for d in tests if d.called],
            "not significantly different from": [d for d in tests if d.p_value is not None and not d.called],
            "not tested against": [d for d in tests if d.p_value is None],
        }
        words = [f"{kind} {self._among(found)}" for kind, found in kinds.items() if found]
        return f"{row.name}: {self.groups[best].name} is {'; '.join(words)}"

    def _among(self, tests: list[Difference]) -> str:
        """The groups that the best was tested against, with p-values."""
        if len(tests) > LISTED:
            known = [d.p_value for d in tests if d.p_value is not None]
            between = f" ({format_p(min(known))} to {max(known):.2g})" if known else ""
            return f"{len(tests)} others{between}"
        return ", ".join(f"{self.groups[d.groups[1]].name} ({describe_test(d)})" for d in tests)

    def plain(self) -> dict[str, Any]:
        """As plain data, for JSON."""
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

    Models without networks can be compared with the runs: they are fitted to the same data, with as many
    seeds as the largest group of runs, and scored on as many samples. Runs with only the scores of training
    are then scored thoroughly, too.

    Groups of two or more seeds are compared by Welch's t-test, others by the standard errors of their scores,
    with Holm's correction for the number of pairs.

    Args:
        runs: folders of at least two runs, or of one where ``beside`` is given.
        beside: models without networks: mixture, kernels (of rows of numbers, and points), hmm (of series).
        device: of runs that have no scores yet.
        run: the networks and the data of runs that were made in Python.

    Raises:
        ValueError: fewer than two runs, one twice or two of one seed, a folder without a run, runs on
            different data, scores that cannot be read, or a model that does not fit the data.
        FileNotFoundError: the data of a run that has no scores yet is missing.
    """
    samples = training_samples(beside, Path(runs[0]), run) if beside and runs else None
    data, scored = read(runs, device, thorough=bool(beside), run=run)
    trained = grouped(scored)
    models = () if samples is None else score_models(beside, samples, trained)
    groups = trained + models
    rows = tuple(row_of(name, groups) for name in dict.fromkeys(n for run in scored for n in run.entries))
    blank = (ABSENT,) * len(models)
    options = {name: values + blank for name, values in chosen_differently(trained).items()}
    return Comparison(data, groups, rows, options, tuple(_notes(groups, rows)))


def describe_test(difference: Difference) -> str:
    """The p-value of a pair and its test, in words."""
    if difference.p_value is None:
        return "no standard error" if difference.by == SAMPLES else "seeds that do not vary"
    return format_p(difference.p_value) + (", one seed" if difference.by == SAMPLES else "")


def format_p(p_value: float) -> str:
    """A p-value in words."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


def _notes(groups: Sequence[Group], rows: Sequence[Row]) -> Iterable[str]:
    """Caveats of the scores."""
    yield from _otherwise(groups, rows)
    alone = [group.name for group in groups if len(group.runs) == 1 and group.runs[0].folder]
    if rows and len(groups) > 1 and alone:
        yield (
            f"One seed is not enough to compare recipes: the result for {', '.join(alone)} holds for one "
            "trained network and not for another seed; train more with --seed 1 and --seed 2"
        )
    if any(d.p_value is None and d.by == SAMPLES for row in rows for d in row.differences):
        yield (
            "Some scores have no standard error, so single runs cannot be compared by them: 'ptarmigan "
            "score RUN' scores a run again"
        )
    for group in groups:
        steps = {run.step for run in group.runs}
        if len(steps) > 1:
            words = ", ".join(f"{step:,}" for step in sorted(steps))
            yield f"The runs of {group.name} were scored after different numbers of steps: {words}"


def _otherwise(groups: Sequence[Group], rows: Sequence[Row]) -> Iterable[str]:
    """Which runs have other protocols, for which scores, and how they differ for the first of these."""
    for run in itertools.chain.from_iterable(group.runs for group in groups):
        mine = {row.name: run.entries[row.name]["protocol"] for row in rows if row.name in run.entries}
        unlike = [row for row in rows if mine.get(row.name, row.protocol) != row.protocol]
        if unlike:
            first, among = unlike[0], ", ".join(row.name for row in unlike)
            words = _unlike(mine[first.name], first.protocol)
            yield (f"{run.called} was measured differently (‡) and is not in the ranking by {among}: {words}")


def _unlike(one: str, other: str) -> str:
    """The parts in which two protocols differ."""
    mine, theirs = one.split("; "), other.split("; ")
    here = "; ".join(part for part in mine if part not in theirs) or "less is said"
    there = "; ".join(part for part in theirs if part not in mine) or "less is said"
    return f"{here}; the others: {there}"
