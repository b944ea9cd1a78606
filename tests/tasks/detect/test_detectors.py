"""Detectors: rows as samples, and how abnormal these or images are whatever stands beside them."""

from __future__ import annotations

import numpy as np
import pytest

from ptarmigan import load, train, zoo
from ptarmigan.contract import recipes as contract
from ptarmigan.modalities.registry import from_json
from ptarmigan.modalities.vector.source import Vectors, read_vectors, together
from ptarmigan.modalities.vector.space import VectorSpace
from ptarmigan.tasks.detect.detector import Detector
from ptarmigan.tasks.detect.scores import score_in_chunks
from ptarmigan.training.options import build

DETECTORS = [name for name in zoo.names() if name.startswith("anomaly.")]
OF_IMAGES = [name for name in DETECTORS if name.endswith("_images")]
SHORT = dict(
    quiet=True, report=False, vitals=False, sample_every=0, score_every=0, device="cpu", precision="fp32"
)


def rows(n: int = 300, seed: int = 0) -> np.ndarray:
    """Correlated columns on very different scales, one of them constant."""
    rng = np.random.default_rng(seed)
    plane = rng.standard_normal((n, 2)) @ [[1.0, 1.0, 2.0], [0.5, -1.0, 0.0]]
    return np.column_stack([plane * [1e-3, 1.0, 1e4] + [5.0, 0.0, -1e6], np.full(n, 7.0)])


def images(n: int = 300, seed: int = 0) -> np.ndarray:
    """Grey slopes with some noise."""
    rng = np.random.default_rng(seed)
    slope = np.linspace(200, 60, 8)[:, None] * rng.uniform(0.5, 1, (n, 1, 1))
    return (slope + rng.uniform(0, 50, (n, 8, 9))).astype(np.uint8)[..., None]


def learnt(name: str, n: int = 300, seed: int = 0) -> np.ndarray:
    """What such a detector learns from."""
    return (images if name in OF_IMAGES else rows)(n, seed)


def test_columns_are_standardised_near_their_centre_and_come_back():
    raw = rows(5_000)
    space = VectorSpace.of(raw)
    x = space.encode(raw)
    assert x.shape == (5_000, 4)
    assert np.abs(x.numpy()[:, :3].mean(0)).max() < 0.05
    np.testing.assert_allclose(x.numpy()[:, :3].std(0), 0.98, atol=0.03)  # what is far is drawn in
    assert (x[:, 3] == 0).all()
    np.testing.assert_allclose(space.decode(x), raw, rtol=1e-5)


def test_far_numbers_are_told_apart_and_do_not_overflow():
    space = VectorSpace.of(rows())
    far = np.outer(10.0 ** np.arange(3, 100, 8), np.ones(4))
    x = space.encode(far)
    assert bool(x.isfinite().all())
    assert bool((x[1:] > x[:-1]).all())
    assert np.isfinite(space.decode(1e6 * x)).all()


def test_a_space_survives_json_exactly():
    space = VectorSpace.of(rows(), ("a", "b", "ü", "d e"))
    assert from_json(space.to_json()) == space


@pytest.mark.parametrize("form", ["npy", "npz", "csv"])
def test_rows_come_from_files(tmp_path, form):
    raw, path = rows(20), tmp_path / f"rows.{form}"
    if form == "npy":
        np.save(path, raw)
    elif form == "npz":
        np.savez(path, X=raw, y=np.arange(20) % 2)
    else:
        np.savetxt(path, raw, delimiter=",", header="a,b,c,d", comments="", fmt="%.17g")
    found = read_vectors(str(path))
    np.testing.assert_array_equal(found.rows, raw)
    assert found.columns == (("a", "b", "c", "d") if form == "csv" else ())
    assert (found.labels is not None) == (form == "npz")
    assert len(Vectors(str(path)).open(batch=8)) == 20


