"""Runs with their scores, grouped by all but the seed."""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from ptarmigan.core.errors import one_line
from ptarmigan.data.known import DATA
from ptarmigan.evaluation import written
from ptarmigan.evaluation.score import score_run
from ptarmigan.media.files import path_of
from ptarmigan.media.plain import read_json
from ptarmigan.training import run_folder as folders
from ptarmigan.training.run import Run
from ptarmigan.training.schema import Scores, check

LONGEST = 40
"""Characters of a group's name made of options, at most; else it is the name of a folder."""
LARGEST = 2**22
"""Bytes of a file of scores, at most."""
MOST = 1_000_000
"""The largest number of samples in a file of scores: as many are generated for runs without scores."""
SAME = folders.FREE | {"seed", DATA}
"""Options and settings in which runs of one group may differ."""
ABSENT = "–"

Entry = dict[str, Any]


@dataclass(frozen=True)
class Scored:
    """A run, or a model without networks, and its scores.

    Attributes:
        folder: the run's folder; None for a model.
        described: its run.json.
        step: after which it was scored.
        samples: how many were scored.
        entries: its scores by name, in the form of ``written``.
        shown: a picture of a model's samples; None for a run.
    """

    folder: Path | None
    described: dict[str, Any]
    step: int
    samples: int
    entries: dict[str, Entry]
    shown: Image.Image | None = None

    @property
    def called(self) -> str:
        """The run's folder, or the model's name."""
        return str(self.folder or self.described["recipe"])

    @property
    def seed(self) -> Any:
        """The seed of the training."""
        return self.described["options"].get("seed")

    @property
    def chosen(self) -> dict[str, Any]:
        """All options and settings that change numbers, except the seed."""
        both = {**self.described["options"], **self.described["settings"]}
        return {"recipe": self.described["recipe"]} | {k: v for k, v in both.items() if k not in SAME}


@dataclass(frozen=True)
class Group:
    """Runs that differ only in seed.

    Attributes:
        name: by which it differs from the other groups.
        runs: at least one.
    """

    name: str
    runs: tuple[Scored, ...]


def read(
    runs: Sequence[str | os.PathLike[str]], device: str, thorough: bool = False, run: Run | None = None
) -> tuple[str, list[Scored]]:
    """The data of the runs, and the runs with their scores; those that have none are scored now.

    Args:
        runs: their folders.
        device: of the samples.
        thorough: for a comparison with models: one run is enough, and scores of training do not count.
        run: the networks and the data of runs that were made in Python.

    Raises:
        ValueError: fewer than two runs, one twice, a folder without a run, runs on different data, or scores
            that cannot be read.
        FileNotFoundError: the data of a run that has no scores yet is missing.
    """
    places = [path_of(run) for run in runs]
    if len(places) < (1 if thorough else 2):
        raise ValueError("a comparison needs the folders of at least two runs, or of one with --beside")
    twice = [place for place, count in Counter(p.resolve() for p in places).items() if count > 1]
    if twice:
        raise ValueError(f"{twice[0]} is given twice")
    described = [folders.load(place) for place in places]
    data = _same_data(places, described)
    kept = [_kept(place, thorough) for place in places]
    counts = Counter(found["samples"] for found in kept if found is not None)
    wanted = {"n": counts.most_common(1)[0][0]} if counts else {}
    out = []
    for place, words, there in zip(places, described, kept, strict=True):
        given = run if words["recipe"] == folders.BY_HAND or words.get("edited") else None
        found = there or _whole(place, score_run(place, device=device, run=given, **wanted))
        out.append(Scored(place, words, found["step"], found["samples"], found["scores"]))
    return data, out


