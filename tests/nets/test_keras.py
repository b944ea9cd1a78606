"""Keras models as players, and trained generators as Keras layers."""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import runpy
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import ROOT

import ptarmigan
from ptarmigan.contract import recipes as contract
from ptarmigan.core import noise
from ptarmigan.core.process import ignored
from ptarmigan.training.ema import EMA

EXAMPLE = str(ROOT / "examples" / "keras_networks.py")


def example(name: str) -> dict:
    return runpy.run_path(str(ROOT / "examples" / f"{name}.py"))


SMALL = dict(data="digits", width=4, latent=4, steps=2, batch=8, quiet=True, report=False, score_every=0)


@pytest.fixture(scope="module")
def keras():
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    return keras


@pytest.fixture
def nets(keras):
    import ptarmigan.nets.keras as nets

    return nets


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("run") / "dcgan"
    ptarmigan.train("image.dcgan", out=place, **SMALL)
    return place


def two_forks(names, place):
    """Two ranks that need not import Keras again."""
    context = multiprocessing.get_context("fork")

    def rank(number: int) -> None:
        os.environ |= {
            "RANK": str(number),
            "WORLD_SIZE": "2",
            "PTARMIGAN_RENDEZVOUS": str(place / "rendezvous"),
        }
        contract.as_one_rank(place, names)

    ranks = [context.Process(target=rank, args=(number,)) for number in range(2)]
    with ignored(DeprecationWarning):
        for each in ranks:
            each.start()
    for each in ranks:
        each.join(120)
    assert [each.exitcode for each in ranks] == [0, 0]
    return {name: torch.load(place / f"{i}.pt", weights_only=True) for i, name in enumerate(names)}


@pytest.mark.parametrize("clause", contract.CLAUSES, ids=lambda clause: clause.__name__)
def test_keras_networks_keep_the_contract(keras, monkeypatch, clause):
    monkeypatch.setattr(contract, "in_two_processes", two_forks)
    with contract.float64():
        clause(EXAMPLE)


def test_the_tutorials_networks_are_there_layer_by_layer(nets):
    pairs = example("keras_networks")["PAIRS"]
    with nets.keras_session():
        dense, critic = pairs["dense"]((28, 28, 1), 128, 100)
        maps, _ = pairs["convolutional"]((32, 32, 3), 128, 100)
    units = [layer.units for layer in dense.layers if type(layer).__name__ == "Dense"]
    assert units == [256, 512, 1024, 784]
    assert dense.output_shape == critic.input_shape == (None, 28, 28, 1)
    shapes = [layer.output.shape[1:] for layer in maps.layers if type(layer).__name__ in ("Dense", "Reshape")]
    assert shapes == [(8 * 8 * 128,), (8, 8, 128)]
    doubled = [layer.output.shape[1:] for layer in maps.layers if type(layer).__name__ == "Conv2DTranspose"]
    assert doubled == [(16, 16, 128), (32, 32, 128)]
    assert maps.output_shape == (None, 32, 32, 3)
    images = nets.KerasNetwork(maps, 100)(torch.randn(2, 100))
    assert images.shape == (2, 3, 32, 32)
    assert float(images.detach().abs().max()) <= 1


def small(keras, *layers):
    return keras.Sequential([keras.Input((3,)), *layers])


def test_it_computes_what_the_model_does_and_the_model_stays_as_it_was(keras, nets):
    with nets.keras_session():
        model = small(keras, keras.layers.Dense(5), keras.layers.BatchNormalization(), keras.layers.Dense(1))
    mine, x = nets.KerasNetwork(model), torch.randn(7, 3)
    assert torch.equal(mine.eval()(x), model(x, training=False))
    before = [v.value.detach().clone() for v in model.variables]
    first, statistics = mine.train()(x), [b.clone() for b in mine.buffers()]
    assert not torch.equal(first, mine.eval()(x))
    assert all(torch.equal(a, v.value) for a, v in zip(before, model.variables, strict=True))
    model(x, training=True)
    for mine_, theirs in zip(statistics, model.non_trainable_variables, strict=True):
        torch.testing.assert_close(mine_, theirs.value.detach())


def test_penalties_have_gradients_of_gradients(keras, nets):
    with nets.keras_session():
        mine = nets.KerasNetwork(small(keras, keras.layers.Dense(5, "tanh"), keras.layers.Dense(1)))
    x = torch.randn(4, 3, requires_grad=True)
    (slope,) = torch.autograd.grad(mine(x).sum(), x, create_graph=True)
    slope.square().sum().backward()
    assert float(next(mine.parameters()).grad.abs().sum()) > 0


def test_initial_weights_follow_from_the_seed_and_settings_are_given_back(keras, nets):
    def drawn(seed: int):
        noise.at(seed, "weights")
        with nets.keras_session():
            return small(keras, keras.layers.Dense(5)).trainable_variables[0].value.detach().numpy()

    before = random.getstate()
    with contract.float64():
        assert drawn(0).dtype == np.float64
    assert np.array_equal(drawn(0), drawn(0))
    assert not np.array_equal(drawn(0), drawn(1))
    assert (random.getstate(), keras.config.floatx(), keras.config.dtype_policy().name) == (
        before,
        "float32",
        "float32",
    )


