"""A trained run, loaded to be used: a generator, a translator or a detector."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, overload

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ptarmigan import zoo
from ptarmigan.core import noise
from ptarmigan.core.errors import must_fit
from ptarmigan.core.game import Conditional, Game
from ptarmigan.data.blank import Blank
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.media.plain import parse
from ptarmigan.metrics.path import slerp
from ptarmigan.modalities.registry import from_json, modality_of, optional_from_json
from ptarmigan.tasks.choice import task_type
from ptarmigan.tasks.detect import detector as detection
from ptarmigan.tasks.detect.scores import scored
from ptarmigan.tasks.generate import CHUNK, Generate, encoded, latents, some_classes
from ptarmigan.tasks.task import Task
from ptarmigan.tasks.translate.direction import Direction, direction_of
from ptarmigan.tasks.translate.kinds import pixels_of, through
from ptarmigan.tasks.translate.translation import Translate, Translation
from ptarmigan.training import run_folder as folders
from ptarmigan.training.options import build
from ptarmigan.training.run import Run
from ptarmigan.training.run_folder import BY_HAND
from ptarmigan.training.schema import Weights, check
from ptarmigan.training.settings import pick_device

if TYPE_CHECKING:
    import pandas as pd

FILE = "generator.safetensors"


class OtherTaskError(ValueError, AttributeError):
    """A run was asked for what another kind of run does."""


class Trained(nn.Module):
    """The EMA networks of a run, with their space: a ``Generator``, a ``Translator`` or a ``Detector``.

    Attributes:
        game: the networks, in evaluation mode.
        space: what one sample is.
        inputs: what it translates from; None where it makes samples of nothing.
        description: what the run was.
        frequencies: how often each class occurs in its data; None where there are none.
        precision: the dtype of autocast, or None.
    """

    refusals: ClassVar[Mapping[str, str]] = {}
    """Methods of other kinds of runs, and what is said to who calls them here."""

    def __init__(self, game: Game, space: Space, description: dict[str, Any]) -> None:
        super().__init__()
        self.game, self.space, self.description = game, space, description
        frequencies = description.get("frequencies")
        self.frequencies = None if frequencies is None else np.asarray(frequencies)
        self.inputs = optional_from_json(description.get("inputs"))
        wanted = description.get("precision")
        self.precision: torch.dtype | None = torch.bfloat16 if wanted == "bfloat16" else None

    def __getattr__(self, name: str) -> Any:
        if name in self.refusals:
            raise OtherTaskError(self.refusals[name].format(recipe=self.recipe))
        return super().__getattr__(name)

    @property
    def recipe(self) -> str:
        """The name of the recipe."""
        return str(self.description.get("recipe"))

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.game.parameters()).device

    def read_condition(self, words: Sequence[str]) -> Any:
        """What ``sample`` takes as ``given``, from the words of a person at a command line."""
        return self.space.read_condition(words)

    def autocast(self) -> torch.autocast:
        """The precision that samples are made at."""
        return torch.autocast(self.device.type, self.precision, enabled=self.precision is not None)

    def open(self, data: Any) -> Samples:
        """Other data than those of training, read with the options of the run.

        Args:
            data: what training takes as data of this kind.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ValueError: these are no data of this kind, or not of the form of the run's.
        """
        known, mine = modality_of(self.space), self.description["options"]
        options = {name: mine[name] for name in known.option_names if name in mine and name != "data"}
        options = {name: tuple(v) if isinstance(v, list) else v for name, v in options.items()}
        samples = known.options(data=data, **options).open(batch=1)
        if samples.space.words != self.space.words:
            where = data if isinstance(data, str | os.PathLike) else "the array"
            raise ValueError(
                f"{where} holds {samples.space.words}, and the run is of {self.space.words}: train it with a "
                "size, and others are made to fit"
            )
        return samples


TRANSLATES = "this run translates: use 'ptarmigan translate RUN PICTURES'"
TRANSLATES_NONE = "this run makes samples of nothing and translates none: use 'ptarmigan sample RUN'"
DETECTS_NOTHING = (
    "this run is of {recipe}, which detects nothing: train one of 'ptarmigan list' that begins with anomaly"
)


class Generator(Trained):
    """Makes samples from latents, as a module too: ``generator(z)`` is encoded samples."""

    refusals: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("translate", "direction"), TRANSLATES_NONE),
        **dict.fromkeys(("anomaly_scores", "anomaly_maps", "threshold"), DETECTS_NOTHING),
    }

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Encoded samples ``(n, *shape)`` of latents ``(n, latent)``, and of what they are conditioned on."""
        return self.game.sample(z, c)

    @overload
    def sample(
        self,
        n: int = ...,
        *,
        seed: int = ...,
        given: Any = ...,
        class_: str | int | None = ...,
        where: Mapping[Any, Any] | None = ...,
        truncation: float = ...,
        tensors: Literal[True],
    ) -> Tensor: ...

    @overload
    def sample(
        self,
        n: int = ...,
        *,
        seed: int = ...,
        given: Any = ...,
        class_: str | int | None = ...,
        where: Mapping[Any, Any] | None = ...,
        truncation: float = ...,
        tensors: Literal[False] = ...,
    ) -> NDArray[Any]: ...

    def sample(
        self,
        n: int = 64,
        *,
        seed: int = 0,
        given: Any = None,
        class_: str | int | None = None,
        where: Mapping[Any, Any] | None = None,
        truncation: float = 1.0,
        tensors: bool = False,
    ) -> NDArray[Any] | Tensor:
        """``n`` samples in the data's own units, such as ``(n, height, width, channels)`` uint8.

        The first of a thousand are the same as the first of ten.

        Args:
            n: how many.
            seed: the random seed.
            given: what all samples are to be, where the run is conditional: a class, by name or number; for
                tables, and for series with metadata, values of columns, such as ``{"sex": "Female"}``.
            class_: the same, of a class.
            where: the same, of columns.
            truncation: below 1, less variety and more typical samples.
            tensors: give them as networks have them, ``(n, *shape)`` on the device.

        Raises:
            ValueError: there is no such class or value, or a number is out of range.
        """
        wanted = asked_for(given, class_, where)
        if tensors:
            return torch.cat(list(self._encoded(n, seed, wanted, truncation)))
        return np.concatenate(list(self.batches(n, seed=seed, given=wanted, truncation=truncation)))

    def batches(
        self,
        n: int,
        *,
        seed: int = 0,
        given: Any = None,
        class_: str | int | None = None,
        where: Mapping[Any, Any] | None = None,
        truncation: float = 1.0,
    ) -> Iterator[NDArray[Any]]:
        """The same, a chunk at a time: a million take no more memory than a hundred."""
        chunks = self._encoded(n, seed, asked_for(given, class_, where), truncation)
        return map(self.space.decode, chunks)

    def _encoded(self, n: int, seed: int, given: Any, truncation: float) -> Iterator[Tensor]:
        if n < 1:
            raise ValueError(f"cannot make {n} samples: ask for at least one (--n)")
        if not 0 < truncation <= 1:
            raise ValueError(f"truncation is above 0 and at most 1, not {truncation:g} (--truncation)")
        classes = self.condition(given, n, seed)
        return encoded(
            self.game, n, seed=seed, classes=classes, truncation=truncation, precision=self.precision
        )

    def frame(
        self, n: int = 64, *, seed: int = 0, given: Any = None, where: Mapping[Any, Any] | None = None
    ) -> pd.DataFrame:
        """``n`` samples as a data frame, of a table with the columns and dtypes of the one that was learnt.

        Args:
            n: how many.
            seed: the random seed.
            given: what all samples are to be, see ``sample``.
            where: the same, of columns.

        Raises:
            ValueError: there is no data frame of such samples, or no such value.
        """
        found: pd.DataFrame = self.space.frame(self.sample(n, seed=seed, given=given, where=where))
        return found

    @torch.no_grad()
    def interpolate(
        self,
        frames: int = 8,
        *,
        stops: int = 2,
        seed: int = 0,
        given: Any = None,
        class_: str | int | None = None,
    ) -> NDArray[Any]:
        """A walk along great circles from sample to sample: ``frames`` for each leg, then the last stop.

        Args:
            frames: samples from one stop to the next.
            stops: how many latents are visited.
            seed: the random seed.
            given: what all samples are to be, see ``sample``.
            class_: the same, of a class.

        Raises:
            ValueError: fewer than two stops or one frame.
        """
        if stops < 2 or frames < 1:
            raise ValueError("an interpolation needs at least two stops and one frame between them")
        z = torch.cat(list(latents(self.game, stops, seed=seed)))[:stops]
        legs = [leg(z[i], z[i + 1], frames) for i in range(stops - 1)]
        walk = torch.cat([*legs, z[-1:]])
        first = self.condition(asked_for(given, class_, None), 1, seed)
        c = None if first is None else torch.from_numpy(np.repeat(first, CHUNK, 0)).to(z.device)
        out = []
        for start in range(0, len(walk), CHUNK):
            part = walk[start : start + CHUNK]
            whole = torch.cat([part, part[-1:].expand(CHUNK - len(part), -1)])
            noise.at(seed, "interpolate", device=z.device)
            with self.autocast():
                x = self.game.sample(whole, c)
            out.append(self.space.decode(x[: len(part)]))
        return np.concatenate(out)

    def condition(self, given: Any, n: int, seed: int = 0) -> NDArray[Any] | None:
        """What ``n`` samples are conditioned on: without a wish, classes as frequent as in the data.

        Raises:
            ValueError: there is no such class or value, or the recipe learnt nothing of them.
        """
        if given is None:
            return self.classes(n, seed)
        found = self.space.condition(given, n, seed)
        if len(self.space.classes) != 1 and not self.conditional():
            raise ValueError(self.space.unconditional(self.recipe))
        return found

    def classes(self, n: int, seed: int = 0) -> NDArray[np.int64] | None:
        """The classes that ``sample`` gives its samples; None where the run has none."""
        return some_classes(self.frequencies, n, seed)

    @torch.no_grad()
    def conditional(self) -> bool:
        """Whether samples depend on what is asked for: a recipe need not look at the data's classes."""
        if any(isinstance(module, Conditional) for module in self.game.modules()):
            return True
        if len(self.space.classes) < 2:
            return False
        (z,) = latents(self.game, 1, seed=0)
        found = []
        for class_ in (0, len(self.space.classes) - 1):
            noise.at(0, "classes", device=z.device)
            found.append(self.game.sample(z, torch.full((len(z),), class_, device=z.device)))
        return not torch.equal(*found)


