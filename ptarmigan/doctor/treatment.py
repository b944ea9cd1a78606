"""What to change so that a fault goes away: options of the recipe, as a command."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from ptarmigan.doctor.faults import Fault, Finding
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.series.source import Series
from ptarmigan.modalities.table.source import Table
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.training.options import plain

FAR, EXTREME = 2.0, 10.0
"""An option is far from its default when it is more than so many times as large, or as small; and when it is
so far that it does harm whatever the fault is."""
STRONGER = 10.0
"""A penalty is made stronger, or weaker, by so much at a time."""
SLOWER = 3.0
"""A rate is divided, or multiplied, by so much at a time."""
LONGER = 2
"""A run is made so many times as long."""
INSTEAD = {True: "image.r1gan", False: "toy.r3gan"}
"""The recipes that are most robust, for images and for points."""
WITHOUT_CYCLE = "translate.cut"
"""The translation without pairs that needs no way back."""

UP, DOWN = 1, -1
NOWHERE, UPWARD, DOWNWARD, BOTH = frozenset[int](), frozenset({UP}), frozenset({DOWN}), frozenset({UP, DOWN})
LEARNED = (
    *(option.name for kind in (Images, Pairs, Table, Series, Vectors) for option in fields(kind)),
    "seed",
)
"""Options that say what is learned."""
KEPT = frozenset({*LEARNED, "half_life", "conditional"})
"""The same, and those that say how it is looked at."""
RATES = frozenset({"rate", "discriminator_rate", "penalty", "moves"})
"""Kinds of options that do harm in either direction when they are extreme."""
MEANT = {"size": 4.0, "discriminator_size": 4.0, "latent": 4.0, "batch": EXTREME}
"""Kinds of options that people make smaller to save time or memory: how far from its default one may be."""
LARGER = frozenset({"size", "discriminator_size", "latent", "batch", "augmentation"})
"""Kinds of options of which more does no harm."""
OFF = ("none", False)
"""What is not done."""

Options = dict[str, Any]
Change = Callable[[Options, Options], Options]
"""Options and their defaults to what is changed."""


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


def command(recipe: str, given: Options, usual: Options, out: str) -> str:
    """What to type to train a recipe with options and settings: those that are not as usual."""
    words = ["ptarmigan", "train", recipe]
    for name, value in given.items():
        if name in usual and value is not None and plain(usual[name]) != plain(value):
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


def treat(
    finding: Finding, recipe: str, options: Options, defaults: Options, before: Sequence[Options] = ()
) -> Treatment | None:
    """What to change because of a finding; None where options cannot help.

    First, options that lie where they do harm go back to their defaults. Where that did not help, all do that
    might. Then the players are held more firmly, or let go, a little more each time; at last, another recipe.

    Args:
        finding: what is wrong.
        recipe: the run's recipe.
        options: its options.
        defaults: those that it comes with.
        before: what earlier treatments of the run changed.
    """
    if finding.fault in (Fault.DATA, Fault.HEALTHY):
        return None
    tried = {name for changes in before for name in changes}
    untried = {name: value for name, value in options.items() if name not in tried}
    given = sum(any(value != defaults.get(name) for name, value in changes.items()) for changes in before)
    ways = [restored(finding.fault)(untried, defaults), usual(untried, defaults) if before else {}]
    for changes in (*ways, *(remedy(options, defaults) for remedy in REMEDIES[finding.fault][given:])):
        new = {name: value for name, value in changes.items() if plain(value) != plain(options[name])}
        if new:
            return Treatment(recipe, new, in_words(options, new))
    instead = another(finding.fault, defaults)
    if recipe == instead or not instead:
        return None
    return Treatment(instead, {}, f"the recipe from {recipe} to {instead}")


def another(fault: Fault, defaults: Options) -> str:
    """The recipe to take where options do not help; empty where there is none."""
    if "pair" in defaults:
        return WITHOUT_CYCLE if fault is Fault.HIDDEN else ""
    if "categorical" in defaults:  # rows of a table, of which neither makes any
        return ""
    return INSTEAD["size" in defaults]


def carried(options: Options) -> Options:
    """The options that another recipe is given too: what to learn, and for how long."""
    return {k: options[k] for k in dict.fromkeys((*LEARNED, "steps")) if k in options}


def in_words(options: Options, changes: Options) -> str:
    """What changes, for a person."""
    return ", ".join(f"{name} from {spelt(options.get(name))} to {spelt(v)}" for name, v in changes.items())


def spelt(value: Any) -> str:
    """A value, short."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def rates(options: Options, player: str = "") -> list[str]:
    """The names of learning rates; those of one player where they have rates of their own."""
    every = [n for n in options if (n == "lr" or n.endswith("_lr")) and not n.startswith("final")]
    mine = [n for n in every if n.startswith(player)] if player else every
    if player == "generator" and not mine and any(n.startswith("discriminator") for n in every):
        mine = [n for n in every if n == "lr"]
    return mine or every


def dial(name: str) -> str:
    """What kind of option a name is."""
    if name.startswith("final"):
        return "end"
    if name == "lr" or name.endswith("_lr"):
        return "discriminator_rate" if name.startswith(("discriminator", "critic")) else "rate"
    if name in ("gamma", "weight", "cycle", "content", "identity"):
        return "penalty"
    if name in ("k", "critic_steps", "discriminator_steps"):
        return "moves"
    if name.endswith(("width", "depth", "blocks")) or name == "hidden":
        return "discriminator_size" if name.startswith("discriminator") else "size"
    known = {
        "latent": "latent",
        "lazy": "lazy",
        "batch": "batch",
        "steps": "length",
        "augment": "augmentation",
    }
    return known.get(name, "other")


