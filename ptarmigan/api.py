"""Training by name, comparisons and augmentation with their pages: for the command line and for Python."""

from __future__ import annotations

import copy
import dataclasses
import os
from collections.abc import Container, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, Unpack

from ptarmigan import zoo
from ptarmigan.core.errors import one_line
from ptarmigan.doctor.hooks import train_with_diagnosis
from ptarmigan.doctor.remedies import Setup
from ptarmigan.doctor.treatment import Find, in_force, setup, treat
from ptarmigan.media.console import say
from ptarmigan.media.files import path_of
from ptarmigan.modalities.modality import Advice
from ptarmigan.modalities.recognise import recognise
from ptarmigan.training import own
from ptarmigan.training import run_folder as folder
from ptarmigan.training.edits import edits_of
from ptarmigan.training.loggers import Logger
from ptarmigan.training.options import build, defaults, sensible, to_plain, without_numpy
from ptarmigan.training.outcome import Outcome
from ptarmigan.training.run import Run
from ptarmigan.training.run_folder import BY_HAND
from ptarmigan.training.settings import Settings, pick_device
from ptarmigan.training.threads import settle
from ptarmigan.training.trackers import trackers
from ptarmigan.training.trainer import Hook

if TYPE_CHECKING:
    from ptarmigan.evaluation.compare import Comparison
    from ptarmigan.evaluation.oversampling.trial import Trial
    from ptarmigan.trained import Trained


class TrainArguments(TypedDict):
    """Arguments of ``train_run`` besides a run, its folder and settings."""

    force: bool
    quiet: bool
    hooks: Sequence[Hook]
    loggers: Sequence[Logger]


SETTINGS = {f.name for f in dataclasses.fields(Settings)}


def train(
    what: str | os.PathLike[str] | Run,
    *,
    out: str | os.PathLike[str] | None = None,
    force: bool = False,
    kind: str = "",
    quiet: bool = False,
    report: bool = True,
    hooks: Sequence[Hook] = (),
    loggers: Sequence[Logger] = (),
    report_to: Sequence[str] = (),
    **options: Any,
) -> Outcome:
    """Train a recipe of the zoo, a file of your own, the default recipe for some data, or a ``Run``.

    The same call again goes on where the last one stopped, bit for bit.

    Args:
        what: a recipe's name (``image.r3gan``), a ``.py`` file, a source of data, or a ``Run``.
        out: the run's folder; ``runs/<recipe>-<data>`` when None.
        force: go on although ``steps``, ``threads`` or ``score_every`` differ from those of the folder's run.
        kind: of the data (``image``, ``table``, …), where it is not clear from them.
        quiet: show no progress.
        report: write ``report.html`` at the end.
        hooks: called around the steps, on every rank, in this order.
        loggers: receive what is logged, on the first rank.
        report_to: trackers that receive it too: ``wandb``, ``mlflow``, ``swanlab`` or a plug-in's. One that
            fails is said once and left out.
        **options: the recipe's options and those of ``Settings``.

    Raises:
        ValueError: an option or a source is wrong, or the folder holds another run.
        Diverged: training diverged.
    """
    options = without_numpy(options)
    given = {k: v for k, v in options.items() if k in SETTINGS}
    sensible(given, dataclasses.asdict(Settings()))
    settings = Settings(**given)
    pick_device(settings.device)
    mine = {k: v for k, v in options.items() if k not in SETTINGS}
    if isinstance(what, Run):
        place = path_of(out) if out is not None else Path("runs") / "by-hand"
        go = partial(train_edited, what, place, settings)
    else:
        found = resolve_recipe(os.fspath(what), kind)
        name, recipe = found.recipe, zoo.recipe(found.recipe)
        mine = defaults(recipe) | found.options | mine
        place = path_of(out) if out is not None else default_folder(name, mine)
        mine = take_advice(found.advice, place, mine, options, quiet=quiet)
        go = partial(resume, name, mine, place, settings)
    told = [*loggers, *(trackers(report_to, place) if first_rank() else ())]
    go = partial(go, **TrainArguments(force=force, quiet=quiet, hooks=hooks, loggers=told))
    if not first_rank():
        return go()[1]
    with folder.writing(place):
        run, outcome = go()
        if report:
            from ptarmigan.report.page import write_report

            write_report(place, run)
    return outcome


def resume(
    name: str, options: dict[str, Any], place: Path, settings: Settings, **how: Unpack[TrainArguments]
) -> tuple[Run, Outcome]:
    """Train a recipe, or resume a run, also one that was begun before the recipe had all of its options."""
    folder.complete(place, name, to_plain(defaults(zoo.recipe(name))))
    return train_with_rescue(name, options, place, settings, **how)


