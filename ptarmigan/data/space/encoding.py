"""What one sample is: its raw form, the tensor that networks see, and the way between them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Self

import torch
from numpy.typing import NDArray
from torch import Tensor


class Encoding(ABC):
    """Raw samples to tensors and back.

    Attributes:
        classes: names of the classes; empty where the data has none.
        layout: how encoded batches are laid out in memory.
        half_precision: whether forward passes in bfloat16 are faster: for convolutions they are.
        bounds: the ends of the range of encoded numbers, where they mean something, as black and white do.
    """

    layout: ClassVar[torch.memory_format] = torch.contiguous_format
    half_precision: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float] | None] = None
    classes: tuple[str, ...]

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Shape of one encoded sample."""

    @abstractmethod
    def encode(self, raw: NDArray[Any]) -> Tensor:
        """Raw samples, one a row, as the float tensor ``(n, *shape)`` that networks see."""

    def decode(self, x: Tensor) -> NDArray[Any]:
        """The inverse of ``encode``: samples in the data's own units."""
        raw = self.decoded(x.detach())
        if raw is None:
            raise NotImplementedError(f"{type(self).__name__} has neither decode nor decoded")
        return raw.cpu().numpy()

    def decoded(self, x: Tensor) -> Tensor | None:
        """``decode`` as operations on tensors, so that a graph can hold them; None where it takes more."""
        return None

    @property
    def raw_shape(self) -> tuple[int, ...]:
        """Shape of one raw sample."""
        return self.shape

    @property
    def words(self) -> str:
        """What samples are, for people: ``images of 28×28×1``. Equal words are equal forms."""
        return f"samples of {'×'.join(map(str, self.shape))} numbers"

    def same_form(self, other: Encoding) -> str:
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
