"""What may be changed about a fault: functions from a recipe with options to the options that change."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, TypeAlias

from ptarmigan.doctor.faults import Fault
from ptarmigan.training.meaning import Kind, Meaning

Options: TypeAlias = dict[str, Any]

FAR, EXTREME = 2.0, 10.0
"""An option is far from its default when it is more than so many times as large, or as small; and when it is
so far that it does harm whatever the fault is."""
STRONGER = 10.0
"""A penalty is made stronger, or weaker, by so much at a time."""
SLOWER = 3.0
"""A rate is divided, or multiplied, by so much at a time."""
LONGER = 2
"""A run is made so many times as long."""

UP, DOWN = 1, -1
NOWHERE, UPWARD, DOWNWARD, BOTH = frozenset[int](), frozenset({UP}), frozenset({DOWN}), frozenset({UP, DOWN})
UNTOUCHED = frozenset({Kind.DATA, Kind.FIXED})
"""Kinds of options that no treatment changes."""
RATES = frozenset({Kind.RATE, Kind.PENALTY, Kind.MOVES})
"""Those that do harm in either direction when they are extreme."""
MEANT = {Kind.WIDTH: 4.0, Kind.DEPTH: 4.0, Kind.LATENT: 4.0, Kind.BATCH: EXTREME}
"""Those that people make smaller to save time or memory: how far from its default one may be."""
LARGER = frozenset({Kind.WIDTH, Kind.DEPTH, Kind.LATENT, Kind.BATCH, Kind.AUGMENTATION})
"""Those of which more does no harm."""
OFF = ("none", False)
"""What is not done."""
DISCRIMINATOR = "discriminator"


@dataclass(frozen=True)
class Setup:
    """A recipe with the options of a run.

    Attributes:
        recipe: its name.
        options: those of the run.
        defaults: those that the recipe comes with.
        meanings: what each of them sets.

    Raises:
        ValueError: an option that treatments change is no number where its default is one.
    """

    recipe: str
    options: Options
    defaults: Options
    meanings: Mapping[str, Meaning]

    def __post_init__(self) -> None:
        for name, meaning in self.movable().items():
            value, default = self.options[name], self.defaults[name]
            if meaning.kind is not Kind.OTHER and is_number(default) and not is_number(value):
                flag = f"--{name.replace('_', '-')}"
                raise ValueError(f"{flag} {value!r}: a finite number is expected")

    def of_kind(self, kind: Kind) -> list[str]:
        """The options of the run that are of some kind."""
        return [name for name in self.options if name in self.meanings and self.meanings[name].kind is kind]

    def without(self, names: set[str]) -> Setup:
        """The same without some of its options."""
        return replace(self, options={name: v for name, v in self.options.items() if name not in names})

    def movable(self) -> dict[str, Meaning]:
        """The options of the run that a treatment may change."""
        known = {name: self.meanings[name] for name in self.defaults if name in self.options}
        return {name: meaning for name, meaning in known.items() if meaning.kind not in UNTOUCHED}


def is_number(value: Any) -> bool:
    """Whether one can calculate with it."""
    real = isinstance(value, Real)
    return real and bool(abs(value) <= sys.float_info.max)


Change: TypeAlias = Callable[[Setup], Options]
"""A run's recipe and options to what is changed."""


def players_own(setup: Setup, kind: Kind, player: str) -> list[str]:
    """The options of some kind that one player has of its own; where it has none, those of all players."""
    every = setup.of_kind(kind)
    own = [name for name in every if setup.meanings[name].player == player]
    return own or [name for name in every if not setup.meanings[name].player]


def rates(setup: Setup, player: str = "") -> list[str]:
    """The learning rates; those of one player where it has any of its own."""
    return players_own(setup, Kind.RATE, player) if player else setup.of_kind(Kind.RATE)


def harm(fault: Fault, meaning: Meaning) -> frozenset[int]:
    """In which direction from its default an option does harm."""
    slow = fault in (Fault.STALLED, Fault.UNDERFITTING, Fault.TOO_WEAK)
    learned = fault in (Fault.OVERFITTING, Fault.MEMORISATION, Fault.TOO_STRONG)
    if meaning.player == DISCRIMINATOR:
        both = slow if meaning.kind is Kind.RATE else learned
        return BOTH if both else UPWARD if meaning.kind is Kind.RATE else DOWNWARD
    size = BOTH if fault is Fault.MEMORISATION else DOWNWARD
    return {
        Kind.RATE: BOTH if slow or fault is Fault.TOO_STRONG else UPWARD,
        Kind.WIDTH: size,
        Kind.DEPTH: size,
        Kind.LATENT: DOWNWARD,
        Kind.LAZY: UPWARD,
        Kind.BATCH: DOWNWARD,
        Kind.AUGMENTATION: DOWNWARD if learned else BOTH,
        Kind.END: UPWARD,
        Kind.STEPS: DOWNWARD if slow else NOWHERE,
    }.get(meaning.kind, BOTH)