class Detector(Generator):
    """Scores how anomalous samples are, and makes some, too."""

    game: detection.Detector
    refusals: ClassVar[Mapping[str, str]] = dict.fromkeys(("translate", "direction"), TRANSLATES_NONE)

    def anomaly_scores(self, raw: NDArray[Any]) -> NDArray[np.float64]:
        """How anomalous samples are ``(n,)``, in the units of the game: higher is more so.

        Args:
            raw: one a row, as the data was.

        Raises:
            ValueError: the samples are not like the run's.
        """
        return self._scored(self.game.anomaly_score, raw)

    def anomaly_maps(self, raw: NDArray[Any]) -> NDArray[np.float64]:
        """How anomalous every pixel of images ``(n, height, width, channels)`` is, ``(n, height, width)``.

        Raises:
            ValueError: the run has no anomaly maps, or the images are not like its own.
        """

        def maps(x: Tensor) -> Tensor:
            found = self.game.anomaly_map(x)
            if found is None:
                raise ValueError(
                    "this run does not say where samples are abnormal: anomaly.ganomaly_images does"
                )
            return found

        return self._scored(maps, raw)

    def _scored(self, score: Any, raw: NDArray[Any]) -> NDArray[np.float64]:
        raw = np.asarray(raw)
        self.space.check(raw)
        return scored(score, self.game, self.space, raw, precision=self.precision)

    def threshold(self, contamination: float) -> float:
        """The anomaly score that this fraction of the training samples exceeds.

        Raises:
            ValueError: the run remembers no scores, or the fraction cannot be meant.
        """
        if not 0 < contamination <= 0.5:
            raise ValueError(f"contamination is above 0 and at most 0.5, not {contamination:g}")
        known = self.description.get("abnormality")
        if not known:
            raise ValueError("this run does not remember the scores of its training samples")
        return float(np.quantile(known, 1 - contamination))


