"""The hidden Markov model: it finds what it should in series that have states, and keeps its face."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ptarmigan.estimators.hmm import HiddenMarkov


def switching(n: int = 200, length: int = 12, seed: int = 0) -> np.ndarray:
    """Series that stay near 0 or near 5, and change over in one step of ten."""
    rng = np.random.default_rng(seed)
    state = (rng.random((n, 1)) < 0.5) ^ (np.cumsum(rng.random((n, length)) < 0.1, 1) % 2 == 1)
    return (5.0 * state + 0.3 * rng.standard_normal((n, length)))[:, :, None] * np.array([1, -100.0])


def test_it_finds_the_states_and_how_they_follow():
    x = switching()
    model = HiddenMarkov(2).fit(x)
    np.testing.assert_allclose(np.diag(model.follow_), 0.9, atol=0.04)
    made = model.sample(400, seed=1)
    assert made.shape == (400, 12, 2)
    np.testing.assert_allclose(np.quantile(made, [0.2, 0.8]), np.quantile(x, [0.2, 0.8]), rtol=0.1)
    changes = (np.diff(made[:, :, 0] > 2.5, axis=1)).mean()
    assert changes == pytest.approx(0.1, abs=0.03)
    np.testing.assert_array_equal(model.sample(10, seed=1), made[:10])


def test_channels_that_are_constant_or_the_same():
    x = switching(60)
    x = np.concatenate([x, x[:, :, :1], np.ones_like(x[:, :, :1])], 2)
    model = HiddenMarkov(3).fit(x)
    made = model.sample(50)
    np.testing.assert_allclose(made[:, :, 0], made[:, :, 2], atol=0.1)
    np.testing.assert_allclose(made[:, :, 3], 1)
    assert np.isfinite(model.score_samples(x)).all()


def test_what_is_unlike_is_improbable():
    model = HiddenMarkov(2).fit(switching())
    rng = np.random.default_rng(0)
    usual, odd = switching(20, seed=3), rng.permuted(switching(20, seed=3), axis=1)
    assert model.score_samples(usual).shape == (20,)
    assert np.median(model.score_samples(usual)) > np.median(model.score_samples(odd))


def test_frames_of_unequal_length_and_files(tmp_path):
    rows = [pd.DataFrame(one[: 4 + i % 8], columns=["a", "b"]) for i, one in enumerate(switching(30))]
    frame = pd.concat([one.assign(who=i, hour=range(len(one))) for i, one in enumerate(rows)])
    model = HiddenMarkov(2, id="who", time="hour", length=12).fit(frame.sample(frac=1, random_state=0))
    made = model.sample(50)
    assert list(made.columns) == ["who", "a", "b"]
    assert set(made.groupby("who").size()) <= set(range(4, 12))
    model.save(tmp_path / "hmm.safetensors")
    again = HiddenMarkov.load(tmp_path / "hmm.safetensors")
    assert again.get_params() == model.get_params()
    pd.testing.assert_frame_equal(again.sample(50), made)
    np.testing.assert_array_equal(again.score_samples(frame), model.score_samples(frame))


def test_what_cannot_be_meant(tmp_path):
    with pytest.raises(ValueError, match="0 states"):
        HiddenMarkov(0).fit(switching(5))
    with pytest.raises(ValueError, match="channels 0, 1, not 0"):
        HiddenMarkov(2).fit(switching(30)).score_samples(np.zeros((3, 12, 1)))
    with pytest.raises(ValueError, match="cannot be read"):
        HiddenMarkov.load(tmp_path / "none")