def train_edited(
    run: Run, place: Path, settings: Settings, **how: Unpack[TrainArguments]
) -> tuple[Run, Outcome]:
    """Train a run that was made in Python.

    Raises:
        ValueError: ``rescue`` is set, and no recipe builds the run with other options.
    """
    name, options = built_by(run)
    if settings.rescue and name == BY_HAND:
        raise ValueError("--rescue changes the options of a recipe, and this Run has none: name its recipe")
    if (place / "run.json").exists() and folder.load(place)["recipe"] == BY_HAND:  # of an earlier version
        name, options = BY_HAND, {}
    options = {**options, "steps": run.steps, "seed": run.seed}
    if settings.rescue or folder.treatments(place):
        return train_with_rescue(name, options, place, settings, mine=run, **how)
    settings = settle(settings, run, place)
    description = {**described(name, options, settings), "edited": True}
    return run, train_with_diagnosis(run, place, settings, description=description, **how)


def train_with_rescue(
    name: str,
    options: dict[str, Any],
    place: Path,
    settings: Settings,
    *,
    mine: Run | None = None,
    **how: Unpack[TrainArguments],
) -> tuple[Run, Outcome]:
    """Train a recipe with the given options, and go on with other options after every treatment.

    Args:
        name: of the recipe.
        options: of the recipe.
        place: the run's folder.
        settings: of the training.
        mine: the run that was built with them and edited in Python.
        **how: see ``train_run``.
    """
    done = folder.treatments(place)
    find = zoo.finder(own.stamp(name))
    requested = setup(name, options, find)
    edits = {} if mine is None else edits_of(mine, build_treated(requested, [], place, find)[0])
    fresh = [copy.deepcopy(hook.state_dict()) for hook in how["hooks"]]
    while True:
        run, now = build_treated(requested, done, place, find)
        if mine is not None:
            run = dataclasses.replace(run, **edits) if done else mine
        settings = settle(settings, run, place)
        description = described(now.recipe, now.options, settings) | own.stamp(name)
        if mine is not None:
            description |= {"edited": True}
        if done:
            description |= {"asked": {"recipe": name, "options": to_plain(options)}}
        propose = partial(treat, requested=requested, find=find, run=run, done=done)
        outcome = train_with_diagnosis(run, place, settings, propose=propose, description=description, **how)
        if outcome.treatment is None:
            return run, outcome
        done = [*done, outcome.treatment]
        for hook, state in zip(how["hooks"], fresh, strict=True):
            hook.load_state_dict(copy.deepcopy(state))  # unless there is a checkpoint, hooks start again too