class Translator(Trained):
    """Makes samples of inputs, such as pictures of pictures; as a module, of encoded inputs and latents."""

    game: Translation
    refusals: ClassVar[Mapping[str, str]] = {
        "interpolate": "this run translates: there is nothing to walk through",
        **dict.fromkeys(("frame", "condition", "classes", "conditional"), TRANSLATES),
        **dict.fromkeys(("anomaly_scores", "anomaly_maps", "threshold"), DETECTS_NOTHING),
    }

    def forward(self, a: Tensor, z: Tensor) -> Tensor:
        """Encoded samples of encoded inputs ``(n, …)`` and latents ``(n, latent)``."""
        return self.game.translate(a, z)

    def read_condition(self, words: Sequence[str]) -> Any:
        """The path of a picture."""
        return Path(" ".join(words))

    def sample(self, n: int = 1, *, seed: int = 0, given: Any = None) -> NDArray[Any]:
        """``n`` translations of one picture, in the data's own units; each further one has the next seed.

        Args:
            n: how many.
            seed: of the first.
            given: the picture: a Pillow image, an array, or the path of a file.

        Raises:
            ValueError: there is no picture, or it cannot be taken.
        """
        return np.concatenate(list(self.batches(n, seed=seed, given=given)))

    def batches(
        self, n: int, *, seed: int = 0, given: Any = None, truncation: float = 1.0
    ) -> Iterator[NDArray[Any]]:
        """The same, one at a time."""
        if given is None or truncation != 1:
            raise ValueError(TRANSLATES)
        if n < 1:
            raise ValueError(f"cannot make {n} samples: ask for at least one (--n)")
        direction = self.direction()
        pixels = pixels_of(given, direction)
        return (direction(pixels, seed=seed + i)[None] for i in range(n))

    def translate(self, image: Any, *, direction: str = "", seed: int = 0, fit: bool = False) -> Any:
        """A picture translated: of the same kind and size (times the scale of a super-resolution).

        Pictures larger than those of training are made of tiles that overlap, smaller ones are mirrored at
        their borders. What becomes of a picture does not depend on what is translated beside it.

        Args:
            image: a Pillow image; an array ``(height, width)``, ``(height, width, channels)`` or ``(n,
                height, width, channels)`` of uint8 or uint16; a tensor ``(channels, height, width)`` or
                ``(n, channels, height, width)`` of uint8, or of floats from 0 to 1; or a list of these.
                Label maps are class numbers.
            direction: AtoB or BtoA; as it was trained when empty.
            seed: which of its translations a picture gets, where there are several.
            fit: squeeze pictures into the size of training and enlarge the result, instead of tiling.

        Raises:
            ValueError: the run goes the other way only, or cannot take the picture.
        """
        way = self.direction(direction)
        return through(image, way, lambda pixels: way(pixels, seed=seed, fit=fit))

    def direction(self, name: str = "") -> Direction:
        """What ``translate`` does with the pixels of one picture.

        Args:
            name: AtoB or BtoA; as it was trained when empty.

        Raises:
            ValueError: this is no translation of pictures, or goes the other way only.
        """
        if not self.inputs:
            raise ValueError("this run's file does not say what it translates from")
        trained = self.description.get("options", {}).get("direction", "AtoB")
        return direction_of(self.game, self.inputs, self.space, name, trained, self.precision)