def grouped(runs: Iterable[Scored]) -> tuple[Group, ...]:
    """Group runs that differ only in seed, in the given order.

    Raises:
        ValueError: two of them have the same seed too.
    """
    found: dict[str, list[Scored]] = {}
    for run in runs:
        mine = found.setdefault(json.dumps(run.chosen, sort_keys=True, default=str), [])
        for other in mine:
            if other.seed == run.seed:
                raise ValueError(
                    f"{other.called} and {run.called} are the same run, seed {run.seed}: train one with "
                    "another --seed"
                )
        mine.append(run)
    return tuple(
        Group(name, tuple(mine)) for name, mine in zip(_names([*found.values()]), found.values(), strict=True)
    )


def _same_data(places: list[Path], described: list[dict[str, Any]]) -> str:
    """The data on which all were trained."""
    names = [str(words["options"].get(DATA, "")) for words in described]
    digests = [words.get(DATA, {}).get("digest", "") for words in described]
    found: dict[str, tuple[Path, str]] = {}
    for place, name, digest in zip(places, names, digests, strict=True):
        where = str(path_of(name).resolve()) if path_of(name).exists() else name
        found.setdefault(digest if all(digests) else where, (place, name))
    if len(found) > 1:
        each = ", ".join(
            f"{place} was trained on {name or 'no named data'}" for place, name in found.values()
        )
        raise ValueError(f"scores on different data cannot be compared: {each}")
    return names[0]


def _kept(place: Path, thorough: bool) -> dict[str, Any] | None:
    """The scores in a run's folder, or None; with ``thorough``, only those with errors and baselines."""
    path = place / written.FILE
    if not path.exists():
        return None
    try:
        found = read_json(path, LARGEST)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{path} cannot be read ({one_line(error)}): 'ptarmigan score {place}' makes it anew"
        ) from error
    whole = _whole(place, found)
    with_baselines = all("baselines" in entry for entry in whole["scores"].values())
    return whole if with_baselines or not thorough else None


def _whole(place: Path, found: Any) -> dict[str, Any]:
    """Check that scores have all that a comparison needs."""
    path, again = place / written.FILE, f"'ptarmigan score {place}' writes it again"
    problem = f"{path} does not say how its scores were measured: {again}"
    check(Scores, found, problem)
    if not 0 < (found.get("samples") or 0) <= MOST:
        raise ValueError(problem)
    return dict(found)


def _names(groups: list[list[Scored]]) -> list[str]:
    """The name of each group: its recipe, where there are several, and the options that differ."""
    recipes = [runs[0].described["recipe"] for runs in groups]
    names = []
    for recipe, runs in zip(recipes, groups, strict=True):
        alike = [other[0].chosen for other, theirs in zip(groups, recipes, strict=True) if theirs == recipe]
        mine = runs[0].chosen
        apart = [f"{name.replace('_', ' ')} {mine.get(name, ABSENT)}" for name in _differing(alike)]
        short = Path(recipe).stem if recipe.endswith(".py") else recipe
        words = [short] if len({*recipes}) > 1 or not apart else []
        name = " ".join([*words, ", ".join(apart)]).strip()
        names.append(name if len(name) <= LONGEST else runs[0].called)
    repeated = {name for name, count in Counter(names).items() if count > 1}
    return [runs[0].called if name in repeated else name for name, runs in zip(names, groups, strict=True)]


def _differing(chosen: Sequence[dict[str, Any]]) -> list[str]:
    """The names of options whose values differ."""
    names = dict.fromkeys(itertools.chain.from_iterable(chosen))
    return [n for n in names if any(c.get(n, ABSENT) != chosen[0].get(n, ABSENT) for c in chosen)]


def chosen_differently(groups: Sequence[Group]) -> dict[str, tuple[Any, ...]]:
    """The options in which groups differ, and the commits of ptarmigan."""
    chosen = [
        group.runs[0].chosen
        | {"commit": ", ".join(dict.fromkeys(str(run.described.get("commit")) for run in group.runs))}
        for group in groups
    ]
    return {name: tuple(c.get(name, ABSENT) for c in chosen) for name in _differing(chosen)}