def restored(fault: Fault) -> Change:
    """Options that lie where they do harm, back at their defaults."""

    def harmful(value: Any, default: Any, meaning: Meaning) -> bool:
        far = direction(value, default, MEANT.get(meaning.kind, FAR)) & harm(fault, meaning)
        return bool(far or (meaning.kind in RATES and direction(value, default, EXTREME)))

    return lambda setup: {
        name: setup.defaults[name]
        for name, meaning in setup.movable().items()
        if harmful(setup.options[name], setup.defaults[name], meaning)
    }


def all_defaults(setup: Setup) -> Options:
    """All options at their defaults, but for those of which more does no harm, and for the steps."""
    return {
        name: setup.defaults[name]
        for name, meaning in setup.movable().items()
        if meaning.kind is not Kind.STEPS
        and direction(setup.options[name], setup.defaults[name], 1.0)
        & (DOWNWARD if meaning.kind in LARGER else BOTH)
    }


def direction(value: Any, default: Any, far: float = FAR) -> frozenset[int]:
    """Where a value lies from its default: far above, far below, or elsewhere, which may be either.

    What is done by default and is not lies below it, and the other way round above.
    """
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (value, default))
    if not numbers:
        several = isinstance(default, tuple) and isinstance(value, tuple | list)
        if value == default or (several and list(value) == list(default)):
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
    """Lower rates; of a run shorter than the default, at rates not above theirs, the default length.

    Such a run is too short to judge, and lower rates would make it slower still.
    """

    def change(setup: Setup) -> Options:
        names, options, defaults = rates(setup, player), setup.options, setup.defaults
        if options.get("steps", 0) < defaults.get("steps", 0) and not any(
            direction(options[name], defaults[name], 1.0) & UPWARD for name in names
        ):
            return {"steps": defaults["steps"]}
        return {name: rounded(options[name] / SLOWER) for name in names}

    return change


def faster(player: str = "") -> Change:
    """Higher rates."""
    return lambda setup: {name: rounded(setup.options[name] * SLOWER) for name in rates(setup, player)}


def penalty(factor: float) -> Change:
    """A stronger or a weaker penalty; where it was off, its default."""

    def change(setup: Setup) -> Options:
        options = {name: setup.options[name] for name in setup.of_kind(Kind.PENALTY)}
        return {
            name: rounded(value * factor) if value else setup.defaults[name]
            for name, value in options.items()
            if isinstance(value, float)
        }

    return change


def rounded(value: float) -> float:
    """A number that people would type."""
    return float(f"{value:.2g}")


def wider(player: str) -> Change:
    """Twice as many channels or units."""
    return lambda setup: {name: 2 * setup.options[name] for name in players_own(setup, Kind.WIDTH, player)}


def longer(setup: Setup) -> Options:
    """More steps."""
    return {name: LONGER * setup.options[name] for name in setup.of_kind(Kind.STEPS)}


def augmented(setup: Setup) -> Options:
    """Augmentation, where the recipe has it."""
    return {name: more_augmented(setup.options[name]) for name in setup.of_kind(Kind.AUGMENTATION)}


def more_augmented(value: Any) -> Any:
    """The next stronger augmentation: by name, on, or by its probability."""
    if isinstance(value, str):
        return {"none": "ada", "ada": "diffaugment"}.get(value, value)
    return True if isinstance(value, bool) else value or 0.5


REMEDIES: dict[Fault, tuple[Change, ...]] = {
    Fault.DIVERGENCE: (slower(), penalty(STRONGER), slower()),
    Fault.COLLAPSE: (penalty(STRONGER), slower(), slower()),
    Fault.OSCILLATION: (slower(), penalty(STRONGER), slower()),
    Fault.SATURATION: (slower(), penalty(STRONGER), slower()),
    Fault.OVERFITTING: (augmented, penalty(STRONGER), slower(DISCRIMINATOR)),
    Fault.MEMORISATION: (augmented, penalty(STRONGER)),
    Fault.TOO_STRONG: (penalty(STRONGER), slower(DISCRIMINATOR), augmented),
    Fault.TOO_WEAK: (penalty(1 / STRONGER), faster(DISCRIMINATOR), wider(DISCRIMINATOR)),
    Fault.ONE_FOR_ALL: (slower(), penalty(STRONGER), slower()),
    Fault.IGNORED: (penalty(STRONGER), slower()),
    Fault.UNCHANGED: (penalty(1 / STRONGER), faster(DISCRIMINATOR), wider(DISCRIMINATOR)),
    Fault.HIDDEN: (penalty(1 / STRONGER),),
    Fault.STALLED: (faster(), faster(), penalty(1 / STRONGER)),
    Fault.UNDERFITTING: (longer, wider("generator"), faster()),
}
"""What is done, one after another, once no option lies where it does harm."""
