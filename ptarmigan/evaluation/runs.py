"""Runs with their scores, and which of them differ only in seed."""

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
from ptarmigan.evaluation import written
from ptarmigan.evaluation.score import score_run
from ptarmigan.media.files import path_of
from ptarmigan.media.plain import read_json
from ptarmigan.training import run_folder as folders
from ptarmigan.training.run import Run
from ptarmigan.training.schema import Scores, check

LONGEST = 40
"""Characters of a group's name that is made of options; a longer one is its folder."""
LARGEST = 2**22
"""Bytes of a file of scores."""
MOST = 1_000_000
"""Samples that a file of scores may speak of: as many are made for runs that have none."""
SAME = folders.FREE | {"seed"}
"""Options and settings in which runs of one group may differ."""
ABSENT = "–"

Entry = dict[str, Any]


@dataclass(frozen=True)
class Scored:
    """A run and its scores, or a model that was fitted beside runs, and its.

    Attributes:
        folder: the run's folder; None of a model.
        described: its run.json.
        step: after which it was scored.
        samples: how many were scored.
        entries: its scores by name, as ``written`` keeps them.
        shown: samples of a model, which no folder has.
    """

    folder: Path | None
    described: dict[str, Any]
    step: int
    samples: int
    entries: dict[str, Entry]
    shown: Image.Image | None = None

    @property
    def called(self) -> str:
        """The folder in words; of a model its name."""
        return str(self.folder or self.described["recipe"])

    @property
    def seed(self) -> Any:
        """The seed of the training."""
        return self.described["options"].get("seed")

    @property
    def chosen(self) -> dict[str, Any]:
        """All that was chosen, but the seed and what changes no number."""
        both = {**self.described["options"], **self.described["settings"]}
        return {"recipe": self.described["recipe"]} | {k: v for k, v in both.items() if k not in SAME}


@dataclass(frozen=True)
class Group:
    """Runs that differ only in seed.

    Attributes:
        name: what sets it apart from the other groups.
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
        device: where to make samples.
        thorough: models stand beside them: one run is enough, and scores that training left do not count.
        run: has the networks and the data of runs that were put together in Python.

    Raises:
        ValueError: fewer than two runs, one twice, a folder without a run, runs of different data, or scores
            that cannot be read.
        FileNotFoundError: the data of a run that has to be scored is not to be had.
    """
    places = [path_of(run) for run in runs]
    if len(places) < (1 if thorough else 2):
        raise ValueError("a comparison needs at least two runs, or one --beside a model: name their folders")
    twice = [place for place, count in Counter(p.resolve() for p in places).items() if count > 1]
    if twice:
        raise ValueError(f"{twice[0]} is named twice")
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
    """Runs that differ only in seed together, in the order in which they were named.

    Raises:
        ValueError: two of them have the same seed too.
    """
    found: dict[str, list[Scored]] = {}
    for run in runs:
        mine = found.setdefault(json.dumps(run.chosen, sort_keys=True, default=str), [])
        for other in mine:
            if other.seed == run.seed:
                raise ValueError(
                    f"{other.called} and {run.called} are the same run, seed {run.seed}: a repetition is no "
                    "second seed"
                )
        mine.append(run)
    return tuple(
        Group(name, tuple(mine)) for name, mine in zip(_names([*found.values()]), found.values(), strict=True)
    )


def _same_data(places: list[Path], described: list[dict[str, Any]]) -> str:
    """What all of them were trained on."""
    names = [str(words["options"].get("data", "")) for words in described]
    found: dict[str, Path] = {}
    for place, name in zip(places, names, strict=True):
        found.setdefault(str(Path(name).resolve()) if Path(name).exists() else name, place)
    if len(found) > 1:
        each = ", ".join(f"{place} was trained on {name or 'no named data'}" for name, place in found.items())
        raise ValueError(f"scores on different data cannot be compared: {each}")
    return names[0]


def _kept(place: Path, thorough: bool) -> dict[str, Any] | None:
    """The scores that a run's folder holds, with errors and baselines if so wanted, or None."""
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
    """Scores that have all that a comparison needs."""
    path, again = place / written.FILE, f"'ptarmigan score {place}' makes it anew"
    problem = f"{path} does not say how its scores were measured: {again}"
    check(Scores, found, problem)
    if not 0 < (found.get("samples") or 0) <= MOST:
        raise ValueError(problem)
    return dict(found)


def _names(groups: list[list[Scored]]) -> list[str]:
    """What sets each group apart: its recipe, where there are several, and the options that no other has."""
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
    """The names under which not all have the same."""
    names = dict.fromkeys(itertools.chain.from_iterable(chosen))
    return [n for n in names if any(c.get(n, ABSENT) != chosen[0].get(n, ABSENT) for c in chosen)]


def chosen_differently(groups: Sequence[Group]) -> dict[str, tuple[Any, ...]]:
    """What the groups chose differently, and the commits that they were made with."""
    chosen = [
        group.runs[0].chosen
        | {"commit": ", ".join(dict.fromkeys(str(run.described.get("commit")) for run in group.runs))}
        for group in groups
    ]
    return {name: tuple(c.get(name, ABSENT) for c in chosen) for name in _differing(chosen)}