def described(name: str, options: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """What run.json says of a run."""
    return folder.describe(name, to_plain(options), dataclasses.asdict(settings)) | own.stamp(name)


def built_by(run: Run) -> tuple[str, Mapping[str, Any]]:
    """The recipe and the options that built a run, where it has a file."""
    if run.built is None:
        return BY_HAND, {}
    try:
        return zoo.name_of(run.built), run.built.options
    except ValueError:  # as in a notebook
        return BY_HAND, {}


def build_treated(requested: Setup, done: list[dict[str, Any]], place: Path, find: Find) -> tuple[Run, Setup]:
    """The run after treatments, and its recipe and options.

    Raises:
        RunError: a treatment by an earlier version cannot be applied.
        ValueError: an option or the data are wrong.
    """
    now = in_force(requested, done, find)
    try:
        return build(find(now.recipe), now.options), now
    except Exception as error:
        if now.recipe == requested.recipe:
            raise
        build(find(requested.recipe), requested.options)  # where the data are at fault, this says so
        raise folder.RunError(
            f"{place} cannot go on: an earlier version changed its recipe from {requested.recipe} to "
            f"{now.recipe}, which takes no such data ({one_line(error)}): choose another --out"
        ) from error


class Resolved(NamedTuple):
    """A recipe, the options that follow from its name, the kind of the data, and what is advised for them."""

    recipe: str
    options: dict[str, Any]
    recognised: str = ""
    advice: Advice = Advice()


def take_advice(
    advice: Advice, place: Path, options: dict[str, Any], given: Container[str], *, quiet: bool = False
) -> dict[str, Any]:
    """Options with those that are advised for the data, unless they were given; it is said in a line.

    Args:
        advice: for the data.
        place: the run's folder: a run that is there goes on as it was begun.
        options: all of them.
        given: the names of those that a person gave.
        quiet: say nothing.
    """
    begun = folder.asked(folder.load(place))["options"] if (place / "run.json").exists() else None
    mine = {name: value for name, value in advice.options.items() if name not in given}
    if begun is not None:
        return options | {name: begun[name] for name in mine if name in begun}
    if mine and not quiet and first_rank():
        say(advice.why)
    return options | mine


def resolve_recipe(what: str, kind: str = "") -> Resolved:
    """Resolve a name to a recipe; for data it is the default recipe of their kind.

    Args:
        what: a recipe's name, a ``.py`` file, or data.
        kind: of data, where it is not clear from them.

    Raises:
        FileNotFoundError: nothing is at that path.
        ValueError: there is no such recipe and no such data, or no default recipe for them.
    """
    if what.endswith(".py") or what in zoo.names():
        return Resolved(what, {})
    try:
        found = recognise(what, kind)
    except FileNotFoundError:
        if what and "/" not in what:
            zoo.path(what)  # raises an error with the closest name
        raise
    recognised = found.modality
    if not recognised.recipe:
        raise ValueError(
            f"{what}: no recipe is the default for {recognised.plural}: name one of 'ptarmigan list'"
        )
    return Resolved(recognised.recipe, {"data": what}, found.line, recognised.advised(what))


def default_folder(name: str, options: dict[str, Any]) -> Path:
    """``runs/<recipe>-<data>``, with the seed where it is not 0."""
    data = options.get("data", "")
    words = [Path(name).stem if name.endswith(".py") else name]
    if isinstance(data, str) and data:
        words.append(Path(data).name.split(".")[0] or "data")
    if options.get("seed"):
        words.append(f"seed{options['seed']}")
    return Path("runs") / "-".join(words)


def compare(
    runs: Sequence[str | os.PathLike[str]],
    *,
    beside: Sequence[str] = (),
    out: str | os.PathLike[str] | None = None,
    device: str = "auto",
    run: Run | None = None,
) -> Comparison:
    """Compare the scores of runs on the same data, and show that on a page.

    Args:
        runs: folders of at least two runs, or of one that models are beside; see ``evaluation.compare``.
        beside: models without networks that stand beside them: mixture, kernels, hmm.
        out: an HTML file to show it in, with samples and curves; none when None.
        device: where to make the samples of runs that were not scored yet.
        run: has the networks and the data of runs that were put together in Python.

    Raises:
        ValueError: the runs cannot be compared, or there is no place for ``out``.
        FileNotFoundError: the data of a run that has to be scored is not to be had.
    """
    from ptarmigan.evaluation.compare import compare as compared
    from ptarmigan.report.compare import write_page

    page = None if out is None else path_of(out)
    if page is not None and (page.suffix != ".html" or page.is_dir() or not page.parent.is_dir()):
        raise ValueError(f"--out {page}: it is an .html in a folder that is there, such as compare.html")
    comparison = compared(runs, beside=beside, device=device, run=run)
    if page is not None:
        write_page(comparison, page)
    return comparison


def export(
    run: str | os.PathLike[str] | Trained,
    *,
    out: str | os.PathLike[str] = "exported",
    to: Literal["onnx", "pt2", "triton"] = "onnx",
    verify_score: int = 0,
    best: bool = False,
    recipe: str = "",
    folder: str | os.PathLike[str] | None = None,
    edited: Run | None = None,
    quiet: bool = True,
) -> list[str]:
    """Export a trained run, so that it runs without ptarmigan; it is held against torch before it is written.

    Args:
        run: the run's folder, its generator.safetensors alone, or what ``load`` returned, on the processor.
        out: a new folder: the graphs, a model card, config.json and inputs and outputs to check by.
        to: ``onnx``; ``pt2``, of torch.export; ``triton``, a repository of models for NVIDIA's server.
        verify_score: also score so many samples of the graphs, which has to give the run's score.
        best: the weights with the best score, not the last.
        recipe: the file of the run's recipe, where that is your own and was not trained with here.
        folder: of the run, where ``run`` is a loaded one: its scores are in it, and where its data are.
        edited: a run that was made in Python, with its networks and data.
        quiet: show no progress.

    Returns:
        Lines that say what was verified and written.

    Raises:
        ValueError: there is no run or no room, an operation has no place in a graph, or the graph is not the
            run's; nothing is written then.
        MissingPackageError: what the format needs is not installed.
    """
    from ptarmigan.exports.write import export as exported
    from ptarmigan.trained import Trained, load

    place = None if folder is None else path_of(folder)
    if isinstance(run, Trained):
        trained = run
    else:
        game = None if edited is None else copy.deepcopy(edited.game)
        trained = load(run, best=best, device="cpu", game=game, recipe=recipe)
        place = place or (path_of(run) if path_of(run).is_dir() else None)
    return exported(
        trained, path_of(out), to, folder=place, verify_score=verify_score, run=edited, quiet=quiet
    )


def augment(data: str, **options: Any) -> tuple[Trial | None, str]:
    """Fill up rare classes, measure whether that helps, and show it on a page beside what is written.

    Args:
        data: a table, or images with classes.
        **options: see ``evaluation.oversampling.augment``.

    Returns:
        What was measured, and lines that say what was written.

    Raises:
        FileNotFoundError: the data is not there.
        ValueError: it has no classes, or one only; or there is no such column, class or recipe.
    """
    from ptarmigan.evaluation.oversampling.augment import augment as augmented
    from ptarmigan.report.augmentation import write_page

    found = augmented(data, **options)
    if found.trial is None:
        return None, found.words
    write_page(found.page, data, found.trial, found.generated, found.examples)
    return found.trial, f"{found.words}\nreport: {found.page}"


def first_rank() -> bool:
    """Whether this process is the one that writes."""
    return os.environ.get("RANK", "0") == "0"
