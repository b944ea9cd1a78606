"""``ptarmigan.tune``: search for the options of a recipe with the best score."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ptarmigan import zoo
from ptarmigan.api import SETTINGS, compare, default_folder, resolve_recipe
from ptarmigan.evaluation.compare import Comparison
from ptarmigan.media.files import path_of, write
from ptarmigan.training.options import check_names, defaults, to_plain, without_numpy
from ptarmigan.training.settings import Settings, pick_device
from ptarmigan.tuning.halving import rungs as rungs_of
from ptarmigan.tuning.page import write_page
from ptarmigan.tuning.search import Value, dimensions
from ptarmigan.tuning.study import DEFAULT, Plan, Study, open_study
from ptarmigan.tuning.trial import Trial
from ptarmigan.tuning.tuned import Tuned


def tune(
    what: str | os.PathLike[str],
    *,
    search: Mapping[str, str | Sequence[Value]],
    trials: int = 27,
    rungs: int = 3,
    reduction: int = 3,
    finalists: int = 2,
    seeds: int = 3,
    budget: float = 0.0,
    out: str | os.PathLike[str] | None = None,
    storage: str = "",
    kind: str = "",
    quiet: bool = False,
    **options: Any,
) -> Tuned:
    """Search for the options of a recipe with the best score.

    All trials are trained for a short while, of which the best third goes on for three times as long, and so
    on. The best are then trained with new seeds beside the recipe's defaults, and scored as ``score`` does.
    The same call again goes on where it was left; several processes may work on one study.

    Args:
        what: a recipe's name, a ``.py`` file, or data.
        search: by the names of options, ``"1e-4..1e-2:log"``, ``"16,32"`` or a list of values.
        trials: how many; a study that is there can be given more.
        rungs: how often trials are compared, the last time after all steps.
        reduction: of how many trials one goes on, and for how many times as long.
        finalists: how many of the best are trained with new seeds.
        seeds: how many.
        budget: minutes after which this process begins nothing more; 0 for no limit.
        out: the study's folder; ``runs/tune-<recipe>-<data>`` when None.
        storage: the URL of a database to keep what is proposed in; a journal in the folder when empty.
        kind: of the data, where it is not clear from them.
        quiet: say nothing.
        **options: those of the recipe and of ``Settings`` that are not searched.

    Raises:
        ValueError: an option is wrong, the folder holds something else, or the first trial failed.
        MissingPackageError: Optuna is not installed.
    """
    found = resolve_recipe(os.fspath(what), kind)
    name, given = found.recipe, found.options | dict(found.advice.options) | without_numpy(options)
    plan = planned(name, given, search, trials, rungs, reduction, finalists, seeds)
    default = default_folder(name, defaults(zoo.recipe(name)) | plan.options)
    folder = path_of(out) if out is not None else default.with_name(f"tune-{default.name}")
    sampler = open_study(folder, plan, storage)
    until = time.monotonic() + 60 * budget if budget else float("inf")
    study = Study(folder, plan, sampler, until, quiet)
    signal = study.work()
    tried = tuple(study.trials())
    if signal or not study.finished:
        left = Tuned(folder, tried, words="not finished: the same command goes on", signal=signal)
        write_page(left, plan, sampler.importances())
        return left
    tuned = concluded(study, tried)
    write_page(tuned, plan, sampler.importances())
    return tuned


def planned(
    recipe: str,
    options: dict[str, Any],
    search: Mapping[str, str | Sequence[Value]],
    trials: int,
    rungs: int,
    reduction: int,
    finalists: int,
    seeds: int,
) -> Plan:
    """The plan of a study, once its options are known to be right.

    Raises:
        ValueError: one is not.
    """
    function = zoo.recipe(recipe)
    known = defaults(function)
    check_names(options, {*known, *SETTINGS})
    space = dimensions(function, search)
    if min(trials, finalists, seeds) < 1:
        raise ValueError("--trials, --finalists and --seeds are 1 or more")
    settings = Settings(**{name: value for name, value in options.items() if name in SETTINGS})
    pick_device(settings.device)
    if settings.score_every == 0:
        raise ValueError("--score-every 0: trials are compared by their scores")
    steps = int(options.get("steps", known["steps"]))
    asked = {each.name for each in space}
    return Plan(
        recipe=recipe,
        options={name: value for name, value in options.items() if name not in asked},
        space=space,
        defaults={name: (known | options)[name] for name in search},
        trials=trials,
        rungs=rungs_of(steps, rungs, reduction),
        reduction=reduction,
        finalists=finalists,
        seeds=seeds,
    )


def concluded(study: Study, trials: tuple[Trial, ...]) -> Tuned:
    """The finals compared, and the best options."""
    finals = study.finals([*trials])
    if not finals:
        return Tuned(study.folder, trials, words="no trial reached the end: see what they say in tune.html")
    folders = [*finals]
    alone = len(folders) == 1
    comparison = None if alone else compare(folders, out=study.folder / "compare.html")
    winner, words = 0, "no options that were tried are better than the defaults"
    if comparison is not None and comparison.rows:
        row = comparison.rows[0]
        winner, words = row.ranking[0], f"{comparison.verdict(row)}{nothing_gained(comparison)}"
        place = comparison.groups[winner].runs[0].folder
        assert place is not None
        options = {name: finals[place][name] for name in study.plan.defaults}
    else:
        options = study.plan.defaults
    command = written_out(study.plan, options)
    kept = {
        "recipe": study.plan.recipe,
        "options": to_plain(options),
        "defaults": to_plain(study.plan.defaults),
        "command": command,
        "verdict": words,
    }
    write(study.folder / "best.json", (json.dumps(kept, indent=2) + "\n").encode())
    return Tuned(study.folder, trials, options, command, comparison, words)


def nothing_gained(comparison: Comparison) -> str:
    """That tuning gained nothing, where the defaults are the best or may be."""
    places = [group.runs[0].folder for group in comparison.groups]
    mine = [i for i, place in enumerate(places) if place is not None and place.name.startswith(DEFAULT)]
    row = comparison.rows[0]
    gained = not mine or any(d.called and d.groups == (row.ranking[0], mine[0]) for d in row.differences)
    return "" if gained else "; so tuning gained nothing that could not be luck"


def written_out(plan: Plan, options: Mapping[str, Any]) -> str:
    """The command that trains with some options."""
    words = ["ptarmigan", "train", plan.recipe]
    for name, value in {**plan.options, **options}.items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            words += [flag] if value else []
        elif value not in (None, "", ()):
            words += [flag, str(to_plain({name: value})[name])]
    return shlex.join(words)
