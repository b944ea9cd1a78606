"""The JSON files of ptarmigan: known keys, and the types of their values.

Other keys are allowed, so that files of older and newer versions are read. Pydantic checks them; it is
imported when the first file is read, since ``ptarmigan --help`` need not wait for it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, NotRequired

from annotated_types import Ge, Le
from typing_extensions import TypedDict

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LAST = 2**53
"""Up to which steps are counted; beyond, plots could not tell two steps apart."""
Count = Annotated[int, Ge(0), Le(LAST)]


class Played(TypedDict):
    """The settings of a run that are read again."""

    score_samples: NotRequired[Count]
    threads: NotRequired[Count]


class Choice(TypedDict):
    """The recipe and options that the user gave, where treatments changed them."""

    recipe: str
    options: dict[str, Any]


class Treatment(TypedDict):
    """A treatment of a run: its changes, and the step ``to`` which it was rolled back."""

    recipe: str
    changes: dict[str, Any]
    to: Count
    words: NotRequired[str]


class Hardware(TypedDict):
    """The machine a run was begun on."""

    threads: NotRequired[Count]


class Known(TypedDict):
    """The data of a run: in words, by a digest of their content, and where they are."""

    words: str
    digest: str
    path: NotRequired[str]
    folder: NotRequired[str]
    in_memory: NotRequired[bool]


class Description(TypedDict):
    """``run.json``: what a run is."""

    recipe: str
    recipe_sha256: NotRequired[str]  # of one that is a person's file
    options: dict[str, Any]
    data: NotRequired[Known]
    settings: Played
    versions: NotRequired[dict[str, Any]]
    commit: NotRequired[str | None]
    hardware: NotRequired[Hardware]
    command: NotRequired[str | None]
    asked: NotRequired[Choice]
    treatments: NotRequired[list[Treatment]]
    edited: NotRequired[bool]


class Weights(Description):
    """The metadata of ``generator.safetensors``: what is needed to use the networks without the data."""

    space: dict[str, Any]
    inputs: NotRequired[dict[str, Any] | None]
    frequencies: NotRequired[list[int] | None]
    given: NotRequired[list[list[Count]]]
    precision: NotRequired[str | None]
    step: NotRequired[Count]
    scores: NotRequired[dict[str, Any]]
    ema_width: NotRequired[float | None]
    abnormality: NotRequired[list[float]]
    epsilon: NotRequired[float]
    delta: NotRequired[float]


class LogLine(TypedDict):
    """A line of ``log.jsonl`` or ``clock.jsonl``; under all other keys stand numbers."""

    step: Count
    samples: NotRequired[float]  # a term of the same name stands in its place (anomaly.alad)
    event: NotRequired[str]


class Recovered(TypedDict):
    """What is counted of steps that were not finite."""

    rollbacks: Count


class Converging(TypedDict):
    """What is counted of steps in which the weights stood still."""

    still: Count


class Scored(TypedDict):
    """The best score so far, and where it was."""

    best: float
    best_step: Count | None
    worse: Count
    scored: Count | None
    failed: NotRequired[bool]


class Rescued(TypedDict):
    """How many treatments there were, and the step up to which the run was healthy."""

    treated: Count
    healthy: Count


class Means(TypedDict):
    """The terms since the last line of the log."""

    sums: dict[str, Any]
    counts: dict[str, Annotated[Count, Ge(1)]]


class Averaged(TypedDict):
    """Power-function EMAs: the weights of each width, and the steps between which they were averaged."""

    since: Count
    updated: Count
    averages: dict[str, dict[str, Any]]


class Hooks(TypedDict):
    """The states of hooks by name; a user's are the user's."""

    recovery: NotRequired[Recovered]
    convergence: NotRequired[Converging]
    scores: NotRequired[Scored]
    rescue: NotRequired[Rescued]
    logging: NotRequired[Means]
    power_ema: NotRequired[Averaged]


class Checkpoint(TypedDict):
    """A state: what is read of it before it is given to those whose state it is."""

    step: Count
    seconds: float
    scores: dict[str, float]
    game: dict[str, Any]
    optimizers: dict[str, Any]
    ema: dict[str, Any]
    draw: dict[str, Count]
    hooks: Hooks


class Entry(TypedDict):
    """A score: its value and error, what real samples and baselines score, and how it was measured."""

    unit: str
    direction: str
    protocol: str
    value: NotRequired[float | None]
    error: NotRequired[float | None]
    floor: NotRequired[float | None]
    baselines: NotRequired[dict[str, float | None]]


class Scores(TypedDict):
    """``scores.json``: the scores of ``samples`` samples after ``step`` steps."""

    step: Count
    samples: NotRequired[Count | None]
    scores: dict[str, Entry]


def check(kind: Any, plain: object, problem: str) -> None:
    """Check plain data against a schema; unknown keys are allowed.

    Args:
        kind: one of the classes above.
        plain: the data of a file.
        problem: the beginning of the message, such as "run.json does not describe a run".

    Raises:
        ValueError: they do not fit: the problem, the first wrong key, and what is wrong with it.
    """
    from pydantic import ValidationError

    try:
        _adapter(kind).validate_python(plain, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{problem}: {where and f'{where}: '}{first['msg']}") from None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
