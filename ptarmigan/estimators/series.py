"""Series behind ``fit`` and ``sample``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

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
from ptarmigan.estimators.inputs import series_of
from ptarmigan.modalities.series.space import as_series
from ptarmigan.trained import Trained

if TYPE_CHECKING:
    import pandas as pd

PREFIX = "series."
MINE = ("length", "stride", "id", "time", "metadata")
"""Options of a recipe that are arguments of their own here."""


class SeriesGAN(BaseEstimator):  # type: ignore[misc]
    """Learns series and makes new ones, by a recipe of the zoo.

    Longer series are cut into windows, shorter ones are kept with their end. The same series, arguments and
    seed give the same samples.

    Args:
        recipe: rcgan, timegan or doppelganger; or a file of your own, such as mine.py.
        steps: the length of the training; the recipe's own when None.
        length: steps of a window.
        stride: steps from the beginning of one window to that of the next.
        id: the column of a frame that says which series a row is of; all rows are one series when empty.
        time: the column that orders the rows of a series, and is not learnt; they are in order when empty.
        metadata: columns of a frame that are the same in all rows of a series, such as where it was measured.
        options: the recipe's other options, such as ``{"width": 50}``.
        out: the run's folder, where an interrupted fit goes on; none is kept when empty.
        device: auto, cpu, cuda, mps.
        random_state: the random seed.
        verbose: show progress.

    Attributes:
        file_: the trained networks, as a safetensors file.
        n_features_in_: the number of channels.
        feature_names_in_: their names, where they have such.
    """

    def __init__(
        self,
        recipe: str = "rcgan",
        *,
        steps: int | None = None,
        length: int = 24,
        stride: int = 1,
        id: str = "",
        time: str = "",
        metadata: Sequence[str] = (),
        options: dict[str, Any] | None = None,
        out: str | os.PathLike[str] = "",
        device: str = "auto",
        random_state: Any = 0,
        verbose: bool = False,
    ) -> None:
        self.recipe = recipe
        self.steps = steps
        self.length = length
        self.stride = stride
        self.id = id
        self.time = time
        self.metadata = metadata
        self.options = options
        self.out = out
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @fits
    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803
        """Learn series.

        Args:
            X: a pandas DataFrame, one step of time a row; an array ``(time, channels)``; whole series
                ``(series, time, channels)``, with NaN after the end of one; or a list of arrays ``(time,
                channels)``.
            y: not looked at.

        Raises:
            ValueError: these are no series of finite numbers, or an argument cannot be meant.
            KeyboardInterrupt: it was interrupted.
        """
        given = {name: getattr(self, name) for name in MINE} | {"metadata": tuple(self.metadata)}
        trained = fit_recipe(self, PREFIX, data=series_of(self, X), **given)
        self._noted(trained)
        return self

    def sample(
        self, n: int = 100, *, where: Mapping[Any, Any] | None = None, seed: int = 0
    ) -> NDArray[Any] | pd.DataFrame:
        """``n`` new series; of a thousand, the first are those of ten.

        Where channels have names, as a long frame, in which a first column says which series a row is of;
        else as an array ``(n, length, channels)``, NaN after the end of a series.

        Args:
            n: how many.
            where: the values that columns of metadata are to have, such as ``{"site": "north"}``, of recipes
                that can be asked (doppelganger).
            seed: the random seed.

        Raises:
            ValueError: there is no such column or value, or the recipe cannot be asked.
        """
        check_is_fitted(self)
        trained = networks(self)
        raw = trained.sample(n, seed=seed, where=where)
        space = as_series(trained.space, none_of(trained, self.recipe))
        return space.frame(raw) if space.columns else space.array(raw)

    def save(self, path: Writes) -> None:
        """Write the fitted estimator as one safetensors file, over what was there, or into an open file."""
        check_is_fitted(self)
        save_bytes(path, self.file_)

    @classmethod
    def load(cls, path: Writes, *, device: str = "auto") -> Self:
        """A fitted estimator from what ``save`` wrote, at a path or in an open file, or from a run.

        Raises:
            ValueError: it is no such file, or makes no series.
        """
        file, trained = open_file(path, device)
        as_series(trained.space, none_of(trained, str(path)))
        arguments = estimator_arguments(trained, PREFIX, MINE)
        self = cls(**arguments | {"metadata": tuple(arguments["metadata"])}, device=device)
        self.file_, self._trained = file, trained
        self._noted(trained)
        return self

    def _noted(self, trained: Trained) -> None:
        space = as_series(trained.space, none_of(trained, self.recipe))
        self.n_features_in_ = space.channels
        if space.columns:
            self.feature_names_in_ = np.array(space.columns, object)

    def __getstate__(self) -> dict[str, Any]:
        return picklable_state(super().__getstate__())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        return tags


def none_of(trained: Trained, where: str) -> str:
    """What to say where a run makes no series."""
    return f"{where} is of {trained.description['recipe']}, which makes no series"
