"""Every estimator passes the suites of scikit-learn and imbalanced-learn, with odd arguments too."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from imblearn.utils.estimator_checks import estimator_checks_generator
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted

from ptarmigan import AnomalyGAN, GANOverSampler, SeriesGAN, TableGAN
from ptarmigan.estimators.densities import Kernels, Mixture
from ptarmigan.estimators.hmm import HiddenMarkov
from ptarmigan.estimators.pyod import PyOD
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.image.space import ImageSpace

SMALL = dict(width=8, latent=4, batch=16)
TINY = dict(width=4, latent=2, batch=4)
OF_WINDOWS = dict.fromkeys(
    ("check_methods_subset_invariance", "check_methods_sample_order_invariance"),
    "it scores windows of neighbouring rows, not rows",
)


def detector(recipe: str = "vae", **more) -> AnomalyGAN:
    return AnomalyGAN(recipe, **{"steps": 1, "options": SMALL, "device": "cpu"} | more)


def table(recipe: str = "tvae", **more) -> TableGAN:
    return TableGAN(recipe, **{"steps": 1, "options": dict(width=8, batch=20), "device": "cpu"} | more)


def series(**more) -> SeriesGAN:
    return SeriesGAN(**{"steps": 1, "length": 2, "options": dict(width=4, batch=4), "device": "cpu"} | more)


def sampler(**more) -> GANOverSampler:
    return GANOverSampler(
        **{"steps": 1, "options": dict(width=8, latent=4, batch=20), "device": "cpu"} | more
    )


ESTIMATORS: dict[str, Callable[[], Any]] = {
    "detector": detector,
    "odd detector": lambda: detector("autoencoder", contamination="auto", steps=np.int64(1)),
    "PyOD": lambda: PyOD(detector("autoencoder", contamination=np.float32(0.5))),
    "table": lambda: table("ctgan", options=TINY | {"pack": 2}),
    "odd table": lambda: table("wgan_gp", constraints=[], options=dict(width=4, batch=4, critic_steps=1)),
    "table of images": lambda: table("tablegan", options=TINY, random_state=np.random.RandomState(3)),
    "series": series,
    "sampler": sampler,
    "mixture": Mixture,
    "odd mixture": lambda: Mixture(np.int64(1), random_state=None),
    "kernels": Kernels,
    "odd kernels": lambda: Kernels(np.float32(0.3)),
    "hidden Markov": lambda: HiddenMarkov(2, length=2, rounds=2),
}


@pytest.fixture(autouse=True)
def one_gaussian_a_column(monkeypatch):
    """Nearly all of the time of these many fits is that of ten."""
    monkeypatch.setattr("ptarmigan.modalities.table.modes.MODES", 1)


@pytest.mark.filterwarnings("ignore:Skipping check check_array_api_input")
@pytest.mark.filterwarnings("ignore:Estimator's parameters changed after set_params")
@pytest.mark.parametrize("make", ESTIMATORS.values(), ids=ESTIMATORS)
def test_it_keeps_the_contract_of_scikit_learn(make):
    estimator = make()
    expected = OF_WINDOWS if isinstance(estimator, HiddenMarkov) else {}
    results = check_estimator(estimator, on_fail=None, expected_failed_checks=expected)
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    assert failed == {}
    assert {r["check_name"] for r in results if r["status"] == "xfail"} == expected.keys()


@pytest.mark.parametrize(
    ("estimator", "check"), [*estimator_checks_generator(sampler())], ids=lambda c: getattr(c, "func", c)
)
def test_it_keeps_the_contract_of_imbalanced_learn(estimator, check):
    check(estimator)


def rows(n: int = 60) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, 3))


def of(model: Any) -> np.ndarray:
    """What a fitted model says of itself."""
    return np.asarray(model.sample(5) if not isinstance(model, PyOD) else model.decision_scores_)


SAMPLING = [name for name in ESTIMATORS if name != "sampler" and "odd" not in name]


@pytest.mark.parametrize("name", SAMPLING)
def test_copies_of_a_fitted_estimator_are_fitted_alike_and_clones_are_not(name, tmp_path):
    model = ESTIMATORS[name]().fit(rows())
    joblib.dump(model, tmp_path / "model")
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "model")):
        np.testing.assert_array_equal(of(again), of(model))
    if not isinstance(model, PyOD):
        model.save(tmp_path / "file")
        model.save(file := io.BytesIO())
        file.seek(0)
        for again in (type(model).load(tmp_path / "file"), type(model).load(file)):
            np.testing.assert_array_equal(of(again), of(model))
    with pytest.raises(NotFittedError):
        check_is_fitted(clone(model))
    assert model.n_features_in_ == 3


@pytest.mark.parametrize("name", SAMPLING)
def test_a_fit_that_fails_leaves_nothing_fitted(name):
    model = ESTIMATORS[name]().fit(rows())
    with pytest.raises(ValueError, match=r"NaN|finite|missing|inf"):
        model.fit(np.full((60, 3), np.inf))
    with pytest.raises(NotFittedError):
        check_is_fitted(model)
    assert [name for name in vars(model) if name.endswith("_")] == []
    of(model.fit(rows()))


def test_an_interrupt_leaves_it_unfitted_and_its_run_to_go_on(tmp_path, monkeypatch):
    whole = detector(steps=8).fit(rows())
    model = detector(steps=8, out=tmp_path / "run").fit(rows())
    model = detector(steps=8, out=tmp_path / "second")
    from ptarmigan.training.trainer import Trainer

    real = Trainer.interrupted
    monkeypatch.setattr(Trainer, "interrupted", lambda self, noticed: self.step == 4 or real(self, noticed))
    with pytest.raises(KeyboardInterrupt, match="stopped at step 4 of 8"):
        model.fit(rows())
    with pytest.raises(NotFittedError):
        model.score_samples(rows())
    monkeypatch.undo()
    np.testing.assert_array_equal(model.fit(rows()).decision_scores_, whole.decision_scores_)


GIVEN: dict[str, Callable[[np.ndarray], Any]] = {
    "list": np.ndarray.tolist,
    "tensor": torch.tensor,
    "tensor with gradients": lambda x: torch.tensor(x, requires_grad=True),
    "sparse tensor": lambda x: torch.tensor(x).to_sparse(),
    "csr": sparse.csr_array,
    "dok": sparse.dok_array,
    "csc matrix": sparse.csc_matrix,
    "sparse frame": lambda x: pd.DataFrame(x, columns=list("abc")).astype(pd.SparseDtype(float)),
    "nullable frame": lambda x: pd.DataFrame(x, columns=list("abc")).astype("Float64"),
    "frame of Arrow": lambda x: pd.DataFrame(x, columns=list("abc")).astype("float64[pyarrow]"),
}


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_rows_are_taken_from_what_holds_them(given):
    x = given(rows())
    model, density = detector().fit(x), Mixture(2).fit(x)
    np.testing.assert_array_equal(model.score_samples(x), detector().fit(rows()).score_samples(rows()))
    np.testing.assert_array_equal(density.score_samples(x), Mixture(2).fit(rows()).score_samples(rows()))
    if isinstance(x, pd.DataFrame):
        assert model.feature_names_in_.tolist() == density.feature_names_in_.tolist() == list("abc")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_tensors_of_any_precision_are_taken(dtype):
    x = torch.tensor(rows()).to(dtype)
    plain = x.double().numpy()
    assert np.array_equal(detector().fit(x).score_samples(x), detector().fit(plain).score_samples(plain))
    for made in (table().fit(x).sample(3), series(length=3).fit(x).sample(3)):
        assert np.isfinite(np.asarray(made, np.float64)).all()
    pictures = torch.rand(30, 1, 8, 8).to(dtype)
    found = detector("ganomaly_images").fit(pictures)
    np.testing.assert_array_equal(found.score_samples(pictures.float()), found.score_samples(pictures))


def test_contamination_auto_is_tukeys_fence_of_the_training_scores(tmp_path):
    x = np.concatenate([rows(200), 30 + rows(6)])
    model = detector(contamination="auto", steps=20, out=tmp_path / "run").fit(x)
    low, high = np.quantile(model.decision_scores_, [0.25, 0.75])
    assert model.threshold_ == pytest.approx(high + 1.5 * (high - low))
    assert set(range(200, 206)) <= set(np.flatnonzero(model.labels_))
    model.save(tmp_path / "file")
    assert AnomalyGAN.load(tmp_path / "file").threshold_ == model.threshold_
    of_run = AnomalyGAN.load(tmp_path / "run")._trained.threshold("auto")
    assert of_run == pytest.approx(model.threshold_, rel=0.05)


def test_names_come_from_a_pipeline_of_frames():
    frame = pd.DataFrame(rows(), columns=list("abc"))
    model = make_pipeline(StandardScaler(), detector()).set_output(transform="pandas").fit(frame)
    assert model[-1].feature_names_in_.tolist() == list("abc")
    with sklearn.config_context(transform_output="pandas"):
        scores = make_pipeline(StandardScaler(), detector()).fit(frame).score_samples(frame)
        table("ctgan").fit(frame)
    np.testing.assert_array_equal(scores, model.score_samples(frame))


LABELS: dict[str, Any] = {
    name: (lambda labels, name=name: pd.Series(labels, dtype=name))
    for name in ("object", "str", "string[python]", "string[pyarrow]", "category")
} | {"list": list, "array": np.array}


@pytest.mark.parametrize("given", LABELS.values(), ids=LABELS)
def test_labels_are_text_as_pandas_has_it(given):
    labels = given(["often"] * 45 + ["rare"] * 15)
    x, y = sampler().fit_resample(rows(), labels)
    assert x.shape == (90, 3)
    assert pd.Series(y).value_counts().to_dict() == {"often": 45, "rare": 45}
    assert getattr(y, "dtype", None) == getattr(labels, "dtype", None)


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csc_matrix])
def test_sparse_rows_stay_sparse_with_more_of_the_rare(make):
    x = make(np.where(rows() > 0, rows(), 0))
    more, y = sampler().fit_resample(x, np.arange(60) >= 45)
    assert type(more) is type(x)
    assert more.shape == (90, 3)
    assert y.sum() == 45
    np.testing.assert_array_equal(more[:60].toarray(), x.toarray())


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.int32])
def test_whole_numbers_of_numpy_are_seeds_and_options(kind):
    options = {name: kind(n) for name, n in SMALL.items()} | {"lr": np.float32(1e-3)}
    model = AnomalyGAN("vae", steps=kind(2), options=options, random_state=kind(7)).fit(rows())
    same = SMALL | {"lr": float(np.float32(1e-3))}
    plain = AnomalyGAN("vae", steps=2, options=same, random_state=7).fit(rows())
    np.testing.assert_array_equal(model.decision_scores_, plain.decision_scores_)
    np.testing.assert_array_equal(model.sample(kind(3), seed=kind(5)), plain.sample(3, seed=5))


def test_pyods_probabilities():
    model = PyOD(detector()).fit(rows())
    for method in ("linear", "unify"):
        found = model.predict_proba(rows(), method)
        assert found.shape == (60, 2)
        np.testing.assert_allclose(found.sum(1), 1)
        assert 0 <= found.min() <= found.max() <= 1
        order = np.argsort(model.decision_scores_)
        assert (np.diff(found[order, 1]) >= 0).all()
    assert model.predict_proba(rows())[np.argmax(model.decision_scores_), 1] == 1
    with pytest.raises(ValueError, match="'linear' or 'unify'"):
        model.predict_proba(rows(), "rank")


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, pd.NaT], ids=str)
def test_what_pandas_calls_missing_is_asked_for(nothing):
    words = pd.array(["u", None, "v"] * 20, dtype="string")
    frame = pd.DataFrame({"word": words, "yes": pd.array([True, pd.NA, False] * 20, dtype="boolean")})
    model = table("ctgan", options=TINY | {"pack": 1}).fit(frame)
    for name in frame:
        made = model.sample(4, where={name: nothing})
        assert made[name].isna().all()
        assert made[name].dtype == frame[name].dtype


def test_a_class_number_that_is_no_name_is_refused_where_names_are_numbers():
    named = ImageSpace(8, 8, 1, classes=("3", "7", "9"))
    for seven in (7, "7", np.int64(7)):
        assert named.condition(seven, 2).tolist() == [1, 1]
    for none in (0, 1, "1", np.int64(2), -1, 3.5, "²"):
        with pytest.raises(ValueError, match="there are 3, 7, 9"):
            named.condition(none, 2)
    words = ImageSpace(8, 8, 1, classes=("cat", "dog"))
    assert words.condition(np.int64(1), 1).tolist() == words.condition("dog", 1).tolist() == [1]
    with pytest.raises(ValueError, match="no class 2"):
        words.condition(2, 1)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_pictures_of_half_precision_are_those_of_full_precision(dtype):
    steps = (torch.arange(256) / 255).reshape(4, 1, 8, 8)
    read = Images(steps.to(dtype)).open(batch=2).source.read(np.arange(4))
    wanted = Images(steps.to(dtype).float()).open(batch=2).source.read(np.arange(4))
    np.testing.assert_array_equal(read, wanted)
    assert np.abs(read.astype(int).transpose(0, 3, 1, 2) - np.arange(256).reshape(4, 1, 8, 8)).max() <= 1
