"""What the columns of a data frame hold, found from the frame itself."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.table.column import REACH, Column, Floats, Kind, Mode

if TYPE_CHECKING:
    import pandas as pd

MODES = 10
LEAST = 0.005
"""Gaussians of a column, at most, and the weight above which one is kept (CTGAN: arXiv 1907.00503)."""
FITTED = 4_096
"""Numbers that Gaussians are fitted to, at most: evenly spread over the sorted column."""
SPIKE, SPIKES, REPEATED = 0.05, 10, 10
"""Of what is left, the share above which a number is a mode of its own; how many, and in how many rows."""
TINY = 1e-30
"""The standard deviation of a single number, at least."""
FEW = 20
"""Whole numbers with so few values are learnt value by value."""
IDS = 20
"""From so many rows on, a column of text without repetitions, or of consecutive numbers, is taken for ids."""
DECIMALS = 6
DAY = {"D": 1, "s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
"""A day in the units of dates."""
INFERRED: dict[str, Kind] = {
    "string": "categorical",
    "empty": "categorical",
    "boolean": "boolean",
    "integer": "integer",
    "floating": "continuous",
    "mixed-integer-float": "continuous",
    "date": "date",
}


def described(frame: pd.DataFrame, categorical: Collection[str] = ()) -> tuple[tuple[Column, ...], Floats]:
    """The columns of a frame, and its rows as ``TableSpace`` has them raw.

    Args:
        frame: one sample a row; its index is not looked at.
        categorical: names of columns that are categories although they hold numbers, or look like ids.

    Raises:
        ValueError: there is no row or no column, two columns have one name, a column holds several types or
            infinity, or there is nothing to learn.
    """
    names = list(frame.columns)
    if not len(frame) or not names:
        raise ValueError(f"the table is empty: it has {len(frame)} rows and {len(names)} columns")
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ValueError(f"there are two columns {twice[0]!r}: give every column a name of its own")
    odd = [name for name in names if not isinstance(name, str | int)]
    if odd:
        raise ValueError(f"the column {odd[0]!r} is named by no text: rename it")
    unknown = [name for name in categorical if name not in map(str, names)]
    if unknown:
        raise ValueError(f"there is no column {unknown[0]!r} to take for categorical")
    found = [described_column(name, frame.iloc[:, i], categorical) for i, name in enumerate(names)]
    columns = tuple(column for column, _ in found)
    if not any(column.width for column in columns):
        raise ValueError("there is nothing to learn: every column of the table is constant or holds ids")
    return columns, np.stack([raw for _, raw in found], 1)


def described_column(
    name: str | int, series: pd.Series[Any], categorical: Collection[str] = ()
) -> tuple[Column, Floats]:
    """What one column holds, and its cells raw."""
    gone = series.isna().to_numpy(bool)
    plain = Column(name, kind_of(name, series), dtype_of(series), missing=bool(gone.any()))
    if plain.dtype == "category":
        order = tuple(checked(name, v) for v in series.cat.categories.tolist())
        plain = replace(plain, categories=order, ordered=bool(series.cat.ordered))
    if gone.all():
        return replace(plain, kind="constant"), np.full(len(gone), np.nan)
    as_asked = str(name) in categorical
    if plain.kind in ("categorical", "boolean"):
        return by_value(plain, series.to_numpy(object), gone, ids=not as_asked)
    numbers = counted(series) if plain.kind == "date" else series.to_numpy(np.float64, na_value=np.nan)
    if np.isinf(numbers).any():
        row = int(np.isinf(numbers).argmax()) + 1
        raise ValueError(f"the column {name!r} is infinite in row {row}: replace or drop such cells")
    distinct = np.unique(numbers[~gone])
    whole = bool((distinct == np.rint(distinct)).all())
    few = plain.kind != "date" and whole and len(distinct) <= FEW
    if as_asked or few or len(distinct) == 1:
        cells = np.empty(len(numbers), object)
        cells[~gone] = [int(v) if whole else float(v) for v in numbers[~gone]]
        return by_value(plain, cells, gone, ids=False)
    if plain.kind == "integer" and not plain.missing and consecutive(distinct, len(numbers)):
        return replace(plain, kind="id", high=float(distinct[-1])), np.zeros(len(numbers))
    return by_mode(plain, numbers, gone, distinct), numbers


def kind_of(name: str | int, series: pd.Series[Any]) -> Kind:
    """What a column holds, by its dtype, or by its cells where that says nothing.

    Raises:
        ValueError: it holds several types, or something else.
    """
    from pandas.api import types

    dtype = series.dtype
    if str(dtype) == "category":
        return "categorical"
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_datetime64_any_dtype(dtype):
        return "date"
    if types.is_integer_dtype(dtype):
        return "integer"
    if types.is_float_dtype(dtype):
        return "continuous"
    inferred = types.infer_dtype(series, skipna=True)
    if inferred not in INFERRED:
        mixed = "several types" if inferred.startswith("mixed") else inferred
        raise ValueError(
            f"the column {name!r} holds {mixed}: make it one of text, numbers, booleans, or dates"
        )
    return INFERRED[inferred]


def dtype_of(series: pd.Series[Any]) -> str:
    """How a column's dtype is spelt; ``date`` for Python's own dates."""
    from pandas.api import types

    dates = str(series.dtype) == "object" and types.infer_dtype(series, skipna=True) == "date"
    return "date" if dates else str(series.dtype)


def counted(series: pd.Series[Any]) -> Floats:
    """Dates as counts of their dtype's units since 1970, NaN where missing."""
    dtype = dtype_of(series)
    unit = "D" if dtype == "date" else unit_of(dtype)
    counts = series.to_numpy(object) if dtype == "date" else series.to_numpy(f"datetime64[{unit}]")
    gone = series.isna().to_numpy(bool)
    out = np.full(len(gone), np.nan)
    out[~gone] = counts[~gone].astype(f"datetime64[{unit}]").astype(np.int64)
    return out


