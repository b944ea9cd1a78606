"""What estimators take: rows of numbers in arrays, tensors, frames and sparse matrices."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils.validation import validate_data

from ptarmigan.core.memory import check_memory
from ptarmigan.data.arrays import to_array
from ptarmigan.modalities.table.frames import pandas_or_error
from ptarmigan.modalities.vector.source import checked


def rows_of(estimator: Any, X: Any, *, reset: bool = True, least: int = 1) -> NDArray[np.float64]:  # noqa: N803
    """Rows of finite numbers ``(n, columns)``, whose columns the estimator notes or compares.

    Args:
        estimator: gets ``n_features_in_`` and ``feature_names_in_``, or has them.
        X: an array, a tensor, a frame, or any of these that is sparse.
        reset: note the columns, rather than compare them.
        least: how many rows there must be.

    Raises:
        ValueError: these are no finite numbers, or not in the columns that were learnt.
    """
    found = validate_data(
        estimator,
        densely(X) if is_frame(X) else without_tensors(X),
        dtype=np.float64,
        order="C",  # else sums round otherwise for the columns of a frame
        accept_sparse="csr",
        reset=reset,
        ensure_min_samples=least,
    )
    return checked(dense(found), "X")


def series_of(estimator: Any, X: Any, *, reset: bool = True) -> Any:  # noqa: N803
    """Series: one table of numbers as scikit-learn checks it; frames and several series as they are.

    Args:
        estimator: gets ``n_features_in_`` of a table, or has it.
        X: what ``SeriesGAN.fit`` takes.
        reset: note the channels, rather than compare them.

    Raises:
        ValueError: a table is not of finite numbers.
    """
    listed = isinstance(X, list | tuple)
    given = [*map(without_tensors, X)] if listed else without_tensors(X)
    several = listed and all(np.ndim(one) == 2 for one in given)
    if several or hasattr(given, "columns") or (not issparse(given) and np.asarray(given).ndim == 3):
        return given
    least = 2 if reset else 1
    found = validate_data(
        estimator, given, dtype="numeric", accept_sparse="csr", reset=reset, ensure_min_samples=least
    )
    return dense(found)


def without_tensors(data: Any) -> Any:
    """A tensor as an array; else what it was."""
    return to_array(data) if isinstance(data, torch.Tensor) else data


def dense(data: Any) -> Any:
    """A sparse matrix as an array; else what it was.

    Raises:
        ValueError: it does not go into memory so.
    """
    if not issparse(data):
        return data
    rows, columns = data.shape
    check_memory(rows * columns * data.dtype.itemsize, f"{rows:,}×{columns:,} numbers that are not sparse")
    return data.toarray()


def is_frame(data: Any) -> bool:
    """Whether it is a pandas DataFrame."""
    pandas = sys.modules.get("pandas")  # who has a frame has imported it
    return pandas is not None and isinstance(data, pandas.DataFrame)


def densely(frame: Any) -> Any:
    """The frame with sparse columns made dense."""
    pandas = pandas_or_error()
    sparse = [i for i, dtype in enumerate(frame.dtypes) if isinstance(dtype, pandas.SparseDtype)]
    whole = frame.copy(deep=False)
    for i in sparse:
        whole.isetitem(i, frame.iloc[:, i].sparse.to_dense())
    return whole
