"""``ptarmigan train``: train a recipe, or go on with a run."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import Annotated, Any

import tyro

from ptarmigan.commands.options import at_home, parse, use_data_dir
from ptarmigan.core.errors import UsageError
from ptarmigan.media.console import say
from ptarmigan.media.show import show


def train(args: list[str]) -> int:
    """``ptarmigan train RECIPE|DATA [options]``."""
    from ptarmigan import api, zoo
    from ptarmigan.training.options import collecting
    from ptarmigan.training.settings import Settings

    if not args or args[0].startswith("-"):
        if args and args[0] in ("-h", "--help"):
            show("usage: ptarmigan train RECIPE|DATA [--kind KIND] [options]; see train RECIPE --help")
            show(f"recipes: {', '.join(zoo.names())}")
            return 0
        raise UsageError("name a recipe or data first, such as 'ptarmigan train image.dcgan'")
    what, rest = at_home(args[0]), args[1:]
    kind, rest = kind_of(rest)
    found = api.resolve_recipe(what, kind)
    name, data = found.recipe, found.options
    if data and "--quiet" not in rest and api.first_rank():
        say(f"{what} is {found.recognised}; training {name}")
    recipe = zoo.recipe(name)
    fields: list[Any] = [
        ("options", Annotated[dict[str, Any], tyro.conf.arg(constructor=collecting(recipe))]),
        ("settings", Settings, dataclasses.field(default=Settings())),
        ("run", Invocation, dataclasses.field(default=Invocation())),
    ]
    given = [f"--data={data['data']}", *rest] if data else rest
    described = {"__doc__": zoo.summary(name)}
    call: Any = parse(
        dataclasses.make_dataclass("train", fields, namespace=described), given, f"train {what}"
    )
    use_data_dir(call.run.data_dir)
    place = Path(call.run.out) if call.run.out else api.default_folder(name, call.options)
    said = {word.partition("=")[0].removeprefix("--").replace("-", "_") for word in rest}
    chosen = api.take_advice(found.advice, place, call.options, said, quiet=call.run.quiet)
    options = chosen | dataclasses.asdict(call.settings)
    outcome = api.train(
        name,
        out=call.run.out or None,
        force=call.run.force,
        quiet=call.run.quiet,
        report_to=call.run.report_to,
        **options,
    )
    if not api.first_rank():
        return 0
    if not outcome.complete:
        again = shlex.join(["ptarmigan", "train", *args])
        say(f"{outcome.reason}; saved; to go on: {again}")
        return 128 + outcome.signal
    for label, path in (
        ("samples", last_picture(outcome.folder)),
        ("report", outcome.folder / "report.html"),
    ):
        if path is not None and path.exists():
            show(f"{label}: {path}")
    for metric, value in outcome.scores.items():
        show(f"{metric}: {value:.4g}")
    return 0


def kind_of(args: list[str]) -> tuple[str, list[str]]:
    """The value of ``--kind``, and the other arguments: it decides which options there are.

    Raises:
        UsageError: it has no value.
    """
    for i, word in enumerate(args):
        if word.startswith("--kind="):
            return word.removeprefix("--kind="), [*args[:i], *args[i + 1 :]]
        if word == "--kind":
            if i + 1 == len(args):
                raise UsageError("--kind needs a value, such as --kind table")
            return args[i + 1], [*args[:i], *args[i + 2 :]]
    return "", args


@dataclasses.dataclass(frozen=True)
class Invocation:
    """Of this command, and no part of the run."""

    out: str = ""
    """The run's folder; runs/<recipe>-<data> when empty. The same command again goes on with it."""
    force: bool = False
    """Go on although --steps, --threads or --score-every differ from what the run was begun with."""
    quiet: bool = False
    """Show no progress."""
    report_to: tuple[str, ...] = ()
    """Trackers: wandb, mlflow, swanlab or a plug-in's. One that fails is said once, and training goes on."""
    data_dir: str = ""
    """Where named data sets already are; else $PTARMIGAN_DATA, then the cache."""


def last_picture(folder: Path) -> Path | None:
    """The newest picture of samples in a run's folder."""
    found = sorted((folder / "samples").glob("step-*.png"))
    return found[-1] if found else None
