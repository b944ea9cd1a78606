"""Rows of a table with a column of classes, some of them rare, and a classifier of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ptarmigan.data.reading import reading_of
from ptarmigan.media.files import create
from ptarmigan.modalities.labelled import (
    SYNTHETIC,
    Codes,
    Floats,
    Labelled,
    Look,
    Method,
    neighbours,
    repeated,
)
from ptarmigan.modalities.table.cells import counted
from ptarmigan.modalities.table.column import Column, is_number
from ptarmigan.modalities.table.describe_columns import described
from ptarmigan.modalities.table.source import PARQUET, Table

if TYPE_CHECKING:
    import pandas as pd

CATEGORIES = 255
"""Values of a column up to which trees split it by sets of values."""
ROWS, COLUMNS = 8, 6
"""Of a table that is shown."""


def labelled(data: Any, out: Path, label: str, **options: Any) -> Labelled:
    """The rows of a table, whose classes are in a column.

    Args:
        data: what ``Table`` takes.
        out: where all rows will be written.
        label: the column that holds the classes.
        **options: of ``Table``.

    Raises:
        ValueError: there is no such column, cells of it are missing, or ``out`` is no name of a table.
    """
    if not label:
        raise ValueError("name the column that holds the classes: --label")
    if not out.name.lower().endswith((".csv", *PARQUET)):
        raise ValueError(f"--out {out}: a table is written to a .csv or a .parquet")
    categorical = tuple(options.get("categorical", ()))
    frame = Table(data, **reading_of(options)).frame()
    names = {str(name): name for name in frame.columns}
    if label not in names:
        raise ValueError(f"--label {label}: there is no such column; there are {', '.join(names)}")
    if SYNTHETIC in names:
        raise ValueError(f"{data} has a column {SYNTHETIC!r} already: rename it")
    y = frame[names[label]]
    if y.isna().any():
        raise ValueError(f"--label {label}: {int(y.isna().sum()):,} cells are missing: drop their rows first")
    x = frame.drop(columns=names[label])
    found, first, c = np.unique(y.astype(str).to_numpy(str), return_index=True, return_inverse=True)

    def write(more: Any, codes: Codes, place: Path) -> None:
        real = np.arange(len(x))
        labels = y.iloc[np.concatenate([real, first[codes[len(x) :]]])].to_numpy()
        more.insert(frame.columns.get_loc(names[label]), names[label], labels)
        more = more.astype({names[label]: y.dtype}).assign(**{SYNTHETIC: np.arange(len(more)) >= len(x)})
        with create(place) as draft:
            if place.suffix.lower() == ".csv":
                more.to_csv(draft, index=False)
            else:
                more.to_parquet(draft, index=False)

    def show(some: Any) -> Look:
        head = tuple(map(str, some.columns[:COLUMNS]))
        return [head, *(tuple(map(str, r)) for r in some.iloc[:ROWS, :COLUMNS].itertuples(index=False))]

    return Labelled(x, c, tuple(map(str, found)), RowClassifier(x, categorical), write, show)


class RowClassifier:
    """Rows of a frame, told apart by gradient-boosted trees: scikit-learn's, as they come.

    Args:
        frame: rows of all kinds that there are; labels are not among them.
        categorical: columns that are categories although they hold numbers.
    """

    def __init__(self, frame: pd.DataFrame, categorical: tuple[str, ...] = ()) -> None:
        columns, _ = described(frame, categorical)
        self.columns = [(i, column) for i, column in enumerate(columns) if column.width]
        self.kinds = np.array([not is_number(column) for _, column in self.columns])

    def methods(self, seed: int) -> dict[str, Method]:
        """Nothing, weights, random oversampling and SMOTE."""
        return {
            "nothing": Method(),
            "class weights": Method(weighted=True),
            "random oversampling": Method(repeated(seed)),
            "SMOTE": Method(lambda x, c: self.smote(self.numbers(x), c, seed)),
        }

    def fit(
        self, x: Any, c: Codes, classes: int, *, weighted: bool, jittered: bool, seed: int
    ) -> Callable[[Any], Floats]:
        """A classifier of rows."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        rows = x if isinstance(x, np.ndarray) else self.numbers(x)
        few = np.array([len(column.values) < CATEGORIES for _, column in self.columns])
        model = HistGradientBoostingClassifier(
            class_weight="balanced" if weighted else None,
            categorical_features=self.kinds & few,
            random_state=seed,
        ).fit(rows, c)

        def probabilities(asked: Any) -> Floats:
            found = np.zeros((len(asked), classes))
            found[:, model.classes_] = model.predict_proba(self.numbers(asked))
            return found

        return probabilities

    def numbers(self, frame: pd.DataFrame) -> Floats:
        """Rows as numbers; other values by their places, and after them a missing one."""
        return np.stack([as_numbers(column, frame.iloc[:, i]) for i, column in self.columns], 1)

    def smote(self, rows: Floats, c: Codes, seed: int) -> tuple[Floats, Codes]:
        """SMOTE, or SMOTENC or SMOTEN where there are categories; a missing number is the median."""
        from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

        whole = np.where(np.isnan(rows), np.nanmedian(rows, 0), rows)
        how: dict[str, Any] = {"k_neighbors": neighbours(c), "random_state": seed}
        if not self.kinds.any():
            sampler = SMOTE(**how)
        elif self.kinds.all():
            sampler = SMOTEN(**how)
        else:
            sampler = SMOTENC(np.flatnonzero(self.kinds).tolist(), **how)
        x, labels = sampler.fit_resample(whole, c)
        return np.asarray(x, np.float64), labels


def as_numbers(column: Column, series: pd.Series[Any]) -> Floats:
    """A column of a frame as numbers, or as places of its values."""
    if column.kind in ("date", "duration"):
        return counted(series)
    if is_number(column):
        return np.asarray(series.to_numpy(np.float64, na_value=np.nan))
    places: dict[Any, int] = {value: i for i, value in enumerate(column.values)}
    return np.array([places.get(v, len(places)) for v in series.to_numpy(object)], np.float64)
