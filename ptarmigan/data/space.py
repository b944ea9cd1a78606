"""The interface of a space, and how a run's metadata names one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptarmigan.media.plot import Surface as Surface


@runtime_checkable
class Space(Protocol):
    """What one sample is: its shape as a tensor, its raw form, and how people look at it."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; empty where the data has none."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one encoded sample."""
        ...

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """Raw samples, one a row, as the float tensor that networks see."""
        ...

    def decode(self, x: Tensor) -> NDArray[Any]:
        """The inverse of ``encode``: samples in the data's own units."""
        ...

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write raw samples under the folder ``path``, in the form people of this modality use.

        They are numbered from ``first``, so that many can be written a few at a time.
        """
        ...

    def preview(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """One picture of many raw samples; in the plane, over ``real`` ones and the judge's ``surface``."""
        ...
