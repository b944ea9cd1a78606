"""``ptarmigan tune``: search for the options of a recipe with the best score."""

from __future__ import annotations

import dataclasses
import shlex
from typing import Annotated, Any

import tyro

from ptarmigan.commands.options import at_home, parse, use_data_dir
from ptarmigan.commands.train import kind_of
from ptarmigan.core.errors import UsageError
from ptarmigan.media.console import say
from ptarmigan.media.show import show


def tune(args: list[str]) -> int:
    """``ptarmigan tune RECIPE|DATA --search NAME=VALUES [options]``."""
    from ptarmigan import api, zoo
    from ptarmigan.training.options import collecting
    from ptarmigan.training.settings import Settings

    if not args or args[0].startswith("-"):
        if args and args[0] in ("-h", "--help"):
            show("usage: ptarmigan tune RECIPE|DATA --search lr=1e-4..1e-2:log width=16,32 [options]")
            show("see tune RECIPE --help")
            return 0
        raise UsageError(
            "name a recipe or data first, such as 'ptarmigan tune image.r1gan --search lr=1e-4..1e-2:log'"
        )
    what, (kind, rest) = at_home(args[0]), kind_of(args[1:])
    found = api.resolve_recipe(what, kind)
    name, data = found.recipe, found.options
    fields: list[Any] = [
        ("options", Annotated[dict[str, Any], tyro.conf.arg(constructor=collecting(zoo.recipe(name)))]),
        ("settings", Settings, dataclasses.field(default=Settings())),
        ("study", Search, dataclasses.field(default=Search())),
    ]
    given = [f"--data={data['data']}", *rest] if data else rest
    described = {"__doc__": f"Search for the options with the best score.\n\n{zoo.summary(name)}"}
    call: Any = parse(dataclasses.make_dataclass("tune", fields, namespace=described), given, f"tune {what}")
    study: dict[str, Any] = vars(call.study).copy()
    use_data_dir(study.pop("data_dir"))
    from ptarmigan.tuning.tune import tune as search

    tuned = search(
        name if not data else what,
        kind=kind,
        **{**study, "search": pairs(study["search"]), "out": study["out"] or None},
        **{name: value for name, value in changed(call, zoo.recipe(name)).items() if name not in data},
    )
    if tuned.signal:
        say(f"{tuned.words}: {shlex.join(['ptarmigan', 'tune', *args])}")
        return 128 + tuned.signal
    show(tuned.words)
    if tuned.options is not None:
        show(f"the best options: {tuned.command}")
    show(f"all that was tried: {tuned.folder / 'tune.html'}")
    return 0


def changed(call: Any, recipe: Any) -> dict[str, Any]:
    """The options that differ from what they are by default."""
    from ptarmigan.training.options import defaults
    from ptarmigan.training.settings import Settings

    usual = defaults(recipe) | dataclasses.asdict(Settings())
    given = call.options | dataclasses.asdict(call.settings)
    return {name: value for name, value in given.items() if value != usual.get(name)}


def pairs(given: tuple[str, ...]) -> dict[str, str]:
    """``name=values`` by name, with ``_`` in place of ``-``.

    Raises:
        UsageError: one has no values, or a name comes twice.
    """
    found: dict[str, str] = {}
    for word in given:
        name, sign, values = word.partition("=")
        name = name.replace("-", "_")
        if not sign or not values or name in found:
            raise UsageError(f"--search {word}: expected each option once, as NAME=VALUES")
        found[name] = values
    return found


@dataclasses.dataclass(frozen=True)
class Search:
    """Of the study."""

    search: tuple[str, ...] = ()
    """What is searched: lr=1e-4..1e-2:log is a range, width=16,32 a choice."""
    trials: int = 27
    """How many are begun; a study that is there can be given more."""
    rungs: int = 3
    """How often trials are compared, the last time after all steps."""
    reduction: int = 3
    """Of how many trials one goes on, and for how many times as long."""
    finalists: int = 2
    """The best trials, which are trained with new seeds beside the defaults."""
    seeds: int = 3
    """How many new seeds."""
    budget: float = 0.0
    """Minutes after which nothing more is begun (0: no limit)."""
    out: str = ""
    """The study's folder; runs/tune-<recipe>-<data> when empty. The same command again goes on with it."""
    storage: str = ""
    """The URL of a database for Optuna; a journal in the folder when empty."""
    quiet: bool = False
    """Show no progress."""
    data_dir: str = ""
    """Where named data sets already are; else $PTARMIGAN_DATA, then the cache."""
