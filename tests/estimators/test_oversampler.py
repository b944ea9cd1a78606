"""GANOverSampler keeps imbalanced-learn's contract, fills up rare classes, and gives what it was given."""

from __future__ import annotations

import pickle
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import cross_val_score
from test_table import everything

from ptarmigan import GANOverSampler

ROWS = dict(width=8, latent=4, batch=20)
IMAGES = dict(width=4, latent=4, batch=8)


def sampler(steps: int = 1, **more) -> GANOverSampler:
    return GANOverSampler(**{"steps": steps, "options": ROWS, "device": "cpu", **more})


def two_classes():
    """A frame of all kinds of columns, and labels of which few are rare."""
    frame = everything(missing=True).drop(columns=7)  # scikit-learn knows no numbers beside text as names
    return frame, np.array(["rare"] * 12 + ["often"] * (len(frame) - 12), object)


@pytest.mark.parametrize("recipe", ["table.ctgan", "table.tvae"])
def test_frames_come_back_as_they_were_with_more_of_the_rare(recipe):
    x, y = two_classes()
    more, labels = sampler(recipe=recipe).fit_resample(x, y)
    assert Counter(labels) == {"rare": 108, "often": 108}
    assert more.dtypes.tolist() == x.dtypes.tolist()
    pd.testing.assert_frame_equal(more.iloc[: len(x)], x, check_dtype=True)
    assert (labels[len(x) :] == "rare").all()
    assert more.iloc[len(x) :].duplicated().mean() < 0.5
    assert set(more["level"]) <= set(x["level"])


def test_made_rows_are_like_their_class():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [360, 40])
    x = pd.DataFrame({"number": rng.normal(6 * y), "word": np.where(y, "b", "a")})
    more, _ = sampler(150, recipe="table.tvae", options=dict(latent=8, batch=100)).fit_resample(x, y)
    made = more.iloc[400:]
    assert abs(made["number"].median() - 6) < 2
    assert (made["word"] == "b").mean() > 0.8


def test_how_many_are_made_is_what_is_asked_for():
    x, y = np.random.default_rng(0).normal(size=(60, 3)), np.repeat([0, 1, 2], [30, 20, 10])
    for strategy, counts in {
        "auto": [30, 30, 30],
        "minority": [30, 20, 30],
        (lambda y: {2: 25}): [30, 20, 25],
    }.items():
        _, labels = sampler(sampling_strategy=strategy).fit_resample(x, y)
        assert np.bincount(labels).tolist() == counts
    with pytest.raises(ValueError, match="sampling_strategy"):
        sampler(sampling_strategy="most").fit_resample(x, y)
    balanced = sampler()
    more, _ = balanced.fit_resample(x[:50], np.repeat([0, 1], 25))
    assert len(more) == 50
    assert not hasattr(balanced, "file_")


def test_the_seed_decides_everything():
    x, y = two_classes()
    one, same, other = (sampler(random_state=seed).fit_resample(x, y)[0] for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)
    model = sampler()
    again = pickle.loads(pickle.dumps(clone(model)))
    pd.testing.assert_frame_equal(model.fit_resample(x, y)[0], again.fit_resample(x, y)[0])
    assert pickle.loads(pickle.dumps(model)).file_ == model.file_


def images(n: int = 40, size: tuple[int, ...] = (8, 8)):
    """Dark ones of class 0, bright ones of class 1, which is rare."""
    rng, y = np.random.default_rng(0), np.repeat([0, 1], [n - 6, 6])
    return (rng.integers(0, 100, (n, *size)) + 150 * y.reshape(-1, *[1] * len(size))).astype(np.uint8), y


@pytest.mark.parametrize("size", [(8, 8), (8, 12, 3), (2, 8, 8)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.uint16, bool])
def test_images_come_back_as_they_were(size, dtype):
    x, y = images(size=size)
    x = {bool: x > 200, np.float32: (x / 255).astype(np.float32)}.get(dtype, x.astype(dtype))
    more, labels = sampler(options=IMAGES).fit_resample(x, y)
    assert more.dtype == x.dtype
    assert more.shape == (68, *size)
    assert np.bincount(labels).tolist() == [34, 34]
    np.testing.assert_array_equal(more[:40], x)
    if dtype is np.float32:
        assert 0 <= more.min() <= more.max() <= 1


def test_made_images_are_like_their_class():
    x, y = images()
    more, _ = sampler(120, options=dict(width=8, latent=4, batch=16, lr=2e-3)).fit_resample(x, y)
    assert abs(more[40:].mean() - x[y == 1].mean()) < 40


def test_a_recipe_that_is_not_told_classes_is_refused():
    x, y = images()
    with pytest.raises(ValueError, match="not told the class"):
        sampler(recipe="image.dcgan", options=IMAGES).fit_resample(x, y)


def test_no_made_row_is_tested_on_in_a_pipeline():
    x, y = np.random.default_rng(0).normal(size=(90, 3)), np.repeat([0, 1], [70, 20])
    seen = []

    def score(truth, said):
        seen.append(len(truth))
        return 0.0

    model = make_pipeline(sampler(), LogisticRegression())
    cross_val_score(model, x, y, cv=3, scoring=make_scorer(score))
    assert seen == [30, 30, 30]
    made = make_pipeline(sampler(), DummyClassifier()).fit(x, y)
    assert made[-1].class_prior_.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (np.zeros((4, 2)), np.zeros(4), "more than 1 class"),
        (np.zeros((0, 2)), np.zeros(0), "0 sample"),
        (np.zeros((4, 2)), np.zeros(3), "4 samples and 3 labels"),
        (np.array([[1.0, np.inf], [2.0, 3.0], [1.5, 2.0]]), np.array([0, 0, 1]), "infinite in row 1"),
        (np.full((4, 8, 8), -1.0), np.array([0, 0, 0, 1]), "pixels from -1"),
        (np.zeros((4, 8, 8, 9), np.uint8), np.array([0, 0, 0, 1]), "1 to 4 channels"),
        (np.zeros((4, 8, 8, 1, 1), np.uint8), np.array([0, 0, 0, 1]), "images are"),
    ],
)
def test_what_cannot_be_filled_up(x, y, words):
    with pytest.raises(ValueError, match=words):
        sampler(options={}).fit_resample(x, y)


def test_odd_names_of_columns_and_classes():
    x = pd.DataFrame({"label": [1.0, 2.5, 3.0, 4.5] * 5, "ä b": list("xyzx") * 5, 3: range(20)})
    x.columns = ["label", "ä b", "label_"]
    y = pd.Series([" a b", "ü", "ü", "ü"] * 5, name="class", dtype="category")
    more, labels = sampler(steps=1).fit_resample(x, y)
    assert list(more.columns) == list(x.columns)
    assert labels.value_counts().tolist() == [15, 15]
    assert labels.dtype == y.dtype
