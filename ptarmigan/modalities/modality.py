"""A modality: all that is known of one kind of data. Nobody outside its folder asks what kind it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray
from PIL import Image

from ptarmigan.core.game import Game
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.metrics.evaluator import Evaluator, by_embedding
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.describe import describe_samples
from ptarmigan.modalities.labelled import Labelled
from ptarmigan.modalities.networks import Networks


class DataOptions(Protocol):
    """How data of a kind are read: a frozen dataclass of plain values, a group of a recipe's options."""

    @property
    def data(self) -> Any:
        """A name, a path, or in Python an array, a frame and so on."""
        ...

    def open(self, *, batch: int, seed: int = 0) -> Samples:
        """The real samples, shuffled by ``seed`` and cut into batches.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ValueError: it cannot be read as this kind; the message says why and what to do.
        """
        ...


@dataclass(frozen=True, eq=False)
class Description:
    """What a source of samples holds, for people: lines of text and a picture of some samples."""

    lines: Sequence[str]
    preview: Image.Image


class Predictor(Protocol):
    """A trained run that makes samples of conditions, as far as a prediction needs it."""

    game: Game
    space: Space
    inputs: Space | None


class Advice(NamedTuple):
    """Options of a recipe that suit some data, and why, in a sentence; nothing where the defaults do."""

    options: Mapping[str, Any] = MappingProxyType({})
    why: str = ""


def no_advice(data: Any) -> Advice:
    """The defaults do."""
    return Advice()


@dataclass(frozen=True, eq=False)
class Modality:
    """One kind of data.

    Attributes:
        name: ``image``: what ``--kind`` takes.
        plural: ``images``: samples of it, for people.
        takes: the sources that it reads, for people.
        space: what one sample is.
        options: how it is read, ``(data=…, …) -> DataOptions``.
        recognise: why data are of this kind (``3,000 image files``); empty where they are not. It reads
            names and headers and never the whole.
        sets: the names of its built-in sets.
        example: writes a small source into an empty folder, and gives what ``options`` take as data.
        look: describes a source, where there is more to say than of any samples.
        evaluator: how good samples are, beside the real ones.
        outputs: how good samples are that were made from inputs, beside their targets; None where they are
            evaluated as pictures are.
        predict: writes what follows from data: ``(run, data, out, members, seed)``, and gives what was
            written in words; None where nothing is predicted.
        between: the evaluator of one source beside a real one, and the raw samples that it is to score:
            ``(real, fake, request, options)``; None where both are opened, and are of one form as they are.
        scored_by: what ``score`` takes for this kind beside the options of its data, such as ``target``.
        models: models without networks that can learn its raw samples, by their names in ``compare
            --beside``.
        labelled: samples with classes, for ``augment``: ``(data, out, label, **options)``; None where these
            have none.
        ending: of the file that ``augment`` writes unless told otherwise; a folder when empty.
        recipe: the default of ``train DATA``, and where a rescue may end; empty where there is none.
        advised: options of that recipe that suit some data, and why in a sentence, from names and headers.
        recipes: the package that holds its recipes; empty where there is none.
        calibrated: the doctor's thresholds were tuned on runs of this kind too.
        also: other spaces of the same raw samples, in which some recipes learn them: a spectrogram, say.
        networks: plain networks for samples of a space, by which recipes that serve several kinds serve this
            one; None where there are none.
    """

    name: str
    plural: str
    takes: str
    space: type[Space]
    options: Callable[..., DataOptions]
    recognise: Callable[[Any], str]
    example: Callable[[Path], Any]
    look: Callable[[Any], Description] | None = None
    evaluator: Callable[[Samples, Request], Evaluator] = by_embedding
    outputs: Callable[[Samples, Request], Evaluator] | None = None
    predict: Callable[[Predictor, Any, Path, int, int], str] | None = None
    between: Callable[[Any, Any, Request, Mapping[str, Any]], tuple[Evaluator, NDArray[Any]]] | None = None
    sets: tuple[str, ...] = ()
    scored_by: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    labelled: Callable[..., Labelled] | None = None
    ending: str = ""
    recipe: str = ""
    advised: Callable[[Any], Advice] = no_advice
    recipes: str = ""
    calibrated: bool = False
    also: tuple[type[Space], ...] = ()
    networks: Callable[[Space], Networks] | None = None

    def describe(self, options: DataOptions) -> Description:
        """What a source holds, from a look at every sample.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ValueError: it cannot be read; the message says why.
        """
        if self.look is not None:
            return self.look(options)
        found = describe_samples(options.open(batch=1), self.plural)
        return Description(found.table(), found.preview)

    @property
    def spaces(self) -> tuple[type[Space], ...]:
        """Every space of its samples, that of its options first."""
        return (self.space, *self.also)

    @property
    def option_names(self) -> tuple[str, ...]:
        """The options with which it is read."""
        options: Any = self.options
        return tuple(field.name for field in fields(options))
