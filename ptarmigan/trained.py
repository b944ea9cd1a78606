"""A trained run, loaded to be used: samples, walks between them, and translations."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from ptarmigan import zoo
from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.data.blank import Blank
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.metrics.path import slerp
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.modalities.registry import from_json
from ptarmigan.modalities.series.space import SeriesSpace
from ptarmigan.modalities.table.conditional import Asked
from ptarmigan.modalities.table.space import TableSpace
from ptarmigan.modalities.vector.space import VectorSpace
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.tasks.detect.scores import scored
from ptarmigan.tasks.generate import CHUNK, generate, latents, some_classes
from ptarmigan.tasks.translate.kinds import through
from ptarmigan.tasks.translate.translation import Translation
from ptarmigan.tasks.translate.translator import Translator
from ptarmigan.training.options import build
from ptarmigan.training.settings import pick_device

if TYPE_CHECKING:
    import pandas as pd

FILE = "generator.safetensors"


class Trained:
    """The averaged networks of a run, with their space.

    Attributes:
        game: the networks, in evaluation mode.
        space: what one sample is.
        inputs: what it translates from; None where it makes samples of nothing.
        description: what the run was.
    """

    def __init__(self, game: Game, space: Space, description: dict[str, Any]) -> None:
        self.game, self.space, self.description = game, space, description
        frequencies = description.get("frequencies")
        self.frequencies = None if frequencies is None else np.asarray(frequencies)
        inputs = description.get("inputs")
        self.inputs = None if inputs is None else from_json(inputs)
        wanted = description.get("precision")
        self.precision: torch.dtype | None = torch.bfloat16 if wanted == "bfloat16" else None

    def sample(
        self,
        n: int = 64,
        *,
        seed: int = 0,
        class_: str | int | None = None,
        truncation: float = 1.0,
        where: Mapping[Any, Any] | None = None,
    ) -> NDArray[Any]:
        """``n`` samples in the data's own units, such as ``(n, height, width, channels)`` uint8.

        The first of a thousand are the same as the first of ten.

        Args:
            n: how many.
            seed: names them.
            class_: of one class only, by name or number, where the run is conditional.
            truncation: below 1, less variety and more typical samples.
            where: the values that columns of a table, or of series' metadata, are to have; all have them.

        Raises:
            ValueError: there is no such class or value, or a number is out of range.
        """
        chunks = list(self.batches(n, seed=seed, class_=class_, truncation=truncation, where=where))
        return np.concatenate(chunks)

    def frame(self, n: int = 64, *, seed: int = 0, where: Mapping[Any, Any] | None = None) -> pd.DataFrame:
        """``n`` rows of a table as a data frame, with the columns and dtypes of the one it was learnt from.

        Args:
            n: how many.
            seed: names them.
            where: the values that columns are to have; every row has them.

        Raises:
            ValueError: this run does not make tables, or there is no such value.
        """
        if not isinstance(self.space, TableSpace):
            raise ValueError("this run makes no tables")
        return self.space.frame(self.sample(n, seed=seed, where=where))

    def batches(
        self,
        n: int,
        *,
        seed: int = 0,
        class_: str | int | None = None,
        truncation: float = 1.0,
        where: Mapping[Any, Any] | None = None,
    ) -> Iterator[NDArray[Any]]:
        """The same, a chunk at a time: a million take no more memory than a hundred."""
        if self.inputs is not None:
            raise ValueError("this run translates: use 'ptarmigan translate RUN PICTURES'")
        if n < 1:
            raise ValueError(f"cannot make {n} samples: ask for at least one (--n)")
        if not 0 < truncation <= 1:
            raise ValueError(f"truncation is above 0 and at most 1, not {truncation:g} (--truncation)")
        classes = self.conditions(n, where, seed) if where else self.classes(n, seed, class_)
        return generate(
            self.game,
            self.space,
            n,
            seed=seed,
            classes=classes,
            truncation=truncation,
            precision=self.precision,
        )

    @torch.no_grad()
    def interpolate(
        self, frames: int = 8, *, stops: int = 2, seed: int = 0, class_: str | int | None = None
    ) -> NDArray[Any]:
        """A walk along great circles from sample to sample: ``frames`` for each leg, then the last stop.

        Args:
            frames: samples from one stop to the next.
            stops: how many latents are visited.
            seed: names them.
            class_: of one class throughout, where the run is conditional.

        Raises:
            ValueError: fewer than two stops or one frame.
        """
        if self.inputs is not None:
            raise ValueError("this run translates: there is nothing to walk through")
        if stops < 2 or frames < 1:
            raise ValueError("an interpolation needs at least two stops and one frame between them")
        z = torch.cat(list(latents(self.game, stops, seed=seed)))[:stops]
        legs = [leg(z[i], z[i + 1], frames) for i in range(stops - 1)]
        walk = torch.cat([*legs, z[-1:]])
        first = self.classes(1, seed, class_)
        c = None if first is None else torch.full((CHUNK,), int(first[0]), device=z.device)
        out = []
        for start in range(0, len(walk), CHUNK):
            part = walk[start : start + CHUNK]
            whole = torch.cat([part, part[-1:].expand(CHUNK - len(part), -1)])
            noise.at(seed, "interpolate", device=z.device)
            with torch.autocast(z.device.type, self.precision, enabled=self.precision is not None):
                x = self.game.sample(whole, c)
            out.append(self.space.decode(x[: len(part)]))
        return np.concatenate(out)

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
            ValueError: this is no translation, goes the other way only, or cannot take the picture.
        """
        translator = self.translator(direction)
        return through(image, translator, lambda pixels: translator(pixels, seed=seed, fit=fit))

    def translator(self, direction: str = "") -> Translator:
        """What ``translate`` does with the pixels of one picture.

        Args:
            direction: AtoB or BtoA; as it was trained when empty.

        Raises:
            ValueError: this is no translation of pictures, or goes the other way only.
        """
        if direction not in ("", "AtoB", "BtoA"):
            raise ValueError(f"--direction {direction}: expected AtoB or BtoA")
        given, space = self.inputs, self.space
        if not isinstance(self.game, Translation) or given is None:
            raise ValueError(
                "this run makes samples of nothing and translates none: use 'ptarmigan sample RUN'"
            )
        if not isinstance(given, ImageSpace | LabelSpace) or not isinstance(space, ImageSpace | LabelSpace):
            raise ValueError("this run does not translate pictures")
        trained = self.description.get("options", {}).get("direction", "AtoB")
        if direction in ("", trained):
            return Translator(self.game, given, space, precision=self.precision)
        backwards = Translator(self.game, space, given, backwards=True, precision=self.precision)
        if not backwards.possible():
            raise ValueError(f"this run translates {trained} only: leave --direction out")
        return backwards

    def abnormality(self, raw: NDArray[Any]) -> NDArray[np.float64]:
        """How abnormal samples are, in the units of the game: higher is more so.

        Args:
            raw: one a row, as the data was.

        Raises:
            ValueError: this run is no detector, or the samples are not like its own.
        """
        game, raw = self._detector(), self._like_mine(raw)
        return scored(game.abnormality, game, self.space, raw, precision=self.precision)

    def heat(self, raw: NDArray[Any]) -> NDArray[np.float64]:
        """How abnormal every pixel of images ``(n, height, width, channels)`` is, ``(n, height, width)``.

        Raises:
            ValueError: this run is no detector, or cannot say where, or the images are not like its own.
        """
        game, raw = self._detector(), self._like_mine(raw)

        def mapped(x: torch.Tensor) -> torch.Tensor:
            found = game.where(x)
            if found is None:
                raise ValueError("this run has no anomaly maps: anomaly.ganomaly_images does")
            return found

        return scored(mapped, game, self.space, raw, precision=self.precision)

    def images(self, data: Any) -> Samples:
        """Other images than those of training, made to the size that the run was told, where it was.

        Args:
            data: what training takes as images.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ValueError: these are no images, or not of the form of the run's.
        """
        options, mine = self.description["options"], self.space
        samples = Images(data, options.get("size", ""), options.get("crop", False)).open(batch=1)
        if samples.space.words != mine.words:
            where = data if isinstance(data, str | os.PathLike) else "the array"
            raise ValueError(
                f"{where} holds {samples.space.words}, and the run is of {mine.words}: train it with a size, "
                "and others are made to fit"
            )
        return samples

    def _detector(self) -> Detector:
        if not isinstance(self.game, Detector):
            raise ValueError(
                f"this run is of {self.description.get('recipe')}, which detects nothing: train one of "
                "'ptarmigan list' that begins with anomaly"
            )
        return self.game

    def _like_mine(self, raw: NDArray[Any]) -> NDArray[Any]:
        raw, space = np.asarray(raw), self.space
        if isinstance(space, VectorSpace) and raw.shape[1:] != space.shape:
            raise ValueError(
                f"this run is of rows of {space.shape[0]} numbers, and these are of shape {raw.shape}"
            )
        if isinstance(space, ImageSpace) and raw.shape[1:] != (space.height, space.width, space.channels):
            form = f"{space.height}x{space.width}x{space.channels}"
            raise ValueError(f"this run is of images of {form}, and these are of shape {raw.shape}")
        return raw

    def threshold(self, contamination: float) -> float:
        """The abnormality that this fraction of the training samples exceeds.

        Raises:
            ValueError: this run is no detector or remembers no scores, or the fraction cannot be meant.
        """
        self._detector()
        if not 0 < contamination <= 0.5:
            raise ValueError(f"contamination is above 0 and at most 0.5, not {contamination:g}")
        known = self.description.get("abnormality")
        if not known:
            raise ValueError("this run does not remember the scores of its training samples")
        return float(np.quantile(known, 1 - contamination))

    def conditions(self, n: int, where: Mapping[Any, Any], seed: int = 0) -> NDArray[np.float32]:
        """What ``n`` rows of a table, or ``n`` series, are conditioned on.

        Raises:
            ValueError: this run does not make such, or there is no such value.
        """
        rows = self.space.about if isinstance(self.space, SeriesSpace) else self.space
        if not isinstance(rows, TableSpace):
            raise ValueError("--where is for tables, and for series with metadata: this run makes none")
        if not any(isinstance(module, Asked) for module in self.game.modules()):
            others = (
                "series.doppelganger" if isinstance(self.space, SeriesSpace) else "table.ctgan or table.tvae"
            )
            raise ValueError(
                f"--where: a run of {self.description.get('recipe')} cannot be asked; one of {others} can"
            )
        return rows.asked(where, n, seed)

    def classes(self, n: int, seed: int = 0, class_: str | int | None = None) -> NDArray[np.int64] | None:
        """The classes that ``sample`` gives its samples; None where the run has none."""
        known = self.space.classes
        if class_ is None:
            return some_classes(self.frequencies, n, seed)
        if not known:
            raise ValueError("this run has no classes: leave --class out")
        if len(known) > 1 and not self.conditional():
            raise ValueError(
                f"this run of {self.description.get('recipe')} learnt nothing of classes: leave --class out, "
                "or train image.cgan, or image.r1gan with --conditional"
            )
        if str(class_) in known:
            return np.full(n, known.index(str(class_)), np.int64)
        if str(class_).isdigit() and int(class_) < len(known):
            return np.full(n, int(class_), np.int64)
        raise ValueError(f"there is no class {class_!r}; there are {', '.join(known)}")

    @torch.no_grad()
    def conditional(self) -> bool:
        """Whether what is made depends on the class: a recipe need not look at those that the data has."""
        if len(self.space.classes) < 2:
            return False
        (z,) = latents(self.game, 1, seed=0)
        made = []
        for class_ in (0, len(self.space.classes) - 1):
            noise.at(0, "classes", device=z.device)
            made.append(self.game.sample(z, torch.full((len(z),), class_, device=z.device)))
        return not torch.equal(*made)


