"""Showers: the simulation, files, what is refused, features, measures and the generator."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from ptarmigan import zoo
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.shower import MODALITY, evaluate, files, measures
from ptarmigan.modalities.shower.baselines import NEAREST
from ptarmigan.modalities.shower.geometry import CALOGAN, Layer, parts
from ptarmigan.modalities.shower.simulate import SAMPLING, simulate
from ptarmigan.modalities.shower.source import Showers
from ptarmigan.modalities.shower.space import ShowerSpace
from ptarmigan.training.options import build

ENERGY = 20.0


def showers(n: int, energy: float = ENERGY, seed: int = 0) -> np.ndarray:
    energies = np.full(n, energy)
    cells = simulate(energies, np.random.default_rng(seed))
    return np.concatenate([energies[:, None].astype(np.float32), cells], 1)


@pytest.fixture(scope="module")
def some() -> np.ndarray:
    rng = np.random.default_rng(1)
    energies = rng.uniform(1, 50, 600)
    return np.concatenate([energies[:, None], simulate(energies, rng)], 1).astype(np.float32)


def space_of(raw: np.ndarray) -> ShowerSpace:
    return ShowerSpace.of(raw, CALOGAN, 1e-5)


def test_response_and_resolution_are_those_that_were_put_in() -> None:
    raw = showers(400)
    response = raw[:, 1:].sum(1) / ENERGY
    assert response.mean() == pytest.approx(0.99, abs=0.02)
    assert response.std() == pytest.approx(SAMPLING / math.sqrt(ENERGY), rel=0.15)


def test_showers_begin_later_the_more_energy_they_have_and_stand_in_the_middle() -> None:
    shares = []
    for energy in (2.0, 50.0):
        raw = showers(60, energy)
        layers = [raw[:, 1:][:, part].sum(1) for part in parts(CALOGAN)]
        shares.append(float((layers[0] / sum(layers)).mean()))
        second = raw[:, 1:][:, parts(CALOGAN)[1]].reshape(-1, 12, 12).mean(0)
        np.testing.assert_allclose(second, second[::-1, ::-1], atol=0.1 * second.max())
        assert second[5:7, 5:7].sum() > 0.5 * second.sum()
    assert shares[0] > shares[1]


def test_the_mean_profile_is_the_gamma_distribution_of_the_formula() -> None:
    from scipy.special import gammainc

    energy = 50.0
    raw = showers(300, energy)
    log_y = math.log(energy / 0.0073)
    alpha = 0.81 + (0.458 + 2.26 / 82) * log_y
    beta = (alpha - 1) / (log_y - 0.812)
    expected = gammainc(alpha, beta * 90 / 15.6)
    found = (raw[:, 1:][:, parts(CALOGAN)[0]].sum(1) / raw[:, 1:].sum(1)).mean()
    assert found == pytest.approx(expected, rel=0.2)


def test_the_set_is_fixed_and_grows_at_its_end() -> None:
    few, more = (Showers(count=n).read()[0] for n in (8, 120))
    np.testing.assert_array_equal(few, more[: len(few)])
    samples = Showers(count=8).open(batch=4)
    assert (len(samples), len(samples.held_out)) == (8, 2)
    assert few.shape == (10, 505)
    assert 1 <= few[:, 0].min() < few[:, 0].max() <= 100


@pytest.mark.parametrize("ending", [".hdf5", ".npz"])
def test_calogans_layout_comes_back(tmp_path: Path, some: np.ndarray, ending: str) -> None:
    path, raw = tmp_path / f"some{ending}", some[:20]
    if ending == ".npz":
        np.savez(path, **files.as_calogan(raw, CALOGAN))
    else:
        space_of(raw).writers()[".hdf5"].write(path, [raw[:15], raw[15:]], 20)
    assert MODALITY.recognise(str(path)) == "showers in the layout of CaloGAN"
    found, layers = Showers(str(path)).read()
    np.testing.assert_allclose(found, np.where(raw < 1e-5, 0, raw), rtol=1e-6)
    assert [layer.shape for layer in layers] == [(3, 96), (12, 12), (12, 6)]


def test_calogans_energies_are_in_gev_and_its_cells_in_mev(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "one.h5", "w") as file:
        file["energy"] = np.full((8, 1), 2.0)
        file["layer_0"] = np.full((8, 1, 4), 250.0)
    found, _ = Showers(str(tmp_path / "one.h5")).read()
    np.testing.assert_allclose(found[0], [2, 0.25, 0.25, 0.25, 0.25])


def test_the_calochallenges_layout_comes_back_with_its_geometry(tmp_path: Path) -> None:
    (tmp_path / "binning.xml").write_text(
        '<?xml version="1.0"?><Bins><Bin pid="22"><Layer id="0" r_edges="0,5,10" n_bin_alpha="4"/>'
        '<Layer id="1" r_edges="" n_bin_alpha="0"/><Layer id="2" r_edges="0,100" n_bin_alpha="1"/>'
        "</Bin></Bins>"
    )
    layers = files.read_binning(tmp_path / "binning.xml")
    assert [layer.shape for layer in layers] == [(4, 2), (1, 1)]
    assert layers[0].polar
    np.testing.assert_allclose(layers[0].centres[1], 7.5 * np.array([1, 1]) / math.sqrt(2))
    raw = np.concatenate([[[1.0]] * 6, np.random.default_rng(0).uniform(0, 0.1, (6, 9))], 1)
    raw = raw.astype(np.float32)
    space = ShowerSpace.of(raw, layers, 0.0)
    space.writers()[".hdf5"].write(tmp_path / "some.hdf5", [raw], 6)
    assert files.names_in(tmp_path / "some.hdf5") == {"incident_energies", "showers"}
    options = Showers(str(tmp_path / "some.hdf5"), binning=str(tmp_path / "binning.xml"), threshold=0.0)
    found, again = options.read()
    np.testing.assert_allclose(found, raw, rtol=1e-6)
    assert again == layers


def arrays(**changes: np.ndarray) -> dict[str, np.ndarray]:
    known = {"energy": np.full((8, 1), 2.0), "layer_0": np.full((8, 2, 3), 100.0)}
    return {**known, **changes}


BAD = [
    ({"layer_0": np.full((8, 2, 3), -1.0)}, "shower 1 has a negative cell; 8 are so"),
    ({"layer_0": np.full((7, 2, 3), 1.0)}, "layer_0 holds 7 showers, and there are 8 energies"),
    ({"energy": np.array([[1.0]] * 7 + [[np.nan]])}, "shower 8 has no finite incident energy"),
    ({"energy": np.zeros((8, 1))}, "not above 0"),
    ({"layer_0": np.full((8, 2, 3), np.inf)}, "a cell that is not finite"),
    ({"layer_0": np.full((8, 2, 3), 1e5)}, "are they in MeV"),
    ({"layer_0": np.full((8, 2, 3), "a")}, "not numbers of showers"),
    ({"layer_0": np.zeros((8, 1 << 20), np.uint8)}, "up to 100,000 are read"),
    ({"energy": np.zeros((0, 1)), "layer_0": np.zeros((0, 2, 3))}, "there is no shower"),
]


@pytest.mark.parametrize(("changes", "reason"), BAD)
def test_what_is_no_shower_is_refused_in_a_line(changes: dict[str, np.ndarray], reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as error:
        Showers(arrays(**changes)).open(batch=4)
    assert "\n" not in str(error.value)


def test_bad_files_are_one_line_and_exit_code_2(cli, tmp_path: Path) -> None:
    np.savez(tmp_path / "bad.npz", **arrays(layer_0=np.full((8, 2, 3), -1.0)))
    found = cli("data", str(tmp_path / "bad.npz"))
    assert found.returncode == 2
    *_, last = found.stderr.strip().splitlines()
    assert last == f"ptarmigan: {tmp_path / 'bad.npz'}: shower 1 has a negative cell; 8 are so"


def test_a_file_reads_nothing_beside_itself(tmp_path: Path) -> None:
    import h5py

    np.save(tmp_path / "secret.npy", np.ones(4))
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["layer_0"] = np.ones((8, 4))
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["energy"] = np.ones((8, 1))
        file["layer_0"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "layer_0")
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        file["energy"] = np.ones((8, 1))
        outside = [(str(tmp_path / "secret.npy"), 0, 64)]
        file.create_dataset("layer_0", (8, 1), "f8", external=outside)
    for name, reason in (("link.h5", "is a link"), ("raw.h5", "no array that stands in the file")):
        with pytest.raises(ValueError, match=reason):
            Showers(str(tmp_path / name)).read()


def test_an_array_larger_than_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "huge.h5", "w") as file:
        file["energy"] = np.ones((8, 1))
        file.create_dataset("layer_0", (1 << 40, 4), "f4", chunks=(1024, 4))
    with pytest.raises(ValueError, match="layer_0 would take"):
        Showers(str(tmp_path / "huge.h5")).read()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "defines something"),
        ("<a>", "no geometry"),
        ("<a/>", "0 layers"),
        ('<a><Layer r_edges="0,2,1" n_bin_alpha="3"/></a>', "do not rise"),
        ('<a><Layer r_edges="0,1" n_bin_alpha="999999999"/></a>', "sectors"),
    ],
)
def test_a_geometry_can_define_nothing(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "a.xml").write_text(text)
    with pytest.raises(ValueError, match=reason):
        files.read_binning(tmp_path / "a.xml")


def test_features_are_their_definitions() -> None:
    layers = (Layer((-10.0, 0.0, 10.0), (-100.0, 0.0, 100.0)), Layer((-1.0, 1.0), (-2.0, 0.0, 2.0)))
    cells = np.array([[3.0, 0.0, 0.0, 1.0, 0.0, 4.0]])
    raw = np.concatenate([[[10.0]], cells], 1).astype(np.float32)
    space = ShowerSpace.of(raw, layers, 0.5)
    found = dict(zip(space.features.names, space.describe(raw)[0].tolist(), strict=True))
    expected = {
        "log energy": 1.0,
        "response": 0.8,
        "depth": 0.5,
        "depth width": 0.5,
        "share 0": 0.4,
        "x 0": (-50 * 3 + 50 * 1) / 4 / 100,
        "y 0": (-5 * 3 + 5 * 1) / 4 / 100,
        "width x 0": math.sqrt(0.25 - 0.0625),
        "width x 1": 1e-3,
        "sparsity 0": 0.5,
        "sparsity 1": 0.5,
        "contrast 0": 0.5,
        "contrast 1": 1.0,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-5)


def test_small_cells_are_read_as_empty_and_energies_are_on_a_scale(some: np.ndarray) -> None:
    space = space_of(some)
    x = space.encode(some)
    assert float(x[:, 0].min()) == pytest.approx(-1, abs=1e-5)
    assert float(x[:, 0].max()) == pytest.approx(1, abs=1e-5)
    assert 0 <= float(x[:, 1:].min()) < float(x[:, 1:].max()) <= 1
    x[:, 1:] = 1e-7
    assert (space.decode(x)[:, 1:] == 0).all()
    x[0, 1:], x[1, 1:] = -5, 1e9
    assert np.isfinite(space.decode(x)).all()


def test_measures_are_their_definitions() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(4_000, 3))
    assert measures.wasserstein(real + np.array([0.5, 0, 0]), real) == pytest.approx(0.5 / 3, rel=0.03)
    assert measures.separation(real, real) == 0
    assert measures.separation(real + 100, real) == pytest.approx(1, abs=0.01)
    other = rng.normal(size=(4_000, 3))
    assert abs(measures.kernel_distance(other, real)) < 1e-3 < measures.kernel_distance(real + 1, real)
    assert abs(measures.physics_distance(other, real)) < 1e-3 < measures.physics_distance(real + 1, real)
    assert measures.tell_apart(other, real) == pytest.approx(0.5, abs=0.05)
    assert measures.tell_apart(real * 3, real) > 0.8
    response = np.stack([rng.uniform(1, 9, 4_000), rng.normal(1, 0.1, 4_000), np.full(4_000, 0.3)], 1)
    changed = response.copy()
    changed[:, 1] = 1.05 + 2 * (changed[:, 1] - 1)
    changed[:, 2] += 0.07
    mean, spread, empty = measures.in_energy_bins(changed, response)
    assert mean == pytest.approx(0.05, abs=0.01)
    assert spread == pytest.approx(2 / 1.05 - 1, abs=0.05)
    assert empty == pytest.approx(0.07)


def test_trivial_showers_score_worse_than_real_ones_but_for_copies_which_are_no_novelty(some) -> None:
    raw, layers = some, CALOGAN
    samples = Showers(files.as_calogan(raw, layers)).open(batch=4)
    assert len(samples.held_out) == 120
    real = samples.held_out.read(np.arange(120))
    wanted = ["wasserstein", "separation", "detector", "novelty"]
    found = MODALITY.evaluator(samples, Request(n=120, metrics=wanted))
    scores = {score.scale.name: score for score in found.evaluate(real).scores}
    for name in ("Wasserstein distance", "separation power"):
        score = scores[name]
        assert score.value.value == 0
        assert score.baselines["mean shower"] > 5 * score.real
        assert score.baselines["Gaussian of log cells"] > 1.5 * score.real
        assert NEAREST in score.bounds
    assert scores["resolution"].baselines["mean shower"] > 0.9
    novelty = scores["novelty"]
    assert novelty.baselines[NEAREST] < 0.05
    assert novelty.value.value == pytest.approx(1, abs=0.1)


def test_files_of_showers_are_scored_beside_each_other(tmp_path: Path, some: np.ndarray) -> None:
    for name, raw in (("real", some[:300]), ("fake", some[300:])):
        np.savez(tmp_path / f"{name}.npz", **files.as_calogan(raw, CALOGAN))
    found, raw = evaluate.between(
        str(tmp_path / "real.npz"), str(tmp_path / "fake.npz"), Request(metrics=["wasserstein"]), {}
    )
    (score,) = found.evaluate(raw).scores
    assert score.value.value < 0.5 * score.baselines["Gaussian of log cells"]
    other = ShowerSpace.of(some, (CALOGAN[0],), 1e-5)
    assert "cannot be compared" in other.same_form(space_of(some))


def test_sums_hold_by_construction_and_an_energy_is_what_is_asked_for() -> None:
    run = build(zoo.recipe("shower.relativistic"), dict(zoo.module("shower.relativistic").small))
    game, space = run.game, run.space
    torch.nn.init.normal_(game.generator.out.weight, std=0.3)
    c = torch.from_numpy(space.condition({"energy": 30}, 50))
    with torch.no_grad():
        x = game.sample(torch.randn(50, game.latent), c)
    raw = space.decode(x)
    np.testing.assert_allclose(raw[:, 0], 30, rtol=1e-5)
    cells = raw[:, 1:]
    assert (cells >= 0).all()
    assert (cells == 0).mean() > 0.05
    with torch.no_grad():
        z = torch.randn(2_000, game.latent)
        e = space.energy(game.sample(z)[:, :1]).numpy()[:, 0]
    quarters = [0.25, 0.5, 0.75]
    np.testing.assert_allclose(np.quantile(e, quarters), np.quantile(space.energies, quarters), rtol=0.15)
    for wrong in ({"energy": 1e9}, {"energy": "a"}, {"colour": 3}, "a"):
        with pytest.raises(ValueError, match="energy="):
            space.condition(wrong, 2)


def test_the_discriminator_sees_numbers_on_one_scale() -> None:
    run = build(zoo.recipe("shower.relativistic"), dict(zoo.module("shower.relativistic").small))
    batch = run.samples.load(0)
    seen = run.game.view(run.samples.space.encode(run.samples.source.read(np.arange(32))))
    assert float(seen.mean(0).abs().max()) < 1e-3
    assert float(seen.std(0).max()) < 1.01
    fake = run.game.fake(batch)
    torch.testing.assert_close(fake[:, 0], batch.x[:, 0])
    fake.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in run.game.generator.parameters())


def test_no_cell_is_generated_below_the_least_of_the_data() -> None:
    raw = np.zeros((10, 505), np.float32)
    raw[:, 0], raw[:, 5] = 10, np.linspace(0.002, 1, 10)
    layout = {"incident_energies": raw[:, :1] * 1e3, "showers": raw[:, 1:] * 1e3}
    space = Showers(layout).open(batch=2).space
    least = float(Showers(layout).open(batch=2).source.read(np.arange(8))[:, 5].min())
    x = space.encode(np.stack([raw[0], raw[0]]))
    x[:, 5] = torch.tensor([0.9, 1.0]) * space.seen(torch.tensor(least / 10))
    np.testing.assert_allclose(space.decode(x)[:, 5], [0, least], rtol=1e-4)