def unit_of(dtype: str) -> str:
    """The unit of a dtype such as ``datetime64[us, UTC]``."""
    return dtype.removeprefix("datetime64[").rstrip("]").split(",")[0]


def by_value(
    plain: Column, cells: NDArray[Any], gone: NDArray[np.bool_], *, ids: bool
) -> tuple[Column, Floats]:
    """A column that is learnt value by value, or not at all: one of a constant, or of ids."""
    import pandas

    there = cells.copy()
    there[gone] = None
    codes, distinct = pandas.factorize(there)
    values = [checked(plain.name, v) for v in distinct.tolist()]
    if ids and plain.dtype != "category" and not plain.missing and len(values) == len(cells) >= IDS:
        return replace(plain, kind="id"), np.zeros(len(cells))
    if len(values) == 1 and not plain.missing:
        return replace(plain, kind="constant", values=tuple(values)), np.zeros(len(cells))
    counts = np.bincount(codes[~gone], minlength=len(values))
    order = sorted(range(len(values)), key=lambda i: (-counts[i], str(values[i])))
    rank = np.empty(len(values) + 1)
    rank[order], rank[-1] = np.arange(len(values)), np.nan
    missing = [int(gone.sum())] * plain.missing
    known = replace(
        plain,
        values=tuple(values[i] for i in order),
        counts=(*(int(counts[i]) for i in order), *missing),
    )
    return known, rank[codes]


def by_mode(plain: Column, numbers: Floats, gone: NDArray[np.bool_], distinct: Floats) -> Column:
    """A column of numbers that is learnt by the Gaussians they are near."""
    there = numbers[~gone]
    known = replace(
        plain,
        modes=modes_of(there),
        low=float(distinct[0]),
        high=float(distinct[-1]),
        step=step_of(plain, distinct),
    )
    counts = np.bincount(known.nearest(there)[0], minlength=len(known.modes))
    used = np.flatnonzero(counts)
    missing = [int(gone.sum())] * plain.missing
    return replace(
        known,
        modes=tuple(known.modes[i] for i in used),
        counts=(*(int(counts[i]) for i in used), *missing),
    )