def harm(fault: Fault) -> dict[str, frozenset[int]]:
    """In which direction from its default an option of some kind does harm."""
    slow = fault in (Fault.STALLED, Fault.UNDERFITTING, Fault.TOO_WEAK)
    learned = fault in (Fault.OVERFITTING, Fault.MEMORISATION, Fault.TOO_STRONG)
    return {
        "rate": BOTH if slow or fault is Fault.TOO_STRONG else UPWARD,
        "discriminator_rate": BOTH if slow else UPWARD,
        "penalty": BOTH,
        "moves": BOTH,
        "size": BOTH if fault is Fault.MEMORISATION else DOWNWARD,
        "discriminator_size": BOTH if learned else DOWNWARD,
        "latent": DOWNWARD,
        "lazy": UPWARD,
        "batch": DOWNWARD,
        "augmentation": DOWNWARD if learned else BOTH,
        "end": UPWARD,
        "length": DOWNWARD if slow else NOWHERE,
        "other": BOTH,
    }


def restored(fault: Fault) -> Change:
    """Options that lie where they do harm, back at their defaults."""
    harmful = harm(fault)

    def change(options: Options, defaults: Options) -> Options:
        return {
            name: default
            for name, default in defaults.items()
            if name in options
            and name not in KEPT
            and (
                direction(options[name], default, MEANT.get(dial(name), FAR)) & harmful[dial(name)]
                or (dial(name) in RATES and direction(options[name], default, EXTREME))
            )
        }

    return change


def usual(options: Options, defaults: Options) -> Options:
    """All options at their defaults, but for those of which more does no harm, and for the steps."""
    return {
        name: default
        for name, default in defaults.items()
        if name in options
        and name not in (*KEPT, "steps")
        and direction(options[name], default, 1.0) & (DOWNWARD if dial(name) in LARGER else BOTH)
    }


def direction(value: Any, default: Any, far: float = FAR) -> frozenset[int]:
    """Where a value lies from its default: far above, far below, or elsewhere, which may be either.

    What is done by default and is not lies below it, and the other way round above.
    """
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (value, default))
    if not numbers:
        same = (
            value == default or list(value) == list(default)
            if isinstance(default, tuple)
            else value == default
        )
        if same:
            return NOWHERE
        if value in OFF:
            return DOWNWARD
        return UPWARD if default in OFF else BOTH
    if value > far * default:
        return UPWARD
    if value * far < default:
        return DOWNWARD
    return NOWHERE


def slower(player: str = "") -> Change:
    """Lower rates; of a run that is shorter than usual, at rates that are not above theirs, the usual length.

    Such a run has not come far enough to tell, and lower rates would keep it from coming there.
    """

    def change(options: Options, defaults: Options) -> Options:
        names = rates(options, player)
        if options.get("steps", 0) < defaults.get("steps", 0) and not any(
            direction(options[name], defaults[name], 1.0) & UPWARD for name in names
        ):
            return {"steps": defaults["steps"]}
        return {name: rounded(options[name] / SLOWER) for name in names}

    return change


def faster(player: str = "") -> Change:
    """Higher rates."""
    return lambda options, _: {name: rounded(options[name] * SLOWER) for name in rates(options, player)}


def penalty(factor: float) -> Change:
    """A stronger or a weaker penalty; where it was off, its default."""

    def change(options: Options, defaults: Options) -> Options:
        return {
            name: rounded(options[name] * factor) if options[name] else defaults[name]
            for name in options
            if dial(name) == "penalty" and isinstance(options[name], float)
        }

    return change


def rounded(value: float) -> float:
    """A number that people would type."""
    return float(f"{value:.2g}")


def wider(player: str) -> Change:
    """Twice as many channels or units."""

    def change(options: Options, _: Options) -> Options:
        names = [n for n in options if n.endswith("width")]
        mine = [n for n in names if n.startswith(player)] or [n for n in names if n == "width"]
        return {name: 2 * options[name] for name in mine}

    return change


def longer(options: Options, _: Options) -> Options:
    """More steps."""
    return {"steps": LONGER * options["steps"]} if "steps" in options else {}


def augmented(options: Options, defaults: Options) -> Options:
    """Augmentation, where the recipe has it."""
    if "augment" not in options:
        return {}
    value = options["augment"]
    if isinstance(value, str):
        return {"augment": {"none": "ada", "ada": "diffaugment"}.get(value, value)}
    return {"augment": True if isinstance(value, bool) else value or 0.5}


REMEDIES: dict[Fault, tuple[Change, ...]] = {
    Fault.DIVERGENCE: (slower(), penalty(STRONGER), slower()),
    Fault.COLLAPSE: (penalty(STRONGER), slower(), slower()),
    Fault.OSCILLATION: (slower(), penalty(STRONGER), slower()),
    Fault.SATURATION: (slower(), penalty(STRONGER), slower()),
    Fault.OVERFITTING: (augmented, penalty(STRONGER), slower("discriminator")),
    Fault.MEMORISATION: (augmented, penalty(STRONGER)),
    Fault.TOO_STRONG: (penalty(STRONGER), slower("discriminator"), augmented),
    Fault.TOO_WEAK: (penalty(1 / STRONGER), faster("discriminator"), wider("discriminator")),
    Fault.ONE_FOR_ALL: (slower(), penalty(STRONGER), slower()),
    Fault.IGNORED: (penalty(STRONGER), slower()),
    Fault.UNCHANGED: (penalty(1 / STRONGER), faster("discriminator"), wider("discriminator")),
    Fault.HIDDEN: (penalty(1 / STRONGER),),
    Fault.STALLED: (faster(), faster(), penalty(1 / STRONGER)),
    Fault.UNDERFITTING: (longer, wider("generator"), faster()),
}
"""What is done, one after another, once no option lies where it does harm."""