def test_dropout_draws_from_the_noise_and_the_ema_leaves_seeds_alone(keras, nets):
    with nets.keras_session():
        mine = nets.KerasNetwork(small(keras, keras.layers.Dropout(0.5), keras.layers.Dense(2)), 3)
    x = torch.ones(64, 3)

    def outputs(*position):
        noise.at(0, *position)
        return mine(x).detach()

    assert torch.equal(outputs(1), outputs(1))
    assert not torch.equal(outputs(1), outputs(2))
    game = SimpleNamespace(ema=("generator",), generator=mine)
    ema = EMA(game)
    outputs(3)
    ema.update(batch=8, half_life=100.0)
    assert [b.dtype for b in ema.networks["generator"].buffers()] == [torch.int32]
    assert torch.equal(ema.networks["generator"](x), mine.eval()(x))


def test_classes_are_a_second_input(keras, nets):
    with nets.keras_session():
        z, c = keras.Input((3,)), keras.Input((), dtype="int32")
        made = keras.layers.Dense(2)(keras.layers.Concatenate()([z, keras.layers.Embedding(4, 5)(c)]))
        mine = nets.KerasNetwork(keras.Model([z, c], made), 3, conditional=True).eval()
    zs = torch.ones(4, 3)
    assert len(torch.unique(mine(zs, torch.arange(4)), dim=0)) == 4
    with pytest.raises(ValueError, match="conditional"):
        mine(zs)


def faulty(keras):
    dense, layers = keras.layers.Dense, keras.layers
    return {
        "not a Linear": torch.nn.Linear(3, 1),
        "no weights yet": keras.Sequential([dense(1)]),
        "sigmoid": small(keras, dense(1, activation="sigmoid")),
        "weight_decay": small(keras, dense(1, kernel_regularizer="l2")),
        "gradient penalty": small(keras, layers.SpectralNormalization(dense(1))),
    }


@pytest.mark.parametrize(
    "why", ["not a Linear", "no weights yet", "sigmoid", "weight_decay", "gradient penalty"]
)
def test_what_cannot_be_a_player_is_refused(keras, nets, why):
    with pytest.raises(ValueError, match=why):
        nets.KerasNetwork(faulty(keras)[why])


def test_another_backend_is_one_line(nets, keras, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match="Keras runs on jax: set KERAS_BACKEND=torch"):
        nets.keras_on_torch()
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.setenv("KERAS_BACKEND", "")
    with pytest.raises(ValueError, match="set KERAS_BACKEND=torch"):
        nets.keras_on_torch()


def test_a_trained_network_is_a_keras_file_again(keras, tmp_path):
    how = SMALL | {"networks": "dense"}
    example("keras_networks")["main"](tmp_path / "run", **how)
    trained = ptarmigan.load(tmp_path / "run", device="cpu")
    again, z = keras.models.load_model(tmp_path / "run" / "generator.keras"), torch.randn(5, 4)
    expected = trained(z).movedim(1, -1)
    torch.testing.assert_close(again(z, training=False).detach(), expected)


def test_a_trained_generator_is_a_frozen_layer(keras, run):
    layer, trained, z = ptarmigan.keras_layer(run), ptarmigan.load(run, device="cpu"), torch.randn(3, 4)
    z.requires_grad_()
    images = layer(z, training=True)
    assert images.shape == layer.compute_output_shape((3, 4)) == (3, 8, 8, 1)
    assert torch.equal(images.movedim(-1, 1), trained(z))
    assert (layer.trainable, layer.weights) == (False, [])
    images.sum().backward()
    assert float(z.grad.abs().sum()) > 0


def test_a_model_with_a_trained_generator_is_saved_and_loaded(keras, run, tmp_path):
    z = keras.Input((4,))
    scores = keras.layers.Dense(1)(keras.layers.Flatten()(ptarmigan.keras_layer(run)(z)))
    model, latents = keras.Model(z, scores), torch.randn(3, 4)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert torch.equal(again(latents), model(latents))
    file = run / "generator.safetensors"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    try:
        with pytest.raises(Exception, match="another run than the one"):
            keras.models.load_model(tmp_path / "m.keras")
    finally:
        file.write_bytes(content)


def test_both_guides_show_the_same_code():
    fence = re.compile(r"^```(?:python|bash)\n.*?^```$", re.MULTILINE | re.DOTALL)
    english, chinese = (
        fence.findall((ROOT / "docs" / "guides" / name).read_text()) for name in ("keras.md", "keras.zh.md")
    )
    assert english == chinese
    assert len(english) == 8


def test_no_run_is_one_line(keras, tmp_path):
    with pytest.raises(ValueError, match=re.escape(f"{tmp_path} is no run that has ended")):
        ptarmigan.keras_layer(tmp_path)
