"""AnomalyGAN keeps scikit-learn's contract and PyOD's conventions, and finds what is not like the others."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from ptarmigan import AnomalyGAN, zoo
from ptarmigan.estimators.pyod import PyOD

DETECTORS = [name.removeprefix("anomaly.") for name in zoo.names() if name.startswith("anomaly.")]
RECIPES = [name for name in DETECTORS if not name.endswith("_images")]
SMALL = dict(width=8, latent=4, batch=16)


def detector(recipe: str = "alad", steps: int = 3, **more) -> AnomalyGAN:
    return AnomalyGAN(recipe, steps=steps, **{"device": "cpu", "options": SMALL, **more})


def rows(n: int, seed: int = 0) -> np.ndarray:
    """Five columns that two numbers make."""
    rng = np.random.default_rng(seed)
    hidden = rng.standard_normal((n, 2))
    return np.column_stack([hidden, hidden.sum(1), np.sin(hidden[:, :1]), hidden[:, 1:] ** 2 / 2])


@pytest.mark.parametrize("recipe", RECIPES)
def test_it_finds_rows_that_are_not_like_the_others(recipe):
    """Columns of the odd ones do not belong together, and are spread twice as far."""
    odd = 2 * np.random.default_rng(9).permuted(rows(100, 8), axis=0)
    more = {"anogan": dict(search=50), "fanogan": dict(critic_steps=2)}.get(recipe, {})
    found = detector(recipe, steps=150, options=dict(width=32, latent=2, batch=64, lr=1e-3) | more)
    found.fit(rows(400))
    scores = found.score_samples(np.concatenate([rows(100, 7), odd]))
    assert roc_auc_score(np.repeat([0, 1], 100), -scores) > 0.7


def test_the_threshold_is_that_of_the_training_rows_alone():
    x = rows(200)
    model = detector(contamination=0.2).fit(x)
    far = 1e3 * rows(50, 1)
    assert (model.predict(far) == -1).all()
    np.testing.assert_array_equal(model.predict(x), np.where(model.labels_ == 1, -1, 1))
    assert model.labels_.sum() == 40
    assert model.threshold_ == -model.offset_ == pytest.approx(np.quantile(model.decision_scores_, 0.8))
    np.testing.assert_array_equal(model.score_samples(x), -model.decision_scores_)
    np.testing.assert_array_equal(model.decision_function(x), model.score_samples(x) - model.offset_)
    np.testing.assert_array_equal(clone(model).fit_predict(x), model.predict(x))


def test_pyods_conventions():
    x = rows(100)
    model = PyOD(detector(contamination=0.1))
    assert model.fit(x) is model
    assert model.contamination == 0.1
    assert set(model.labels_.tolist()) == {0, 1}
    np.testing.assert_array_equal(model.decision_function(x), model.decision_scores_)
    np.testing.assert_array_equal(model.predict(x), model.labels_)
    np.testing.assert_array_equal(model.predict(x), (model.decision_scores_ > model.threshold_).astype(int))
    np.testing.assert_array_equal(PyOD(detector()).fit_predict(x), model.labels_)


def test_the_seed_decides_everything():
    x = rows(100)
    one, same, other = (detector(random_state=seed).fit(x).decision_scores_ for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    drawn = [detector(random_state=np.random.RandomState(5)).fit(x).decision_scores_ for _ in range(2)]
    np.testing.assert_array_equal(*drawn)


def test_what_is_saved_is_the_same_and_no_pickle_is_needed(tmp_path):
    x = rows(100)
    model = detector(contamination=0.05).fit(x)
    model.save(tmp_path / "model.safetensors")
    again = AnomalyGAN.load(tmp_path / "model.safetensors", device="cpu")
    assert again.get_params() | {"options": None} == model.get_params() | {"options": None}
    assert again.options.items() >= SMALL.items()
    for name in ("decision_scores_", "labels_", "offset_", "threshold_", "n_features_in_"):
        np.testing.assert_array_equal(getattr(again, name), getattr(model, name))
    np.testing.assert_array_equal(again.predict(rows(30, 1)), model.predict(rows(30, 1)))
    np.testing.assert_array_equal(again.fit(x).decision_scores_, model.decision_scores_)
    pickled = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(pickled.score_samples(x), model.score_samples(x))


def test_a_run_is_loaded_with_its_threshold(tmp_path):
    x = rows(100)
    model = detector(out=str(tmp_path / "run")).fit(x)
    for where in (tmp_path / "run", tmp_path / "run" / "generator.safetensors"):
        again = AnomalyGAN.load(where, device="cpu")
        np.testing.assert_array_equal(again.score_samples(x), model.score_samples(x))
        assert again.offset_ == pytest.approx(model.offset_, rel=0.05)
        assert not hasattr(again, "decision_scores_")


def test_names_of_columns_are_kept(tmp_path):
    frame = pd.DataFrame(rows(60), columns=list("abcdé"))
    detector().fit(frame).save(tmp_path / "model.safetensors")
    again = AnomalyGAN.load(tmp_path / "model.safetensors", device="cpu")
    assert list(again.feature_names_in_) == list("abcdé")
    again.predict(frame)
    with pytest.raises(ValueError, match="feature names"):
        again.predict(frame[list("bacdé")])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(contamination=0.0), "contamination"),
        (dict(contamination=0.7), "contamination"),
        (dict(recipe="nothing"), "no recipe"),
        (dict(options=dict(depth=3)), "depth"),
        (dict(steps=0), "steps"),
        (dict(device="abacus"), "abacus"),
    ],
)
def test_arguments_that_cannot_be_meant(arguments, words):
    with pytest.raises(ValueError, match=words):
        detector(**arguments).fit(rows(30))


def test_odd_tables():
    constant = np.column_stack([rows(40), np.full(40, 3.0)])
    model = detector().fit(constant)
    moved = constant + 5 * np.eye(6)[5]
    assert (model.score_samples(moved) < model.score_samples(constant)).mean() > 0.5
    assert np.isfinite(detector().fit(np.ones((5, 1))).decision_scores_).all()
    with pytest.raises(ValueError, match="absurd"):
        detector().fit(np.array([[1e200], [0.0]]))
    with pytest.raises(ValueError, match="infinity"):
        model.predict(np.full((1, 6), np.inf))


def images(n: int, seed: int = 0) -> np.ndarray:
    """Grey slopes with some noise, ``(n, height, width)``."""
    rng = np.random.default_rng(seed)
    slope = np.linspace(200, 60, 9)[:, None] * rng.uniform(0.8, 1, (n, 1, 1))
    return (slope + rng.uniform(0, 20, (n, 9, 8))).astype(np.uint8)


def test_images_are_learnt_and_where_they_are_abnormal(tmp_path):
    x, spotted = images(120), images(20, 1)
    spotted[:, 2:5, 3:6] = 0
    options = dict(width=8, latent=8, batch=32, lr=1e-3, weight=1.0)
    model = detector(None, steps=120, options=options, contamination=0.05).fit(x)
    assert model.decision_scores_.shape == (120,)
    np.testing.assert_array_equal(model.score_samples(x), -model.decision_scores_)
    assert (model.predict(spotted) == -1).mean() > 0.9
    heat = model.anomaly_maps(spotted)
    assert heat.shape == (20, 9, 8)
    assert (heat.max((1, 2)) > 0).all()
    assert heat[:, 2:5, 3:6].mean() > 4 * heat[:, 6:].mean()
    np.testing.assert_array_equal(model.anomaly_maps(spotted[3:4, :, :, None] / 255), heat[3:4])
    assert model.sample(3).shape == (3, 9, 8, 1)
    model.save(tmp_path / "model.safetensors")
    for again in (
        AnomalyGAN.load(tmp_path / "model.safetensors", device="cpu"),
        pickle.loads(pickle.dumps(model)),
    ):
        np.testing.assert_array_equal(again.decision_function(spotted), model.decision_function(spotted))
        assert again.n_features_in_ == 9


def test_images_are_made_to_the_size_that_was_told():
    colours = np.repeat(images(20)[:, :, :, None], 3, 3)
    model = detector("bigan_images", options=SMALL | {"size": "12x16"}).fit(colours)
    assert model.anomaly_maps(colours[:2]).shape == (2, 12, 16)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (images(3)[:, :7], "images of 7×8×1, and the run is of images of 9×8×1"),
        (images(3).astype(np.uint16), "of 16 bits"),
        (images(3).astype(np.int64), "type int64: give uint8"),
        (images(3) * 2.0, "pixels from .*: give uint8"),
        (np.zeros((3, 9)), r"images are \(n, height, width"),
    ],
)
def test_what_is_no_image_like_those_that_were_learnt_is_refused(asked, words):
    model = detector(None).fit(images(30))
    with pytest.raises(ValueError, match=words):
        model.predict(asked)


def test_rows_and_images_are_not_mistaken_for_one_another():
    with pytest.raises(ValueError, match="not one sample a row"):
        detector("alad").fit(images(30))
    with pytest.raises(ValueError, match=r"images are \(n, height, width"):
        detector("bigan_images").fit(rows(30))
    model = detector(None).fit(rows(30))
    with pytest.raises(ValueError, match="dim 3"):
        model.predict(images(3))
    with pytest.raises(ValueError, match="has no anomaly maps"):
        model.anomaly_maps(rows(3))