def modes_of(numbers: Floats) -> tuple[Mode, ...]:
    """Weight, mean and standard deviation of what numbers are near.

    That is the Gaussians that a variational mixture finds, as in CTGAN. Beside it, numbers that many rows
    share are modes of no width, since a scaled number is never hit exactly; and what no Gaussian reaches, at
    either end, is within reach of one more.
    """
    repeated = spikes(numbers)
    rest = numbers[~np.isin(numbers, repeated)]
    found = [(float((numbers == s).mean()), float(s), 0.0) for s in repeated]
    if len(rest):
        wide = gaussians(rest)
        for end in beyond(rest, wide):
            half = max(float(np.ptp(end)) / 2, 1e-9 * float(np.abs(end).max()), TINY)
            wide = (*wide, (len(end) / len(rest), float(end.min()) + half, half / REACH))
        found += [(w * len(rest) / len(numbers), mean, deviation) for w, mean, deviation in wide]
    return tuple(found)


def spikes(numbers: Floats) -> Floats:
    """Numbers that a share of more than ``SPIKE`` has, of the rows without a more frequent one."""
    values, counts = np.unique(numbers, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:SPIKES]
    left = len(numbers) - np.cumsum(counts[order]) + counts[order]
    frequent = (counts[order] > SPIKE * left) & (counts[order] >= REPEATED)
    return np.asarray(values[order[np.logical_and.accumulate(frequent)]])


def gaussians(numbers: Floats) -> tuple[Mode, ...]:
    """The Gaussians that numbers come from, as a variational mixture finds."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import BayesianGaussianMixture

    places = np.linspace(0, len(numbers) - 1, min(FITTED, len(numbers))).round().astype(np.int64)
    some = np.sort(numbers)[places]
    centre, scale = float(some.mean()), float(some.std())
    distinct = len(np.unique(some))
    if distinct == 1:
        return ((1.0, centre, max(1e-9 * abs(centre), TINY)),)
    mixture = BayesianGaussianMixture(
        n_components=min(MODES, distinct),
        covariance_type="diag",
        weight_concentration_prior_type="dirichlet_process",
        weight_concentration_prior=0.001,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it need not converge to be of use
        mixture.fit((some[:, None] - centre) / scale)
    found = zip(mixture.weights_, mixture.means_.ravel(), mixture.covariances_.ravel(), strict=True)
    return tuple(
        (float(w), centre + scale * float(mean), scale * float(variance) ** 0.5)
        for w, mean, variance in found
        if w > LEAST
    )


def beyond(numbers: Floats, modes: tuple[Mode, ...]) -> list[Floats]:
    """The numbers that no mode reaches: below the lowest mean, above the highest, and between them."""
    _, mean, deviation = np.array(modes).T
    far = numbers[(np.abs(numbers[:, None] - mean) > REACH * deviation).all(1)]
    low, high = far < mean.min(), far > mean.max()
    return [part for part in (far[low], far[high], far[~low & ~high]) if len(part)]


def step_of(column: Column, distinct: Floats) -> float:
    """Of what the numbers are multiples: 1, a power of ten, or of dates a day, an hour, ...; else 0."""
    if column.kind == "date":
        day = DAY["D" if column.dtype == "date" else unit_of(column.dtype)]
        steps = [day // n for n in (1, 24, 1_440, 86_400) if day % n == 0]
        return float(next((s for s in steps if not (distinct % s).any()), 1))
    for decimals in range(DECIMALS + 1):
        if (np.round(distinct, decimals) == distinct).all():
            return float(10.0**-decimals)
    return 0.0


def consecutive(distinct: Floats, rows: int) -> bool:
    """Whether every row has a number of its own, and none is left out."""
    return len(distinct) == rows >= IDS and bool(distinct[-1] - distinct[0] == rows - 1)


def checked(name: str | int, value: Any) -> Any:
    """A value as JSON keeps it.

    Raises:
        ValueError: it is none that can be kept.
    """
    plain = value.item() if isinstance(value, np.generic) else value
    if not isinstance(plain, str | int | float | bool):
        raise ValueError(f"the column {name!r} holds {type(value).__name__}: make it text or numbers")
    return plain
