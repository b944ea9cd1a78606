"""Measurements: what is read, what is refused, how they are scored, and that circuits learn them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from ptarmigan import zoo
from ptarmigan.core.inference import inference
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.quantum import MODALITY, evaluate
from ptarmigan.modalities.quantum.circuit import Circuit, Gate, efficient_su2
from ptarmigan.modalities.quantum.nets import CircuitGenerator
from ptarmigan.modalities.quantum.qasm import from_qasm, to_qasm
from ptarmigan.modalities.quantum.source import NAMES, SHOTS, Measurements
from ptarmigan.modalities.quantum.state import probabilities, simulate
from ptarmigan.training.draw import Draw
from ptarmigan.training.options import build

UNIFORM = 0.4711
"""The relative entropy of the uniform superposition to normal-grid."""


def everything(samples: Samples) -> np.ndarray:
    return samples.source.read(np.arange(len(samples)))


def normal(space) -> np.ndarray:
    weights = np.exp(-np.square(space.grid).sum(1) / 2)
    return weights / weights.sum()


def test_a_named_distribution_stands_by_measurements_as_frequent_as_it_says() -> None:
    samples = Measurements().open(batch=4)
    found = samples.space.frequencies(everything(samples))
    np.testing.assert_allclose(found, normal(samples.space), atol=1 / SHOTS)
    assert evaluate.relative_entropy(np.full(64, 1 / 64), normal(samples.space)) == pytest.approx(
        UNIFORM, abs=1e-4
    )
    lognormal = Measurements("lognormal").open(batch=4)
    assert lognormal.space.frequencies(everything(lognormal))[0] == 0
    assert lognormal.space.words == "measurements of 3 qubits (8)"


def test_rows_of_numbers_are_binned_and_the_bins_are_kept(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(500, 2)) * (1, 30)
    np.savetxt(tmp_path / "rows.csv", rows, delimiter=",", header="a,b", comments="")
    samples = Measurements(str(tmp_path / "rows.csv"), qubits=4).open(batch=4)
    space, raw = samples.space, everything(samples)
    assert (space.qubits, space.names) == ((4, 4), ("a", "b"))
    width = (rows.max(0) - rows.min(0)) / 16
    assert (np.abs(raw - rows) <= width / 2 + 1e-9).all()
    np.testing.assert_allclose(space.low, rows.min(0) + width / 2)


def test_probabilities_and_circuits_are_learnt_as_they_are(tmp_path: Path) -> None:
    p = np.array([0.5, 0.25, 0.125, 0.125])
    samples = Measurements(p).open(batch=4)
    np.testing.assert_array_equal(samples.space.frequencies(everything(samples)), p)
    bell = Circuit(2, (Gate("h", (0,)), Gate("cx", (0, 1))))
    (tmp_path / "bell.qasm").write_text(to_qasm(bell))
    samples = Measurements(str(tmp_path / "bell.qasm")).open(batch=4)
    assert {tuple(row) for row in everything(samples)} == {(0.0, 0.0), (1.0, 1.0)}
    assert samples.space.said(3) == "11"


@pytest.mark.parametrize(
    ("data", "options", "reason"),
    [
        (np.array([0.5, 0.75, -0.25, 0]), {}, "probability 3 is -0.25, below 0"),
        (np.full(6, 1 / 6), {}, "there are 6 probabilities"),
        (np.array([[0.0, np.nan]]), {}, "1 numbers are not finite"),
        (np.zeros((4, 2)), {}, "column 1 holds numbers from 0 to 0 only"),
        (np.eye(7), {}, "21 qubits have 2^21 outcomes"),
        (np.eye(3), {"qubits": 0}, "at least 1 qubit"),
        (np.array([["a"]]), {}, "no rows of numbers"),
        (np.full(1 << 13, 1 / (1 << 13)), {}, "13 qubits have 2^13 outcomes"),
        ("nothing", {}, "there are no measurements"),
    ],
)
def test_what_cannot_be_learnt_is_refused_in_a_line(data, options, reason: str) -> None:
    with pytest.raises(ValueError, match=reason.replace("^", r"\^")) as error:
        Measurements(data, **options).open(batch=4)
    assert "\n" not in str(error.value)


def test_a_circuit_too_large_for_memory_is_one_line_and_exit_code_2(cli, tmp_path: Path) -> None:
    (tmp_path / "large.qasm").write_text("OPENQASM 3; qubit[50] q; h q[0];")
    found = cli("data", str(tmp_path / "large.qasm"))
    assert found.returncode == 2
    *_, last = found.stderr.strip().splitlines()
    assert last.startswith("ptarmigan: ")
    assert "50 qubits have 2^50 outcomes" in last
    assert "Traceback" not in found.stderr


def test_networks_see_places_and_decode_to_the_nearest() -> None:
    space = Measurements().open(batch=4).space
    x = space.encode(space.grid)
    assert (float(x.min()), float(x.max())) == (-2.0, 2.0)
    np.testing.assert_array_equal(space.decode(x + 0.1), space.grid)
    np.testing.assert_array_equal(space.number(space.grid), np.arange(64))
    np.testing.assert_array_equal(space.decode(torch.tensor([[9.0, -9.0], [float("nan"), 0.3]]))[0], [2, -2])


def test_the_first_axis_is_read_by_the_most_significant_qubits() -> None:
    space = Measurements().open(batch=4).space
    state = simulate(Circuit(6, (Gate("x", (0,)),)))
    outcome = space.grid[int(probabilities(state).argmax())]
    np.testing.assert_array_equal(outcome, [space.grid[32, 0], -2.0])


def test_samples_are_as_frequent_as_the_probabilities() -> None:
    space = Measurements().open(batch=4).space
    generator = CircuitGenerator(efficient_su2(6, 1), space)
    n = 20_000
    z = torch.special.ndtri((torch.arange(n) + 0.5).double() / n).float()[:, None]
    with torch.no_grad():
        found = space.frequencies(space.decode(generator(z)))
        np.testing.assert_allclose(found, generator.probabilities().numpy(), atol=2 / n)
    again = from_qasm(to_qasm(generator.trained()))
    np.testing.assert_allclose(
        probabilities(simulate(again)).numpy(), generator.probabilities().detach().numpy(), atol=1e-6
    )


def test_measures_are_their_definitions() -> None:
    q, p = np.array([0.5, 0.5, 0, 0]), np.array([0.25, 0.25, 0.25, 0.25])
    assert evaluate.relative_entropy(q, p) == pytest.approx(math.log(2))
    assert evaluate.relative_entropy(p, q) == math.inf
    assert evaluate.total_variation(q, p) == pytest.approx(0.5)
    assert evaluate.fidelity(q, p) == pytest.approx(0.5)
    assert evaluate.kolmogorov(q, p, (4,)) == pytest.approx(0.5)
    assert evaluate.kolmogorov(q, p, (2, 2)) == pytest.approx(0.5)
    assert evaluate.kolmogorov(np.array([0.5, 0, 0.5, 0]), p, (2, 2)) == pytest.approx(0.5)


def test_the_evaluator_has_the_row_of_doing_nothing_and_that_of_shots() -> None:
    samples = Measurements().open(batch=4)
    n = 4_000
    raw = samples.space.grid[np.random.default_rng(3).choice(64, n, p=normal(samples.space))]
    scores = {
        score.scale.name: score for score in MODALITY.evaluator(samples, Request(n=n)).evaluate(raw).scores
    }
    entropy = scores["relative entropy"]
    assert entropy.baselines["uniform superposition"] == pytest.approx(UNIFORM, abs=0.03)
    floor = 63 / (2 * n)
    assert entropy.value.value == pytest.approx(floor, rel=0.5)
    assert entropy.real == pytest.approx(floor, rel=0.5)
    assert scores["fidelity"].value.value > 0.99 > scores["fidelity"].baselines["uniform superposition"]
    quick = MODALITY.evaluator(samples, Request(n=n)).quick(raw)
    assert quick["relative entropy"] == pytest.approx(entropy.value.value)


def test_other_samples_are_scored_in_the_bins_of_the_real_ones() -> None:
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 3_000, 1))
    evaluator, raw = evaluate.between(real, 1.5 * fake, Request(), {"qubits": 4})
    near, near_raw = evaluate.between(real, rng.normal(size=(3_000, 1)), Request(), {"qubits": 4})
    name = "total variation"
    wide, same = (
        next(s.value.value for s in e.evaluate(r).scores if s.scale.name == name)
        for e, r in ((evaluator, raw), (near, near_raw))
    )
    assert wide > 0.1 > 2 * same
    with pytest.raises(ValueError, match="there are 2 columns"):
        evaluate.between(real, rng.normal(size=(10, 2)), Request(), {})


@pytest.mark.parametrize(("loss", "share"), [("likelihood", 0.2), ("discrepancy", 0.5)])
def test_a_circuit_without_an_adversary_learns_in_a_few_steps(loss: str, share: float) -> None:
    run = build(zoo.recipe("quantum.born"), {"layers": 2, "loss": loss})
    draw = Draw(run.samples, seed=0)
    for step in range(25):
        run.rule(run.game, run.optimizers, draw, step)
    run.samples.close()
    with torch.no_grad():
        p = run.game.generator.probabilities().double().numpy()
    assert evaluate.relative_entropy(p, normal(run.space)) < share * UNIFORM


def test_losses_of_a_qgan_are_those_of_sampled_outcomes() -> None:
    run = build(zoo.recipe("quantum.qgan"), {"data": "lognormal", "layers": 1})
    game, batch = run.game, run.samples.load(0)
    exact = game.generator_loss(batch)["generator"]
    with inference(game, 0, "sample", samples=1 << 14):
        x = game.sample(torch.randn(1 << 14, 1))
        sampled = torch.nn.functional.softplus(-game.discriminator(x)).mean()
    torch.testing.assert_close(exact.detach(), sampled, atol=0.02, rtol=0)
    real = torch.nn.functional.softplus(-game.discriminator(batch.x)).mean()
    fake = game.generator.probabilities() @ torch.nn.functional.softplus(
        game.discriminator(game.generator.grid)
    )
    torch.testing.assert_close(game.discriminator_loss(batch)["discriminator"], real + fake)


def test_a_patch_generator_draws_one_white_pixel_a_patch_and_its_latents_matter() -> None:
    run = build(zoo.recipe("quantum.patch_qgan"), {"layers": 2})
    assert run.samples.space.classes == ()
    with torch.no_grad():
        x = run.game.sample(torch.randn(5, run.game.latent))
    assert x.shape == (5, 1, 8, 8)
    assert float(x.min()) >= -1
    np.testing.assert_allclose(x.reshape(5, 4, 16).amax(2).numpy(), 1, atol=1e-6)
    assert float((x[0] - x[1]).abs().max()) > 0.01
    with pytest.raises(ValueError, match="each has to hold 2\\^n numbers"):
        build(zoo.recipe("quantum.patch_qgan"), {"size": "6"})
    with pytest.raises(ValueError, match="there is no class 'x'"):
        build(zoo.recipe("quantum.patch_qgan"), {"only": "x"})


def test_it_is_recognised_by_name_and_by_circuits(tmp_path: Path) -> None:
    assert all(map(MODALITY.recognise, NAMES))
    (tmp_path / "a.qasm").write_text("qubit q;")
    assert MODALITY.recognise(str(tmp_path / "a.qasm")) == "a circuit"
    assert MODALITY.recognise("normal") == ""
