"""From a run's folder or file to a trained run, or to the run as it was trained."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from safetensors import SafetensorError
from torch import Tensor

from ptarmigan import zoo
from ptarmigan.core.errors import about, must_fit
from ptarmigan.core.game import Game
from ptarmigan.core.process import learning
from ptarmigan.data.blank import Blank
from ptarmigan.data.known import DATA, located
from ptarmigan.media.files import copied, path_of
from ptarmigan.media.plain import parse
from ptarmigan.media.tensors import open_tensors
from ptarmigan.modalities.registry import from_json, optional_from_json
from ptarmigan.nets.layers import fold
from ptarmigan.tasks.choice import task_type
from ptarmigan.trained.base import Trained
from ptarmigan.trained.hub import FILE, SCHEME, fetch
from ptarmigan.training import own
from ptarmigan.training import run_folder as folders
from ptarmigan.training.options import build, defaults, sensible
from ptarmigan.training.power_ema import CHOSEN
from ptarmigan.training.run import Run
from ptarmigan.training.run_folder import BY_HAND
from ptarmigan.training.schema import Weights, check
from ptarmigan.training.settings import pick_device


@learning()
def load(
    run: str | os.PathLike[str] | IO[bytes],
    *,
    best: bool = False,
    device: str = "auto",
    game: Game | None = None,
    recipe: str = "",
) -> Trained:
    """Load a run's folder, or a ``generator.safetensors`` alone; it needs no data.

    Of a folder these are the last weights, or those that ``ptarmigan ema`` has chosen.

    Returns a ``Generator``, of captions an ``Illustrator``, a ``Translator`` or a ``Detector``.

    Args:
        run: the folder, the file, an open file, or ``hf://user/name@revision`` on the Hugging Face Hub.
        best: the weights with the best score of the training instead.
        device: where to put them.
        game: the networks to fill, as for a run made by hand; the recipe's when None.
        recipe: the file of the run's recipe, where that is none of the zoo and was not trained with here: a
            file that a run names by itself may come from anybody, and is not run.

    Raises:
        ValueError: nothing is there, it is not a safetensors file, or its recipe is missing.
    """
    if not isinstance(run, str | os.PathLike):
        with copied(run, FILE) as copy:
            return load(copy, device=device, game=game, recipe=recipe)
    if isinstance(run, str) and run.startswith(SCHEME):
        run = fetch(run)
    file = path_of(run)
    if file.is_dir():
        file = file / "best.safetensors" if best else weights_file(file)
        if not file.exists() and (file.parent / "run.json").exists():
            raise ValueError(f"{run} has no {file.name} yet: it is written when a run ends or improves")
    if not file.exists():
        raise ValueError(f"{run} is no run and no file")
    description, tensors = read(file)
    check(Weights, description, f"{file} was not written by ptarmigan: it does not say what run it is of")
    if file != path_of(run) and (file.parent / "run.json").exists():  # it says where the data are
        known = folders.load(file.parent).get(DATA)
        description |= {DATA: known} if known else {}
    if game is None and description["recipe"] == BY_HAND:
        raise ValueError(
            f"{run} was put together in Python of networks that no recipe makes: give them, as in load("
            f"{str(run)!r}, game=run.game)"
        )
    if recipe:
        own.name_file(description, recipe)
    if game is None:
        description["recipe"] = zoo.name_in(description)
    edited = ", or was edited in Python: then give game=run.game" if description.get("edited") else ""
    problem = f"{file} does not fit {description['recipe']} as it is in this version of ptarmigan{edited}"
    ours = game is None
    with about(problem), must_fit(problem):
        space, inputs = from_json(description["space"]), optional_from_json(description.get("inputs"))
        if game is None:
            blank = Blank(space, inputs)
            game = build(zoo.recipe(description["recipe"]), description["options"] | {"data": blank}).game
        fill(game, tensors)
    game.to(pick_device(device)).eval().requires_grad_(False)
    if ours:
        fold(game)
    return kind_of(game)(game, space, description).eval()


def weights_file(folder: Path) -> Path:
    """The weights file of a run: that of the EMA that was chosen, or the one that training wrote."""
    return folder / (CHOSEN if (folder / CHOSEN).exists() else FILE)


def read(file: Path) -> tuple[Any, dict[str, Tensor]]:
    """The metadata of a safetensors file, and its tensors.

    Raises:
        ValueError: it is no safetensors file.
    """
    try:
        with open_tensors(file) as opened:
            description = parse((opened.metadata() or {}).get("ptarmigan", "null"))
            return description, {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read as safetensors ({error})") from error


def fill(game: Game, tensors: Mapping[str, Tensor]) -> None:
    """Load the EMA networks of a game.

    Raises:
        RuntimeError: they are of other shapes.
        ValueError: they hold NaN.
    """
    for name in game.ema:
        mine = {k.removeprefix(f"{name}."): v for k, v in tensors.items() if k.startswith(f"{name}.")}
        getattr(game, name).load_state_dict(mine)
        if any(bool(p.isnan().any()) for p in getattr(game, name).parameters()):
            raise ValueError(f"the weights of the {name} are not numbers")


def rebuild(folder: Path, run: Run | None = None) -> Run:
    """The run of a folder with its data, built again from its recipe and options.

    Args:
        folder: the run's folder.
        run: the run itself, if there is one in Python.

    Raises:
        ValueError: the folder holds no run, or one that was made in Python and has to be given.
        FileNotFoundError: its data is missing.
    """
    if run is not None:
        return run
    described, file = folders.load(folder), folder / "run.json"
    hint = "where it is, give it as run=run"
    if described["recipe"] == BY_HAND:
        raise ValueError(f"{folder} was put together in Python of networks that no recipe makes: {hint}")
    if described.get(DATA, {}).get("in_memory"):
        words = described[DATA]["words"]
        raise ValueError(f"the data of {folder} were in the memory of Python ({words}): {hint}")
    try:
        with must_fit(f"{file} does not fit {described['recipe']}"):
            recipe = zoo.recipe(zoo.name_in(described))
            with about(file):
                sensible(described["options"], defaults(recipe))
            return build(recipe, located(described))
    except FileNotFoundError as error:
        if described.get("edited"):
            raise ValueError(f"the data of {folder} were in the memory of Python: {hint}") from error
        raise


def kind_of(game: Game) -> type[Trained]:
    """The class as which the runs of a game are loaded; the others are not imported."""
    use = task_type(game).use
    if use == "translate":
        from ptarmigan.trained.translator import Translator

        return Translator
    if use == "detect":
        from ptarmigan.trained.detector import Detector

        return Detector
    if use == "illustrate":
        from ptarmigan.trained.illustrator import Illustrator

        return Illustrator
    from ptarmigan.trained.generator import Generator

    return Generator
