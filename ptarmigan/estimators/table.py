"""Tables behind ``fit`` and ``sample``."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from ptarmigan.estimators.fitting import (
    Writes,
    estimator_arguments,
    fit_recipe,
    fits,
    networks,
    open_file,
    picklable_state,
    save_bytes,
)
from ptarmigan.estimators.inputs import dense, without_tensors
from ptarmigan.modalities.table.frames import pandas_or_error
from ptarmigan.modalities.table.polars_frames import is_polars, to_polars
from ptarmigan.modalities.table.space import as_table
from ptarmigan.trained import Trained

PREFIX = "table."
MINE = ("categorical", "constraints", "rare")
"""Options of a recipe that are arguments of their own here."""


class TableGAN(BaseEstimator):  # type: ignore[misc]
    """Learns a table and makes new rows of it, by a recipe of the zoo.

    What columns hold is found from the frame: numbers, whole numbers, booleans, dates, categories, ids (made
    anew) and constants, any of them with missing values. Rows come back with the same columns, dtypes and
    order. The same frame, arguments and seed give the same rows.

    Args:
        recipe: ctgan, tvae, tablegan, wgan_gp or dpgan; or a file of your own, such as mine.py.
        steps: the length of the training; the recipe's own when None.
        categorical: columns that are categories although they hold numbers, or look like ids.
        constraints: what every row is to fulfil, such as ``["start <= end", "18 <= age", "city+country"]``:
            of columns with a plus between them only combinations that occur are made.
        rare: leave out what fewer rows have: values, ends of ranges, combinations (0: nothing).
        options: the recipe's other options, such as ``{"batch": 1000}``.
        out: the run's folder, where an interrupted fit goes on; none is kept when empty.
        device: auto, cpu, cuda, mps.
        random_state: the random seed.
        verbose: show progress.

    Attributes:
        file_: the trained networks, as a safetensors file.
        n_features_in_: the number of columns.
        feature_names_in_: their names, where they are text.
        epsilon_: ε of a recipe that is private (dpgan), at the δ among its options; infinite for others.
    """

    def __init__(
        self,
        recipe: str = "ctgan",
        *,
        steps: int | None = None,
        categorical: Sequence[str] = (),
        constraints: Sequence[str] = (),
        rare: int = 0,
        options: dict[str, Any] | None = None,
        out: str | os.PathLike[str] = "",
        device: str = "auto",
        random_state: Any = 0,
        verbose: bool = False,
    ) -> None:
        self.recipe = recipe
        self.steps = steps
        self.categorical = categorical
        self.constraints = constraints
        self.rare = rare
        self.options = options
        self.out = out
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @fits
    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803
        """Learn a table.

        Args:
            X: a pandas or polars DataFrame, one sample a row; or an array ``(n, columns)``, whose columns
                are numbered.
            y: not looked at.

        Raises:
            ValueError: the table cannot be learnt from; the message says why and what to do.
            KeyboardInterrupt: it was interrupted.
        """
        trained = fit_recipe(
            self,
            PREFIX,
            data=self._framed(X),
            categorical=tuple(self.categorical),
            constraints=tuple(self.constraints),
            rare=self.rare,
        )
        self.epsilon_ = epsilon(trained)
        return self

    def sample(self, n: int = 1_000, *, where: Mapping[Any, Any] | None = None, seed: int = 0) -> Any:
        """``n`` new rows, a frame like the one that was learnt; of a thousand, the first are those of ten.

        Args:
            n: how many.
            where: the values that columns are to have, such as ``{"sex": "Female"}``: every row has them, and
                the others are as they are beside these. None asks for a missing value.
            seed: the random seed of the rows.

        Raises:
            ValueError: there is no such column or value, or the recipe cannot be asked.
        """
        check_is_fitted(self)
        trained = networks(self)
        rows, space = (
            trained.frame(n, where=where, seed=seed),
            as_table(trained.space, none_of(trained, "this")),
        )
        return to_polars(rows, space.columns) if space.polars else rows

    def save(self, path: Writes) -> None:
        """Write the fitted estimator as one safetensors file, over what was there, or into an open file."""
        check_is_fitted(self)
        save_bytes(path, self.file_)

    @classmethod
    def load(cls, path: Writes, *, device: str = "auto") -> Self:
        """A fitted estimator from what ``save`` wrote, at a path or in an open file, or from a run.

        Raises:
            ValueError: it is no such file, or makes no tables.
        """
        file, trained = open_file(path, device)
        space = as_table(trained.space, none_of(trained, str(path)))
        self = cls(**estimator_arguments(trained, PREFIX, MINE), device=device)
        self.file_, self._trained, self.epsilon_ = file, trained, epsilon(trained)
        self._noted([column.name for column in space.columns])
        return self

    def _framed(self, table: Any) -> Any:
        pandas = pandas_or_error()
        if not is_polars(table) and not isinstance(table, pandas.DataFrame):
            known = {"dtype": None, "ensure_all_finite": "allow-nan", "accept_sparse": "csr"}
            found = validate_data(self, without_tensors(table), ensure_min_samples=2, **known)
            table = pandas.DataFrame(dense(found))
        self._noted(list(table.columns))
        return table

    def _noted(self, names: list[Any]) -> None:
        self.n_features_in_ = len(names)
        if names and all(isinstance(name, str) for name in names):
            self.feature_names_in_ = np.array(names, object)

    def __getstate__(self) -> dict[str, Any]:
        return picklable_state(super().__getstate__())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def epsilon(trained: Trained) -> float:
    """ε of what was trained; infinite where nothing is promised."""
    return float(trained.description.get("epsilon", math.inf))


def none_of(trained: Trained, where: str) -> str:
    """What to say where a run makes no tables."""
    return f"{where} is of {trained.description['recipe']}, which makes no tables"
