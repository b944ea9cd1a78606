"""Rows on request: that columns hold values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.space.conditioning import Conditioning
from ptarmigan.modalities.table.conditions import Conditions, by_column, raw_of
from ptarmigan.modalities.table.encoding import TableEncoding


class TableConditioning(TableEncoding, Conditioning):
    """What rows of a table can be conditioned on, also where combinations of columns are learnt as one."""

    @cached_property
    def conditions(self) -> Conditions:
        """What rows can be conditioned on."""
        return Conditions.of(self.learnt)

    def read_condition(self, words: Sequence[str]) -> dict[str, str | None]:
        """Columns and their values from ``column=value``; nothing after the sign is a missing value.

        Raises:
            ValueError: a word is not of that form.
        """
        return by_column(words)

    def asked(self) -> list[Any]:
        """Every value of every column of values."""
        return [{str(column.name): v} for column in self.columns if column.by_value for v in column.values]

    def condition(self, given: Any, n: int, seed: int = 0) -> NDArray[Any]:
        """What ``n`` rows are conditioned on, ``(n, size)``, so that columns hold what is asked.

        Of combinations that fit alike, each row has one by chance, as often as the data has it.

        Args:
            given: what columns are to hold, ``{"sex": "Female"}``; None, NaN or NA asks for a missing value.
            n: how many rows.
            seed: the random seed of the choice.

        Raises:
            ValueError: there is no such column or value, or no such combination.
        """
        if not isinstance(given, Mapping):
            return super().condition(given, n, seed)
        combined, alone = self._divided(given)
        self._refuse_gaps(alone)
        asked = np.broadcast_to(self.conditions.vector(alone), (n, self.conditions.size))
        return self._combined(asked, combined, seed) if combined else asked

    def unconditional(self, recipe: str) -> str:
        """Which recipes can be asked."""
        return f"--where: a run of {recipe} cannot be asked; one of table.ctgan or table.tvae can"

    def _divided(self, given: Mapping[Any, Any]) -> tuple[dict[int, tuple[Any, Any]], dict[Any, Any]]:
        """Columns that are learnt in combinations, by their place, and the others, by their name."""
        fixed = () if self.constraints is None else self.constraints.fixed
        places = {str(self.columns[i].name): i for one in fixed for i in one.columns}
        return (
            {places[str(name)]: (name, value) for name, value in given.items() if str(name) in places},
            {name: value for name, value in given.items() if str(name) not in places},
        )

    def _refuse_gaps(self, names: Mapping[Any, Any]) -> None:
        for gap in () if self.constraints is None else self.constraints.gaps:
            column, base = (str(self.columns[i].name) for i in (gap.column, gap.base))
            if column in map(str, names):
                raise ValueError(
                    f"--where {column}: the column is learnt as its distance from {base!r}: ask for that"
                )

    def _combined(
        self, asked: NDArray[np.float32], combined: Mapping[int, tuple[Any, Any]], seed: int
    ) -> NDArray[np.float32]:
        """The same, where each row also has one of the combinations that hold what is asked."""
        assert self.constraints is not None
        known, asked, rng = self.conditions, asked.copy(), np.random.default_rng(key(seed, "where"))
        wanted = {i: raw_of(self.columns[i], *pair) for i, pair in combined.items()}
        for name, codes in self.constraints.combined(wanted).items():
            if not len(codes):
                said = ", ".join(f"{one}={value}" for one, value in combined.values())
                raise ValueError(f"--where {said}: no row of the table has that combination")
            pairs = known.pairs(name, codes)
            shares = np.cumsum(known.counts[pairs]) / known.counts[pairs].sum()
            places = np.searchsorted(shares, rng.random(len(asked)), side="right")
            np.put_along_axis(asked, known.hot[pairs[places.clip(max=len(pairs) - 1)]], 1, 1)
        return asked
