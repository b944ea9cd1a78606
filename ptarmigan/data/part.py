"""Some of a source's samples, as a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices
from ptarmigan.data.samples import Source


@dataclass(frozen=True, eq=False)
class Part:
    """The samples at ``rows`` of a source, in that order."""

    source: Source
    rows: Indices

    @property
    def labels(self) -> Indices | None:
        """Their classes."""
        labels = self.source.labels
        return None if labels is None else labels[self.rows]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.source.classes

    def __len__(self) -> int:
        return len(self.rows)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The raw samples at ``indices`` of this part."""
        return self.source.read(self.rows[indices])
