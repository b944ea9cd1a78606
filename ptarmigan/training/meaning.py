"""The meanings of a recipe's options, by which a treatment changes the right ones.

Common names have a meaning of their own. Where a recipe means something else by one of them, or has a
name that is not common, it says so where the option is declared:

    lr_discriminator: Annotated[float, rate_of("discriminator")] = 0.1
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ptarmigan.training.options import is_group


class Kind(Enum):
    """What an option sets."""

    DATA = "the training data, and how they are read"
    FIXED = "a choice of the user that no treatment may change"
    RATE = "a learning rate"
    END = "where a schedule ends"
    PENALTY = "the weight of a regularising term, or of the consistency of outputs with inputs"
    MOVES = "discriminator steps for one of the generator"
    WIDTH = "channels or units of a layer"
    DEPTH = "layers"
    LATENT = "the size of the latent"
    LAZY = "steps between penalties"
    BATCH = "samples in a batch"
    STEPS = "the length of the run"
    AUGMENTATION = "the augmentation of the discriminator's inputs"
    OTHER = "something that no treatment changes"


@dataclass(frozen=True)
class Meaning:
    """What an option sets, and of which player; where that is empty, of all that have none of their own."""

    kind: Kind
    player: str = ""


def rate_of(player: str = "") -> Meaning:
    """A learning rate."""
    return Meaning(Kind.RATE, player)


def width_of(player: str = "") -> Meaning:
    """Channels or units of a layer."""
    return Meaning(Kind.WIDTH, player)


DATA, FIXED, OTHER = Meaning(Kind.DATA), Meaning(Kind.FIXED), Meaning(Kind.OTHER)

COMMON: Mapping[str, Meaning] = {
    "data": DATA,
    "seed": DATA,
    **dict.fromkeys(("half_life", "conditional"), FIXED),
    "lr": rate_of(),
    "generator_lr": rate_of("generator"),
    "discriminator_lr": rate_of("discriminator"),
    **dict.fromkeys(("final_lr", "final_gamma"), Meaning(Kind.END)),
    **dict.fromkeys(("gamma", "weight", "penalty", "cycle", "content", "identity"), Meaning(Kind.PENALTY)),
    **dict.fromkeys(("k", "critic_steps", "discriminator_steps"), Meaning(Kind.MOVES)),
    "width": width_of(),
    "discriminator_width": width_of("discriminator"),
    **dict.fromkeys(("depth", "blocks", "layers", "hidden"), Meaning(Kind.DEPTH)),
    "latent": Meaning(Kind.LATENT),
    "lazy": Meaning(Kind.LAZY),
    "batch": Meaning(Kind.BATCH),
    "steps": Meaning(Kind.STEPS),
    "augment": Meaning(Kind.AUGMENTATION),
    **dict.fromkeys(("loss", "dropout", "clip", "pack", "deviation", "temperature", "patches"), OTHER),
}


def meanings(recipe: Callable[..., Any]) -> dict[str, Meaning]:
    """What every option of a recipe means, by its flat name; that of an unknown name is ``OTHER``."""
    return {name: found or OTHER for name, found in declared(recipe).items()}


def declared(recipe: Callable[..., Any]) -> dict[str, Meaning | None]:
    """The same, None where a name is not common and has no annotation."""
    given, found = annotated(recipe), dict[str, Meaning | None]()
    for parameter in inspect.signature(recipe).parameters.values():
        group = parameter.default
        if not is_group(group):
            found[parameter.name] = given.get(parameter.name) or COMMON.get(parameter.name)
            continue
        names, inside = [field.name for field in dataclasses.fields(group)], annotated(type(group))
        reads = "data" in names  # a group with data says how they are read
        found |= {name: DATA if reads else inside.get(name) or COMMON.get(name) for name in names}
    return found


def annotated(of: Any) -> dict[str, Meaning]:
    """The meanings that stand in annotations; none where these cannot be read, as in a file of anybody's."""
    try:
        hints = typing.get_type_hints(of, include_extras=True)
    except (NameError, TypeError, AttributeError):
        return {}
    return {
        name: each
        for name, hint in hints.items()
        for each in getattr(hint, "__metadata__", ())
        if isinstance(each, Meaning)
    }