def test_windows_are_consecutive_rows():
    raw = np.arange(12.0).reshape(6, 2)
    found = together(raw, 3)
    assert found.shape == (4, 6)
    for i, window in enumerate(found):
        np.testing.assert_array_equal(window, raw[i : i + 3].ravel())
    assert together(raw, 1) is raw
    samples = Vectors(raw, length=3).open(batch=2)
    assert (len(samples), samples.space.shape) == (4, (6,))
    with pytest.raises(ValueError, match="6 rows hold no window of 7"):
        Vectors(raw, length=7).open(batch=2)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (np.zeros((0, 3)), "shape"),
        (np.zeros((3, 0)), "shape"),
        (np.zeros(3), "shape"),
        (np.array([["a", "b"]]), "not numbers"),
        (np.array([[1.0, 2.0], [3.0, np.nan]]), "row 2 has nan in column 2"),
        (np.array([[1.0, np.inf]]), "column 2"),
        (np.array([[1.0, -1e200]]), "absurd"),
    ],
)
def test_what_is_no_rows_of_numbers_is_refused(raw, words):
    with pytest.raises(ValueError, match=words):
        Vectors(raw).open(batch=8)


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", b"1,2\n3,x\n"), ("a.npz", b"no zip"), ("a.npy", b"?"), ("a.txt", b"1 2")]
)
def test_what_is_no_file_of_numbers_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=name):
        read_vectors(str(tmp_path / name))


@pytest.mark.parametrize("name", DETECTORS)
def test_a_score_is_of_the_sample_alone(name):
    """To the bit: in another order, alone, twice, among others."""
    run = build(zoo.recipe(name), contract.small(name) | {"data": learnt(name)})
    contract.train_steps(run)
    game = run.game.eval()
    assert isinstance(game, Detector)
    asked = learnt(name, 70, seed=1)
    scores = score_in_chunks(game.anomaly_score, game, run.space, asked)
    assert scores.shape == (70,)
    assert np.isfinite(scores).all()
    assert len(np.unique(scores)) == 70
    order = np.random.default_rng(0).permutation(70)
    np.testing.assert_array_equal(
        score_in_chunks(game.anomaly_score, game, run.space, asked[order]), scores[order]
    )
    np.testing.assert_array_equal(
        score_in_chunks(game.anomaly_score, game, run.space, asked[33:34]), scores[33:34]
    )
    among = np.concatenate([learnt(name, seed=2), asked])
    np.testing.assert_array_equal(score_in_chunks(game.anomaly_score, game, run.space, among)[300:], scores)


@pytest.mark.parametrize("name", DETECTORS)
def test_a_trained_detector_is_loaded_with_its_thresholds_and_without_its_data(tmp_path, name):
    raw = learnt(name)
    run = build(zoo.recipe(name), contract.small(name) | {"data": raw})
    outcome = train(name, out=tmp_path / "run", data=raw, **contract.small(name), **SHORT)
    for where in (outcome.folder, outcome.folder / "generator.safetensors"):
        trained = load(where, device="cpu")
        scores = trained.anomaly_scores(raw)
        assert np.mean(scores > trained.threshold(0.1)) == pytest.approx(0.1, abs=0.01)
    assert trained.space == run.space
    with pytest.raises(ValueError, match=r"rows of 4 numbers|images of 8x9x1"):
        trained.anomaly_scores(raw[:, :3])
    with pytest.raises(ValueError, match="contamination"):
        trained.threshold(0.7)


@pytest.mark.parametrize("name", OF_IMAGES)
def test_every_pixel_of_an_image_is_so_abnormal(name):
    """As the image alone decides; in every image there is some pixel that is not made again as it was."""
    run = build(zoo.recipe(name), contract.small(name) | {"data": images()})
    contract.train_steps(run)
    game, asked = run.game.eval(), images(70, seed=1)
    found = score_in_chunks(game.anomaly_map, game, run.space, asked)
    assert found.shape == (70, 8, 9)
    assert (found.max((1, 2)) > 0).all()
    np.testing.assert_array_equal(
        score_in_chunks(game.anomaly_map, game, run.space, asked[33:34]), found[33:34]
    )
    spotted = asked[:1].copy()
    spotted[0, 2, 3] = 255 - spotted[0, 2, 3]
    assert score_in_chunks(game.anomaly_map, game, run.space, spotted)[0, 2, 3] != found[0, 2, 3]


def test_what_is_no_detector_says_so(tmp_path):
    train("toy.gan", out=tmp_path / "run", width=8, steps=2, batch=16, **SHORT)
    trained = load(tmp_path / "run", device="cpu")
    with pytest.raises(ValueError, match="is no detector"):
        trained.anomaly_scores(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="is no detector"):
        trained.threshold(0.1)
