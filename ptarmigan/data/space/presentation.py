"""How samples are shown to people and written to files."""

from __future__ import annotations

import base64
import io
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.space.encoding import Encoding
from ptarmigan.data.writers import NPY, NPZ, Writer, folder, picture
from ptarmigan.media.markup import escaped
from ptarmigan.media.plot import Surface


class Presentation(Encoding):
    """Raw samples as pictures, HTML, data frames and files.

    Attributes:
        shown: samples in one of the pictures that training draws.
        beside: real samples that such a picture is given, at most; as many as are shown when 0. More of them
            let a picture say which samples are copies.
    """

    shown: ClassVar[int] = 1_024
    beside: ClassVar[int] = 0

    @abstractmethod
    def render(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """One picture of many raw samples, beside ``real`` ones where given.

        In the plane they are drawn over ``surface``, such as a discriminator's scores.
        """

    @abstractmethod
    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write raw samples under the folder ``path``, in the form people of this modality use.

        They are numbered from ``first``, so that many can be written a few at a time.
        """

    def load(self, path: Path) -> tuple[NDArray[Any], str]:
        """One raw sample ``(1, …)`` from a file that people have, and what had to be done to make it fit.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it cannot be read, or there is no such thing of this kind.
        """
        raise ValueError(f"{path}: {self.words} are not read from single files")

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

    def companions(self) -> Mapping[str, bytes]:
        """Files beside the weights of a run, by name: what other programs need to read its samples."""
        return {}

    def strip(self, walk: NDArray[Any], frames: int) -> Image.Image:
        """A picture of a walk: ``frames`` samples for each leg, and the last stop."""
        return self.render(walk)

    def frames(self, walk: NDArray[Any]) -> Iterator[Image.Image]:
        """The pictures of a film of a walk, one a sample."""
        return (self.render(walk[i : i + 1]) for i in range(len(walk)))

    def html(self, raw: NDArray[Any]) -> str:
        """Raw samples as HTML that is complete in itself: a picture, unless there is something better."""
        return inside(self.render(raw), self.words)

    def frame(self, raw: NDArray[Any], first: int = 0) -> Any:
        """Raw samples as a pandas data frame, where their kind has one.

        Args:
            raw: the samples.
            first: the number of the first one.

        Raises:
            ValueError: it has none.
        """
        raise ValueError(f"{self.words} are no table: there is no data frame of them")


def inside(picture: Image.Image, words: str) -> str:
    """A picture as HTML that holds it; ``words`` are said where it cannot be seen."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return f'<img alt="{escaped(words)}" src="data:image/png;base64,{data}">'
