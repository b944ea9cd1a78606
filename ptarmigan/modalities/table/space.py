"""Rows of a table: columns of numbers, dates and categories, some of them missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptarmigan.core.noise import key
from ptarmigan.data.space import Space, Surface
from ptarmigan.data.writers import Writer, tables
from ptarmigan.media.markup import table
from ptarmigan.modalities.table.column import Column, column_of
from ptarmigan.modalities.table.conditions import Conditions, by_column, raw_of
from ptarmigan.modalities.table.constraints import Constraints
from ptarmigan.modalities.table.embedding import embedded
from ptarmigan.modalities.table.frames import pandas_or_error, restored

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 12
"""Columns in a picture."""


@dataclass(frozen=True)
class TableSpace(Space):
    """Rows of a table; raw is ``(n, columns)`` float64 with NaN where a value is missing.

    Raw numbers are the column's own, dates count its dtype's units from 1970, and values are their places in
    ``Column.values``. Networks see a number on the scale of its mode, beside the mode as a one-hot vector
    (mode-specific normalisation: Xu et al. 2019, arXiv 1907.00503, section 4.2, where the mode is drawn and
    not the likeliest), and a value as a one-hot vector, or two where there are more than ``MOST``. A missing
    value is a mode or a value of its own. Ids and constants are not seen at all. Where rows are constrained,
    other columns are learnt (``spaces.constraints``), and raw is what it is without.
    """

    columns: tuple[Column, ...]
    classes: tuple[str, ...] = ()
    constraints: Constraints | None = None
    polars: bool = False
    """Whether the table came as a polars frame."""

    @classmethod
    def from_plain(cls, fields: Mapping[str, Any]) -> TableSpace:
        """The space from what JSON keeps of it."""
        constraints = fields.get("constraints")
        return TableSpace(
            tuple(map(column_of, fields["columns"])),
            tuple(fields.get("classes", ())),
            None if constraints is None else Constraints.of_plain(**constraints),
            fields.get("polars", False),
        )

    @property
    def words(self) -> str:
        """``rows of a table of 5 columns``."""
        return f"rows of a table of {len(self.columns)} columns"

    @property
    def repeats(self) -> bool:
        """People of the same age and income are no fault of a table."""
        return True

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """Every column as a few numbers, in which two rows of the table differ by as much as in any other."""
        raw = self.decode(x)
        parts = [embedded(column, raw[:, i]) for i, column in enumerate(self.columns) if column.width]
        return np.concatenate([np.zeros((len(raw), int(not parts))), *parts], 1)

    @property
    def raw_shape(self) -> tuple[int]:
        """The number of columns."""
        return (len(self.columns),)

    @property
    def learnt(self) -> tuple[Column, ...]:
        """The columns that networks see."""
        return self.columns if self.constraints is None else self.constraints.learnt

    def seen(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Rows of these columns."""
        return raw if self.constraints is None else self.constraints.seen(raw, self.columns)

    @cached_property
    def shape(self) -> tuple[int]:
        """How many numbers a row takes."""
        return (sum(column.width for column in self.learnt),)

    @cached_property
    def owners(self) -> tuple[int, ...]:
        """To which one-hot vector every number of an encoded row belongs; -1 for scaled numbers."""
        found: list[int] = []
        vectors = 0
        for column in self.learnt:
            found += [-1] * bool(column.modes)
            for size in column.sizes:
                found += [vectors] * size
                vectors += 1
        return tuple(found)

    @cached_property
    def conditions(self) -> Conditions:
        """What rows can be conditioned on."""
        return Conditions.of(self.learnt)

    def asked(self, where: Mapping[Any, Any], n: int, seed: int = 0) -> NDArray[np.float32]:
        """What ``n`` rows are conditioned on, ``(n, size)``, so that columns hold what is asked.

        Of combinations that fit alike, each row has one by chance, as often as the data has it.

        Args:
            where: what columns are to hold; None or NaN asks for a missing value.
            n: how many rows.
            seed: the random seed of the choice.

        Raises:
            ValueError: there is no such column or value, or no such combination.
        """
        known = self.conditions
        fixed = () if self.constraints is None else self.constraints.fixed
        named = {str(self.columns[i].name): i for one in fixed for i in one.columns}
        mine = {named[str(name)]: (name, value) for name, value in where.items() if str(name) in named}
        rest = {name: value for name, value in where.items() if str(name) not in named}
        for gap in () if self.constraints is None else self.constraints.gaps:
            column, base = (str(self.columns[i].name) for i in (gap.column, gap.base))
            if column in map(str, rest):
                raise ValueError(
                    f"--where {column}: the column is learnt as its distance from {base!r}: ask for that"
                )
        if self.constraints is None or not mine:
            return np.broadcast_to(known.asked(rest), (n, known.size))
        asked = np.repeat(known.asked(rest)[None], n, 0)
        wanted = {i: raw_of(self.columns[i], *pair) for i, pair in mine.items()}
        rng = np.random.default_rng(key(seed, "where"))
        for name, codes in self.constraints.combined(wanted).items():
            if not len(codes):
                said = ", ".join(f"{one}={value}" for one, value in mine.values())
                raise ValueError(f"--where {said}: no row of the table has that combination")
            pairs = known.pairs(name, codes)
            shares = np.cumsum(known.counts[pairs]) / known.counts[pairs].sum()
            chosen = pairs[np.searchsorted(shares, rng.random(n), side="right").clip(max=len(pairs) - 1)]
            np.put_along_axis(asked, known.hot[chosen], 1, 1)
        return asked

    def read_condition(self, words: Sequence[str]) -> dict[str, str | None]:
        """Columns and their values from ``column=value``; nothing after the sign is a missing value.

        Raises:
            ValueError: a word is not of that form.
        """
        return by_column(words)

    def condition(self, given: Any, n: int, seed: int = 0) -> NDArray[Any]:
        """Rows whose columns hold what ``given`` says: ``{"sex": "Female"}``.

        Raises:
            ValueError: there is no such column or value, or no such combination.
        """
        return self.asked(given, n, seed) if isinstance(given, Mapping) else super().condition(given, n, seed)

    def unconditional(self, recipe: str) -> str:
        """Which recipes can be asked."""
        return f"--where: a run of {recipe} cannot be asked; one of table.ctgan or table.tvae can"

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """``(n, columns)`` to ``(n, width)`` float32."""
        raw = self.seen(raw)
        parts = [column.encode(raw[:, i]) for i, column in enumerate(self.learnt)]
        return torch.from_numpy(np.concatenate(parts, 1))

    def decode(self, x: Tensor) -> NDArray[Any]:
        """The inverse of ``encode``, rounded and clipped to what the column holds, and as constrained."""
        numbers, at, out = x.detach().float().cpu().numpy(), 0, []
        for column in self.learnt:
            out.append(column.decode(numbers[:, at : at + column.width]))
            at += column.width
        learnt = np.stack(out, 1)
        return learnt if self.constraints is None else self.constraints.undone(learnt, self.columns)

    def frame(self, raw: NDArray[Any], first: int = 0) -> pd.DataFrame:
        """Raw rows as a data frame like the one that was learnt from; ids are new, numbered from ``first``.

        Raises:
            ValueError: pandas is missing.
        """
        pandas = pandas_or_error()
        columns = {i: restored(column, raw[:, i], first) for i, column in enumerate(self.columns)}
        found: pd.DataFrame = pandas.DataFrame(columns)  # by place: a name may be a number
        found.columns = pandas.Index([column.name for column in self.columns])
        return found

    def writers(self) -> Mapping[str, Writer]:
        """Also data frames: a ``.csv`` or a ``.parquet``."""
        return {**super().writers(), **tables(self.frame, "rows")}

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write ``table.csv`` under ``path``; unless ``first`` is 0, after the rows that are there."""
        path.mkdir(parents=True, exist_ok=True)
        self.frame(raw, first).to_csv(
            path / "table.csv", index=False, header=not first, mode="a" if first else "w"
        )

    def html(self, raw: NDArray[Any]) -> str:
        """Rows under the names of their columns.

        Raises:
            ValueError: pandas is missing.
        """
        frame = self.frame(raw)
        return table(list(frame.columns), frame.itertuples(index=False))

    def render(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """How the first columns that are learnt are distributed, beside real rows."""
        from ptarmigan.modalities.table.histograms import histograms

        shown = [i for i, column in enumerate(self.columns) if column.width][:SHOWN]
        return histograms([(self.columns[i], raw[:, i], None if real is None else real[:, i]) for i in shown])


def as_table(space: Space, otherwise: str) -> TableSpace:
    """A space of which somebody needs a table's columns.

    Args:
        space: what one sample is.
        otherwise: what to say where it is no row of a table.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(space, TableSpace):
        raise ValueError(otherwise)
    return space
