"""A hidden Markov model of series, to compare with: hmmlearn's, behind the methods of ``SeriesGAN``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ptarmigan.core import noise
from ptarmigan.estimators.arrays import load_arrays, save_arrays
from ptarmigan.estimators.fitting import Writes, fits, seed_of
from ptarmigan.estimators.inputs import series_of
from ptarmigan.media.optional import needs
from ptarmigan.modalities.registry import from_json
from ptarmigan.modalities.series.channels import as_they_were
from ptarmigan.modalities.series.source import Series
from ptarmigan.modalities.series.space import as_series

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

GRAIN = 1e-3
"""The standard deviation of the noise on what is fitted to, of channels that go from 0 to 1."""


class HiddenMarkov(BaseEstimator):  # type: ignore[misc]
    """States that follow one another by chance, each with a Gaussian of all channels.

    Fitted by expectation maximisation (Rabiner 1989, "A tutorial on hidden Markov models"), with every
    channel on a scale from 0 to 1 and noise of a thousandth on it, without which a channel that is constant,
    or the same as another, has no density. How long a made series lasts is drawn from the lengths seen.

    Args:
        states: how many.
        length: steps of a window.
        stride: steps from the beginning of one window to that of the next.
        id: the column of a frame that says which series a row is of; all rows are one series when empty.
        time: the column that orders the rows of a series, and is not learnt; they are in order when empty.
        rounds: of expectation maximisation, at most.
        random_state: the random seed of the first guess.

    Attributes:
        space_: what a series is.
        start_: the probability of every state to be the first, ``(states,)``.
        follow_: of every state to follow another, ``(states, states)``.
        means_: of the channels in every state, ``(states, channels)``.
        covariances_: ``(states, channels, channels)``.
        lengths_: of the series seen.
        n_features_in_: the number of channels.
        feature_names_in_: their names, where they have such.
    """

    def __init__(
        self,
        states: int = 10,
        *,
        length: int = 24,
        stride: int = 1,
        id: str = "",
        time: str = "",
        rounds: int = 50,
        random_state: Any = 0,
    ) -> None:
        self.states = states
        self.length = length
        self.stride = stride
        self.id = id
        self.time = time
        self.rounds = rounds
        self.random_state = random_state

    @fits
    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803
        """Learn series.

        Args:
            X: what ``SeriesGAN.fit`` takes.
            y: not looked at.

        Raises:
            ValueError: these are no series of finite numbers, hmmlearn is missing, or there are no states.
        """
        if self.states < 1:
            raise ValueError(f"a hidden Markov model of {self.states} states cannot be: 1 or more")
        given = series_of(self, X)
        raw, space = Series(given, self.length, self.stride, self.id, self.time).read()
        rows, lengths = space.in_a_row(raw)
        seed = seed_of(self.random_state)
        grain = np.random.default_rng(noise.key(seed, "hmm", "grain")).standard_normal(rows.shape)
        model = gaussian_hmm()(
            self.states,
            "full",
            min_covar=GRAIN**2,
            covars_prior=GRAIN**2 * np.eye(space.channels),
            covars_weight=space.channels
            + 1,  # as much as one step, so that a state without any has a density
            n_iter=self.rounds,
            random_state=seed % 2**32,
        )
        model.fit(rows + GRAIN * grain, lengths)
        self.space_, self.lengths_ = space, lengths
        self._noted()
        self.start_, self.follow_ = model.startprob_, model.transmat_
        self.means_, self.covariances_ = model.means_, model.covars_
        return self

    def sample(self, n: int = 100, *, seed: int = 0) -> NDArray[Any] | pd.DataFrame:
        """``n`` new series, in the form of ``SeriesGAN.sample``; of a thousand, the first are those of ten.

        Args:
            n: how many.
            seed: the random seed.
        """
        check_is_fitted(self)
        rng = {what: np.random.default_rng(noise.key(seed, "hmm", what)) for what in ("u", "x", "length")}
        length, channels = self.space_.length, self.space_.channels
        u, x = rng["u"].random((n, length)), rng["x"].standard_normal((n, length, channels))
        roots = np.linalg.cholesky(self.covariances_)
        state = draw_states(np.broadcast_to(self.start_, (n, len(self.start_))), u[:, 0])
        for step in range(length):
            if step:
                state = draw_states(self.follow_[state], u[:, step])
            x[:, step] = self.means_[state] + np.einsum("nij,nj->ni", roots[state], x[:, step])
        low, high = np.asarray(self.space_.low), np.asarray(self.space_.high)
        raw = low + x * (high - low)
        lasts = rng["length"].choice(self.lengths_, n)
        raw[np.arange(length) >= lasts[:, None]] = np.nan
        if self.space_.forms:
            raw = as_they_were(raw, self.space_.forms)
        return self.space_.frame(raw) if self.space_.columns else self.space_.array(raw)

    def score_samples(self, X: Any) -> Floats:  # noqa: N803
        """The logarithm of the density of every window ``(n,)``, in the units of the scale from 0 to 1.

        Raises:
            ValueError: these are no series of the channels that were learnt.
        """
        check_is_fitted(self)
        raw, space = Series(
            series_of(self, X, reset=False), self.length, self.stride, self.id, self.time
        ).read()
        if space.names != self.space_.names:
            raise ValueError(
                f"this model is of channels {', '.join(self.space_.names)}, not {', '.join(space.names)}"
            )
        model = self._model()
        rows, lengths = self.space_.in_a_row(raw)
        return np.array([model.score(one) for one in np.split(rows, np.cumsum(lengths)[:-1])])

    def save(self, path: Writes) -> None:
        """Write the fitted model as one safetensors file, over what was there."""
        check_is_fitted(self)
        metadata = {
            "estimator": type(self).__name__,
            "space": self.space_.to_json(),
            "arguments": self.get_params(),
        }
        save_arrays(path, metadata, {name: getattr(self, name) for name in ARRAYS})

    @classmethod
    def load(cls, path: Writes) -> Self:
        """A fitted model from a file that ``save`` wrote.

        Raises:
            ValueError: it is no such file.
        """
        metadata, arrays = load_arrays(path)
        if metadata.get("estimator") != cls.__name__:
            raise ValueError(f"{path} holds no hidden Markov model")
        self = cls(**metadata["arguments"])
        self.space_ = as_series(from_json(metadata["space"]), f"{path} holds a model of no series")
        for name in ARRAYS:
            setattr(self, name, arrays[name])
        self._noted()
        return self

    def _noted(self) -> None:
        self.n_features_in_ = self.space_.channels
        if self.space_.columns:
            self.feature_names_in_ = np.array(self.space_.columns, object)

    def _model(self) -> Any:
        """The fitted model as hmmlearn has it."""
        model = gaussian_hmm()(len(self.start_), "full")
        model.startprob_, model.transmat_ = self.start_, self.follow_
        model.means_, model.covars_ = self.means_, self.covariances_
        return model

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        return tags


ARRAYS = ("start_", "follow_", "means_", "covariances_", "lengths_")


def gaussian_hmm() -> Any:
    """The model with Gaussians of hmmlearn.

    Raises:
        ValueError: it is missing.
    """
    return needs("hmmlearn.hmm", extra="hmm", why="a hidden Markov model needs hmmlearn").GaussianHMM


def draw_states(probabilities: Floats, u: Floats) -> NDArray[np.int64]:
    """States by their probabilities ``(n, states)``, from uniform numbers ``(n,)``."""
    ends = probabilities.cumsum(1)
    return np.asarray((u[:, None] * ends[:, -1:] >= ends).sum(1).clip(max=ends.shape[1] - 1))
