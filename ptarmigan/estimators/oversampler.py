"""Rare classes filled up by a GAN, behind imbalanced-learn's interface."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse, vstack
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from ptarmigan import zoo
from ptarmigan.estimators.fitting import fit_recipe, fits, picklable_state
from ptarmigan.estimators.inputs import dense, densely, is_frame, without_tensors
from ptarmigan.media.optional import needs
from ptarmigan.modalities.image.arrays import channels_first
from ptarmigan.modalities.table.frames import pandas_or_error
from ptarmigan.training.options import defaults

needs("imblearn", extra="augment", why="oversampling needs imbalanced-learn")
from imblearn.over_sampling.base import BaseOverSampler  # noqa: E402
from imblearn.utils import check_target_type  # noqa: E402

ROWS, IMAGES = "table.tvae", "image.bagan"
"""What fills up rows and images where no recipe is named."""

Wanted = dict[int, int]
"""How many more of a class, by its number."""


class GANOverSampler(BaseOverSampler):  # type: ignore[misc]
    """Adds made rows or images to the classes that have few, as imbalanced-learn's samplers do.

    A GAN learns all classes together and is asked for the rare ones. ``fit_resample`` gives what it was
    given, and after it what was made. Rows are a pandas DataFrame with columns of any kind or an array ``(n,
    columns)``; images are an array ``(n, height, width[, channels])`` of uint8, uint16, or floats in [0, 1].
    Both come back as they were given. Scikit-learn's splits see only what they are given: in a pipeline of
    imbalanced-learn nothing that is made gets into a test set.

    Args:
        recipe: of the zoo, of rows (table.tvae, table.ctgan) or of images with classes (image.bagan,
            image.r1gan, image.acgan); or a file of your own, such as mine.py. One that fits when None.
        sampling_strategy: how many of which classes, as in imbalanced-learn: auto fills all classes up to the
            most frequent.
        steps: the length of the training; the recipe's own when None.
        options: the recipe's other options, such as ``{"batch": 100}``.
        out: the run's folder, where an interrupted fit goes on; none is kept when empty.
        device: auto, cpu, cuda, mps.
        random_state: the random seed.
        verbose: show progress.

    Attributes:
        sampling_strategy_: how many were made, by class.
        file_: the trained networks, as a safetensors file; none where nothing was to be made.
        n_features_in_: the number of columns; of images, their first side.
        feature_names_in_: the names of the columns, where they are text.
    """

    def __init__(
        self,
        recipe: str | None = None,
        *,
        sampling_strategy: Any = "auto",
        steps: int | None = None,
        options: dict[str, Any] | None = None,
        out: str | os.PathLike[str] = "",
        device: str = "auto",
        random_state: Any = 0,
        verbose: bool = False,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.recipe = recipe
        self.steps = steps
        self.options = options
        self.out = out
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @fits
    def fit_resample(self, X: Any, y: Any, **more: Any) -> tuple[Any, Any]:  # noqa: N803
        """What was given, and after it what was made, as they were given.

        Args:
            X: rows or images.
            y: their classes.
            **more: none; it is imbalanced-learn's.

        Raises:
            ValueError: there is one class only, the samples cannot be learnt from, or an argument cannot be
                meant.
        """
        return super().fit_resample(X, y, **more)  # type: ignore[no-any-return]

    def _check_X_y(self, X: Any, y: Any, accept_sparse: Any = None) -> tuple[Any, Any, bool]:  # noqa: N802, N803
        y, one_hot = check_target_type(y, indicate_one_vs_all=True)
        known = {"dtype": None, "ensure_all_finite": False, "allow_nd": True, "accept_sparse": ("csr", "csc")}
        given = densely(X) if is_frame(X) else check_array(without_tensors(X), **known)
        validate_data(self, X=given, y=y, reset=True, skip_check_array=True)
        if given.shape[0] != len(y):
            raise ValueError(f"there are {given.shape[0]} samples and {len(y)} labels")
        return given, y, one_hot

    def _fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:  # noqa: N803
        classes, codes = np.unique(y, return_inverse=True)
        numbers = {c: i for i, c in enumerate(classes.tolist())}
        wanted = {numbers[c]: n for c, n in self.sampling_strategy_.items() if n}
        if not wanted:
            return X, y
        labels = classes[np.repeat([*wanted], [*wanted.values()])]
        whole = np.concatenate([y, labels.astype(y.dtype)])
        if issparse(X):
            generated = self._rows(pandas_or_error().DataFrame(dense(X)), codes, wanted)
            return vstack([X, generated.to_numpy(X.dtype)], format=X.format), whole
        if not is_frame(X) and X.ndim > 2:
            return np.concatenate([X, self._images(X, codes, wanted)]), whole
        pandas = pandas_or_error()
        frame = X if is_frame(X) else pandas.DataFrame(X)
        generated = self._rows(frame, codes, wanted)
        if is_frame(X):
            return pandas.concat([X, generated], ignore_index=True), whole
        return np.concatenate([X, generated.to_numpy(X.dtype)]), whole

    def _rows(self, frame: Any, codes: NDArray[np.int64], wanted: Wanted) -> Any:
        """Rows by a table GAN that has the label as one more column, of which values are asked."""
        label = "label"
        while label in frame.columns:
            label += "_"
        categorical = (*(self.options or {}).get("categorical", ()), label)
        trained = fit_recipe(
            self, "", recipe=self.recipe or ROWS, data=frame.assign(**{label: codes}), categorical=categorical
        )
        seed = trained.description["options"]["seed"]
        generated = [trained.frame(n, where={label: c}, seed=seed) for c, n in wanted.items()]
        return pandas_or_error().concat(generated, ignore_index=True).drop(columns=label)

    def _images(self, images: NDArray[Any], codes: NDArray[np.int64], wanted: Wanted) -> NDArray[Any]:
        """Images by a class-conditional GAN, which sees every class as often as it will be in the result."""
        recipe = os.fspath(self.recipe or IMAGES)
        again = [np.resize(np.flatnonzero(codes == c), n) for c, n in wanted.items()]
        rows = np.concatenate([np.arange(len(images)), *again])
        conditional = {"conditional": True} if "conditional" in defaults(zoo.recipe(recipe)) else {}
        trained = fit_recipe(self, "", recipe=recipe, data=(images[rows], codes[rows]), **conditional)
        if not trained.conditional():
            raise ValueError(f"{recipe} is not told the class of what it makes: choose another recipe")
        seed = trained.description["options"]["seed"]
        generated = [trained.sample(n, class_=str(c), seed=seed) for c, n in wanted.items()]
        return convert_like(np.concatenate(generated), images)

    def __getstate__(self) -> dict[str, Any]:
        return picklable_state(super().__getstate__())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.input_tags.three_d_array = True
        return tags


def up_to(ratio: float) -> Callable[[Any], dict[Any, int]]:
    """A ``sampling_strategy``: every class at least so often, for each sample of the most frequent.

    Raises:
        ValueError: the ratio is not above 0 and at most 1.
    """
    if not 0 < ratio <= 1:
        raise ValueError(f"a ratio is above 0 and at most 1, not {ratio:g}")

    def strategy(y: Any) -> dict[Any, int]:
        classes, counts = np.unique(y, return_counts=True)
        most = round(ratio * counts.max())
        return {c: max(n, most) for c, n in zip(classes.tolist(), counts.tolist(), strict=True)}

    return strategy


def convert_like(generated: NDArray[Any], images: NDArray[Any]) -> NDArray[Any]:
    """Raw images ``(n, height, width, channels)`` in the layout and numbers of other images."""
    if channels_first(images.shape[1:], "the array"):
        generated = generated.transpose(0, 3, 1, 2)
    generated = generated.reshape(len(generated), *images.shape[1:])
    if images.dtype.kind == "b":
        return generated > 127
    return (generated / 255 if images.dtype.kind == "f" else generated).astype(images.dtype)
