"""What to change so that a fault goes away: options of the recipe, or at last the recipe, as a command."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ptarmigan.doctor.faults import Fault, Finding
from ptarmigan.doctor.remedies import REMEDIES, Options, Setup, all_defaults, restored
from ptarmigan.modalities.registry import modality_of
from ptarmigan.tasks.choice import task_type
from ptarmigan.training.meaning import Kind, meanings
from ptarmigan.training.options import build, defaults, plain
from ptarmigan.training.run import Run

Find: TypeAlias = Callable[[str], Callable[..., Run]]
"""A recipe by its name."""


@dataclass(frozen=True)
class Treatment:
    """What to do about a finding.

    Attributes:
        recipe: what to train.
        changes: the options that change, by name.
        words: what that is, for a person.
    """

    recipe: str
    changes: Options = field(default_factory=dict)
    words: str = ""


def setup(recipe: str, options: Options, find: Find) -> Setup:
    """A recipe with the options of a run.

    Raises:
        ValueError: there is no such recipe.
    """
    found = find(recipe)
    return Setup(recipe, options, defaults(found), meanings(found))


def in_force(requested: Setup, done: Sequence[Mapping[str, Any]], find: Find) -> Setup:
    """The recipe and the options after treatments; more steps than these made it are kept.

    Args:
        requested: what the user requested.
        done: the treatments, as run.json has them.
        find: a recipe by its name.
    """
    now = requested
    for treatment in done:
        if treatment["recipe"] != now.recipe:
            other = setup(treatment["recipe"], {}, find)
            now = setup(treatment["recipe"], other.defaults | carried(requested, other), find)
        now = Setup(now.recipe, now.options | treatment["changes"], now.defaults, now.meanings)
    more = {
        n: max(now.options[n], requested.options[n])
        for n in now.of_kind(Kind.STEPS)
        if n in requested.options
    }
    return Setup(now.recipe, now.options | more, now.defaults, now.meanings)


def carried(requested: Setup, other: Setup) -> Options:
    """The options that another recipe is given too: what to learn, and for how long."""
    names = (*requested.of_kind(Kind.DATA), *requested.of_kind(Kind.STEPS))
    return {name: requested.options[name] for name in names if name in other.defaults}


def treat(
    finding: Finding,
    requested: Setup,
    find: Find,
    *,
    run: Run | None = None,
    done: Sequence[Mapping[str, Any]] = (),
) -> Treatment | None:
    """What to change because of a finding; None where nothing can be done.

    Every treatment is tried by building what it leads to; one that cannot be built on the run's data, or that
    would be for another task, is skipped for the next.

    Args:
        finding: what is wrong.
        requested: the recipe and the options that the user requested.
        find: a recipe by its name.
        run: the run that is treated; where its data is not to be had, None: then nothing can be built, and
            no other recipe is taken.
        done: earlier treatments of the run.
    """
    for treatment in proposals(finding, requested, find, run, done):
        step = {"recipe": treatment.recipe, "changes": treatment.changes}
        if run is None or can_be_built(run, requested, [*done, step], find):
            return treatment
    return None


def proposals(
    finding: Finding, requested: Setup, find: Find, run: Run | None, done: Sequence[Mapping[str, Any]]
) -> Iterator[Treatment]:
    """The treatments of a finding, the first choice first; see ``changes`` for those of options."""
    if finding.fault in (Fault.DATA, Fault.HEALTHY):
        return
    now = in_force(requested, done, find)
    before = [treatment["changes"] for treatment in done if treatment["recipe"] == now.recipe]
    for new in changes(finding.fault, now, before):
        yield Treatment(now.recipe, new, in_words(now.options, new))
    other = "" if run is None else instead(finding.fault, run)
    if other and other != now.recipe:
        yield Treatment(other, {}, f"the recipe from {now.recipe} to {other}")


def changes(fault: Fault, now: Setup, before: Sequence[Options] = ()) -> Iterator[Options]:
    """The changes of options because of a fault, the first choice first.

    First, options that lie where they do harm go back to their defaults. Where that did not help, all do that
    might. Then the players are held more firmly, or let go, a little more each time.

    Args:
        fault: what is wrong.
        now: the recipe and its options.
        before: what earlier treatments changed of this recipe's options.
    """
    untried = now.without({name for changed in before for name in changed})
    given = sum(any(value != now.defaults.get(n) for n, value in changed.items()) for changed in before)
    ways = [restored(fault)(untried), all_defaults(untried) if before else {}]
    for changed in (*ways, *(remedy(now) for remedy in REMEDIES[fault][given:])):
        new = {name: value for name, value in changed.items() if plain(value) != plain(now.options[name])}
        if new:
            yield new


def instead(fault: Fault, run: Run) -> str:
    """The recipe to take where options do not help, as task and modality say; empty where there is none."""
    return task_type(run.game).fallback(modality_of(run.space).recipe, hidden=fault is Fault.HIDDEN)


def can_be_built(run: Run, requested: Setup, done: Sequence[Mapping[str, Any]], find: Find) -> bool:
    """Whether treatments lead to a run for the same task, of samples of the same form."""
    try:
        then = in_force(requested, done, find)
        other = build(find(then.recipe), then.options)
    except Exception:  # a recipe may be anybody's code
        return False
    other.samples.close()
    return task_type(other.game) is task_type(run.game) and not run.space.same_form(other.space)


def command(recipe: str, given: Options, defaults: Options, out: str) -> str:
    """The command that trains a recipe with options and settings: those that differ from their defaults."""
    words = ["ptarmigan", "train", recipe]
    for name, value in given.items():
        if name in defaults and value is not None and plain(defaults[name]) != plain(value):
            words += flag(name, value)
    return shlex.join([*words, "--out", out])


def flag(name: str, value: Any) -> list[str]:
    """An option as it is typed."""
    dashed = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{dashed}" if value else f"--no-{dashed}"]
    if isinstance(value, list | tuple):
        return [f"--{dashed}", *map(str, value)]
    return [f"--{dashed}", str(value)]


def in_words(options: Options, new: Options) -> str:
    """What changes, for a person."""
    return ", ".join(f"{name} from {short(options.get(name))} to {short(v)}" for name, v in new.items())


def short(value: Any) -> str:
    """A value, short."""
    return f"{value:g}" if isinstance(value, float) else str(value)