KINDS: Mapping[type[Task], type[Trained]] = {
    Generate: Generator,
    Translate: Translator,
    detection.Detect: Detector,
}
"""What runs of a task are loaded as."""


def asked_for(given: Any, class_: str | int | None, where: Mapping[Any, Any] | None) -> Any:
    """What samples are to be, by any of the three words for it; None where nothing is asked for.

    Raises:
        ValueError: two of them are given.
    """
    found = [wish for wish in (given, class_, where or None) if wish is not None]
    if len(found) > 1:
        raise ValueError("say what samples are to be in one way: by --given, by --class or by --where")
    return found[0] if found else None


def leg(a: Tensor, b: Tensor, frames: int) -> Tensor:
    """``frames`` points from ``a`` (included) to ``b`` (not) along the great circle between them."""
    t = torch.arange(frames, dtype=torch.float64).unsqueeze(1) / frames
    first, last = (end.cpu().double().expand(frames, -1) for end in (a, b))
    return slerp(first, last, t).to(a)


def load(
    run: str | os.PathLike[str], *, best: bool = False, device: str = "auto", game: Game | None = None
) -> Trained:
    """A run's folder, or a ``generator.safetensors`` alone, as what the run is. Needs no data.

    That is a ``Generator``, a ``Translator`` or a ``Detector``.

    Args:
        run: the folder or the file.
        best: the weights with the best score, not the last.
        device: where to put them.
        game: the networks to fill, as for a run made by hand; the recipe's when None.

    Raises:
        ValueError: nothing is there, it is no safetensors file, or its recipe is not to be had.
    """
    file = Path(run)
    if file.is_dir():
        file = file / ("best.safetensors" if best else FILE)
        if not file.exists() and (file.parent / "run.json").exists():
            raise ValueError(f"{run} has no {file.name} yet: it is written when a run ends or improves")
    if not file.exists():
        raise ValueError(f"{run} is no run and no file")
    try:
        with safe_open(file, "pt") as opened:
            description = parse((opened.metadata() or {}).get("ptarmigan", "null"))
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read as safetensors ({error})") from error
    check(Weights, description, f"{file} was not written by ptarmigan: it does not say what run it is of")
    if game is None and description["recipe"] == BY_HAND:
        raise ValueError(
            f"{run} was put together in Python of networks that no recipe makes: give them, as in load("
            f"{str(run)!r}, game=run.game)"
        )
    edited = ", or was edited in Python: then give game=run.game" if description.get("edited") else ""
    problem = f"{file} does not fit {description['recipe']} as it is in this version of ptarmigan{edited}"
    with must_fit(problem):
        space = from_json(description["space"])
        if game is None:
            recipe = zoo.recipe(description["recipe"])
            blank = Blank(space, optional_from_json(description.get("inputs")))
            game = build(recipe, description["options"] | {"data": blank}).game
        for name in game.ema:
            mine = {k.removeprefix(f"{name}."): v for k, v in tensors.items() if k.startswith(f"{name}.")}
            getattr(game, name).load_state_dict(mine)
    game.to(pick_device(device)).eval().requires_grad_(False)
    return kind_of(game)(game, space, description).eval()


def rebuild(folder: Path, run: Run | None = None) -> Run:
    """The run of a folder with its data, built again of its recipe and options.

    Args:
        folder: the run's folder.
        run: instead, where a person has it.

    Raises:
        ValueError: the folder holds no run, or one that was put together in Python and has to be given.
        FileNotFoundError: its data is not to be had.
    """
    if run is not None:
        return run
    described = folders.load(folder)
    hint = "where it is, give it as run=run"
    if described["recipe"] == BY_HAND:
        raise ValueError(f"{folder} was put together in Python of networks that no recipe makes: {hint}")
    try:
        with must_fit(f"{folder / 'run.json'} does not fit {described['recipe']}"):
            return build(zoo.recipe(described["recipe"]), described["options"])
    except FileNotFoundError as error:
        if described.get("edited"):
            raise ValueError(f"the data of {folder} were in the memory of Python: {hint}") from error
        raise


def kind_of(game: Game) -> type[Trained]:
    """What the runs of a game are loaded as."""
    return next(KINDS[task] for task in task_type(game).__mro__ if task in KINDS)