def leg(a: torch.Tensor, b: torch.Tensor, frames: int) -> torch.Tensor:
    """``frames`` points from ``a`` (included) to ``b`` (not) along the great circle between them."""
    t = torch.arange(frames, dtype=torch.float64).unsqueeze(1) / frames
    first, last = (end.cpu().double().expand(frames, -1) for end in (a, b))
    return slerp(first, last, t).to(a)


def load(
    run: str | os.PathLike[str], *, best: bool = False, device: str = "auto", game: Game | None = None
) -> Trained:
    """The trained networks of a run's folder, or of a ``generator.safetensors`` alone. Needs no data.

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
            description = json.loads((opened.metadata() or {}).get("ptarmigan", "null"))
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read as safetensors ({error})") from error
    if not isinstance(description, dict):
        raise ValueError(f"{file} was not written by ptarmigan: it does not say what run it is of")
    space, inputs = from_json(description["space"]), description.get("inputs")
    if game is None:
        recipe = zoo.recipe(description["recipe"])
        blank = Blank(space, None if inputs is None else from_json(inputs))
        game = build(recipe, description["options"] | {"data": blank}).game
    for name in game.averaged:
        mine = {k.removeprefix(f"{name}."): v for k, v in tensors.items() if k.startswith(f"{name}.")}
        try:
            getattr(game, name).load_state_dict(mine)
        except RuntimeError as error:
            raise ValueError(
                f"{file} does not fit {description['recipe']} as it is in this version of ptarmigan "
                f"({str(error).splitlines()[0]})"
            ) from error
    game.to(pick_device(device)).eval().requires_grad_(False)
    return Trained(game, space, description)
