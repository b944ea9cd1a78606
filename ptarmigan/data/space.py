"""A space: what one sample is, from its raw form to what networks see and what people look at."""

from __future__ import annotations

import base64
import html as escaping
import io
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptarmigan.data.writers import NPY, NPZ, Writer, folder, picture
from ptarmigan.media.plot import Surface as Surface

LONGEST = 256
"""Numbers that an embedding keeps of a sample, at most, unless its space knows better."""


class Space(ABC):
    """What one sample is: its shape as a tensor, its raw form, and how people look at it.

    Raw samples are a numeric array whose rows have one shape, in the data's own units. Subclasses are frozen
    dataclasses of plain values, so that a space is equal to another with the same values and can be kept as
    JSON. What is not abstract has a default that holds for any kind of samples.

    Attributes:
        classes: names of the classes; empty where the data has none.
        shown: samples in one of the pictures that training draws.
    """

    shown: ClassVar[int] = 1_024
    classes: tuple[str, ...]

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Shape of one encoded sample."""

    @abstractmethod
    def encode(self, raw: NDArray[Any]) -> Tensor:
        """Raw samples, one a row, as the float tensor ``(n, *shape)`` that networks see."""

    @abstractmethod
    def decode(self, x: Tensor) -> NDArray[Any]:
        """The inverse of ``encode``: samples in the data's own units."""

    @abstractmethod
    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write raw samples under the folder ``path``, in the form people of this modality use.

        They are numbered from ``first``, so that many can be written a few at a time.
        """

    @abstractmethod
    def render(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """One picture of many raw samples, beside ``real`` ones where given.

        In the plane they are drawn over ``surface``, such as a discriminator's scores.
        """

    @property
    def most(self) -> int:
        """Samples in one picture, at most."""
        return 100_000

    def writers(self) -> Mapping[str, Writer]:
        """How samples are written, by the ending of the file's name; "" is a folder."""
        return {
            "": folder(self.save),
            ".npz": NPZ,
            ".npy": NPY,
            ".png": picture(self.render, self.most),
        }

    def strip(self, walk: NDArray[Any], frames: int) -> Image.Image:
        """A picture of a walk: ``frames`` samples for each leg, and the last stop."""
        return self.render(walk)

    def frames(self, walk: NDArray[Any]) -> Iterator[Image.Image]:
        """The pictures of a film of a walk, one a sample."""
        return (self.render(walk[i : i + 1]) for i in range(len(walk)))

    @property
    def words(self) -> str:
        """What samples are, for people: ``images of 28×28×1``. Equal words are equal forms."""
        return f"samples of {'×'.join(map(str, self.shape))} numbers"

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The ends of the range of encoded numbers, where they mean something, as black and white do."""
        return None

    @property
    def repeats(self) -> bool:
        """Whether equal samples, and values that hardly any sample has, are as it should be."""
        return False

    @property
    def raw_shape(self) -> tuple[int, ...]:
        """Shape of one raw sample."""
        return self.shape

    @property
    def layout(self) -> torch.memory_format:
        """How networks like encoded batches in memory."""
        return torch.contiguous_format

    @property
    def half_precision(self) -> bool:
        """Whether forward passes in bfloat16 pay: for convolutions they do."""
        return False

    def same_form(self, other: Space) -> str:
        """Why samples of the two spaces cannot be compared; empty where they can be."""
        if type(self) is type(other) and self.words == other.words:
            return ""
        return f"{self.words} cannot be compared with {other.words}"

    def check(self, raw: NDArray[Any]) -> None:
        """See that an array holds samples of this space.

        Raises:
            ValueError: it does not.
        """
        if not len(raw):
            raise ValueError("there is no sample")

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """Encoded samples as ``(n, d)`` numbers whose Euclidean distance says how alike two samples are.

        They are cheap to make, and what the doctor, the report and two-sample tests look at.
        """
        x = x.detach().float().flatten(1)
        if x.shape[1] > LONGEST:
            x = F.adaptive_avg_pool1d(x[:, None], LONGEST)[:, 0]
        return x.cpu().double().numpy()

    def planes(self, x: Tensor) -> Tensor:
        """Encoded samples as ``(n, channels, places)``: what has a meaning and a scale of its own."""
        return x.flatten(1)[:, :, None]

    def distance(self, generated: Tensor, target: Tensor) -> Tensor:
        """How far encoded samples are from those they should be, as a differentiable scalar: L1."""
        return F.l1_loss(generated, target)

    def read_condition(self, words: Sequence[str]) -> Any:
        """What ``condition`` takes, from the words of a person at a command line: a class, or a sentence."""
        return " ".join(words)

    def condition(self, given: Any, n: int, seed: int = 0) -> NDArray[Any]:
        """What ``n`` samples are conditioned on, ``(n, …)``, so that they are what is asked for.

        Args:
            given: a class, by name or number; of other kinds of samples what they take.
            n: how many samples.
            seed: of what is left to chance.

        Raises:
            ValueError: there is no such class, or samples of this kind are not asked for so.
        """
        known = self.classes
        if isinstance(given, Mapping):
            raise ValueError("--where is for tables, and for series with metadata: this run makes none")
        if not known:
            raise ValueError("this run has no classes: leave --class out")
        if str(given) in known:
            return np.full(n, known.index(str(given)), np.int64)
        if str(given).isdigit() and int(given) < len(known):
            return np.full(n, int(given), np.int64)
        raise ValueError(f"there is no class {given!r}; there are {', '.join(known)}")

    def unconditional(self, recipe: str) -> str:
        """That a recipe makes the same of any condition, in words, and what to do."""
        return f"this run of {recipe} learnt nothing of classes: leave --class out"

    def scored(self, raw: NDArray[Any]) -> NDArray[Any]:
        """What of raw samples is measured: all, unless something only says what they are conditioned on."""
        return raw

    def jitter(self, raw: NDArray[Any], by: float, corners: NDArray[np.float64]) -> NDArray[Any]:
        """Raw pictures cut at random out of themselves enlarged, where samples are pictures.

        Args:
            raw: the pictures.
            by: by how many pixels they are enlarged.
            corners: uniform numbers ``(n, 2)``, which say where each is cut.

        Raises:
            ValueError: they are none.
        """
        raise ValueError(f"{self.words} are no pictures: they cannot be jittered")

    def frame(self, raw: NDArray[Any], first: int = 0) -> Any:
        """Raw samples as a pandas data frame, where their kind has one.

        Args:
            raw: the samples.
            first: the number of the first one.

        Raises:
            ValueError: it has none.
        """
        raise ValueError(f"{self.words} are no table: there is no data frame of them")

    def html(self, raw: NDArray[Any]) -> str:
        """Raw samples as HTML that is complete in itself: a picture, unless there is something better."""
        file = io.BytesIO()
        self.render(raw).save(file, "PNG")
        data = base64.b64encode(file.getvalue()).decode("ascii")
        return f'<img alt="{escaping.escape(self.words, quote=True)}" src="data:image/png;base64,{data}">'

    def to_json(self) -> dict[str, Any]:
        """Plain data, of which ``modalities.registry.from_json`` makes the space again."""
        return {"kind": type(self).__name__, **asdict(self)}  # type: ignore[call-overload]

    @classmethod
    def from_plain(cls, fields: Mapping[str, Any]) -> Self:
        """The space from what JSON keeps of its values.

        Raises:
            TypeError: there is no such value, or one is missing.
        """
        return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()})
