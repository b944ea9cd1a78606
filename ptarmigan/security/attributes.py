"""Attribute inference: from all cells of a row but one, the generated rows give that one away.

Giomi et al. 2023, "A unified framework for quantifying privacy risk in synthetic data", arXiv 2211.10459: the
guess is the cell of the nearest generated row in all other columns. What is guessed of others as well is what
the data say of anybody; the risk is what of members is guessed more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.search import nearest

if TYPE_CHECKING:
    import pandas as pd

CLOSE = 0.05
"""Of the spread of a column of numbers (from its 5th to its 95th percentile): a guess this near is right."""


@dataclass(frozen=True)
class Inference:
    """How often a column is guessed.

    Attributes:
        column: that is hidden.
        members: the share of members whose cell is guessed.
        others: the same of others.
        risk: (members - others) / (1 - others), with its error.
    """

    column: str
    members: float
    others: float
    risk: Estimate


def infer(members: pd.DataFrame, others: pd.DataFrame, generated: pd.DataFrame) -> list[Inference]:
    """The risk of every column, the largest first."""
    frames = (members, others, generated)
    parts = {name: _numbers([frame[name] for frame in frames]) for name in generated.columns}
    found = []
    for name in generated.columns if len(parts) > 1 else ():
        rest = [np.concatenate([parts[n][i] for n in parts if n != name], 1) for i in range(3)]
        hits = [
            _right(frame[name], generated[name].iloc[nearest(rest[2], mine)[0][:, 0]])
            for frame, mine in zip(frames[:2], rest[:2], strict=True)
        ]
        found.append(Inference(str(name), hits[0].mean(), hits[1].mean(), _risk(*hits)))
    return sorted(found, key=lambda each: -each.risk.value)


def _numbers(columns: list[Any]) -> list[NDArray[np.float64]]:
    """A column of three frames: numbers in units of their spread, or values as one-hot vectors."""
    import pandas as pd

    whole = pd.concat(columns, ignore_index=True)
    if pd.api.types.is_numeric_dtype(whole) and not pd.api.types.is_bool_dtype(whole):
        numbers = whole.to_numpy(np.float64, na_value=np.nan)
        middle = float(np.nanmedian(numbers))
        coded = (np.nan_to_num(numbers, nan=middle) - middle)[:, None] / (np.nanstd(numbers) or 1.0)
    else:
        coded = pd.get_dummies(whole.astype(str)).to_numpy(np.float64) / np.sqrt(2)
    return np.split(coded, np.cumsum([len(column) for column in columns])[:-1])


def _right(truth: Any, guess: Any) -> NDArray[np.float64]:
    """Which guesses are right."""
    import pandas as pd

    both = [column.to_numpy() for column in (truth, guess)]
    if not pd.api.types.is_numeric_dtype(truth) or pd.api.types.is_bool_dtype(truth):
        return np.asarray(both[0].astype(str) == both[1].astype(str), np.float64)
    a, b = (column.to_numpy(np.float64, na_value=np.nan) for column in (truth, guess))
    low, high = np.nanquantile(a, (0.05, 0.95))
    return np.asarray(np.abs(a - b) <= CLOSE * (high - low), np.float64)


def _risk(members: NDArray[np.float64], others: NDArray[np.float64]) -> Estimate:
    """What of members is guessed beyond what of others is, as a share of what could be."""
    a, b = members.mean(), others.mean()
    left = max(1 - b, 1 / (len(others) + 1))
    by_members = members.var() / len(members) / left**2
    by_others = others.var() / len(others) * ((1 - a) / left**2) ** 2
    return Estimate(float((a - b) / left), float(np.sqrt(by_members + by_others)))
