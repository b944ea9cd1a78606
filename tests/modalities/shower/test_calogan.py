"""CaloGAN: locally connected layers, attention from layer to layer, and the term of energies."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from ptarmigan import zoo
from ptarmigan.training.options import build
from ptarmigan.zoo.shower.calogan import Local


def test_a_locally_connected_layer_with_one_set_of_weights_is_a_convolution() -> None:
    layer, x = Local((4, 6), 2, 3, (2, 3)), torch.randn(5, 2, 4, 6)
    with torch.no_grad():
        layer.weight.copy_(layer.weight[:1].expand_as(layer.weight))
        kernel = layer.weight[0].T.reshape(3, 2, 2, 3)
        torch.testing.assert_close(layer(x), F.conv2d(x, kernel))


def test_places_of_a_locally_connected_layer_are_on_their_own() -> None:
    layer, x = Local((3, 3), 1, 1), torch.randn(1, 1, 3, 3)
    before = layer(x).detach()
    with torch.no_grad():
        layer.weight[0] += 1
    changed = (layer(x).detach() != before)[0, 0]
    assert changed.tolist() == [[True, False], [False, False]]


def test_showers_have_empty_cells_the_energy_asked_for_and_layers_that_see_those_before() -> None:
    run = build(zoo.recipe("shower.calogan"), dict(zoo.module("shower.calogan").small))
    generator, space = run.game.generator.eval(), run.space
    c = torch.from_numpy(space.condition({"energy": 20}, 6))
    with torch.no_grad():
        z = torch.randn(6, generator.latent)
        x = generator(z, c)
        assert float((x[:, 1:] == 0).float().mean()) > 0.05
        torch.testing.assert_close(space.energy(x[:, 0]), torch.full((6,), 20.0), rtol=1e-4, atol=0)
        generator.streams[0].layers[0].bias += 5
        other = generator(z, c)
    assert not torch.equal(x[:, 289:433], other[:, 289:433])


def test_the_generator_is_told_how_much_energy_is_missing() -> None:
    run = build(zoo.recipe("shower.calogan"), dict(zoo.module("shower.calogan").small))
    game, batch = run.game, run.samples.load(0)
    nothing = torch.cat([batch.x[:, :1], torch.zeros_like(batch.x[:, 1:])], 1)
    game.fake = lambda batch: nothing
    incident = game.space.energy(batch.x[:, 0])
    found = game.generator_loss(batch)["energy"].detach()
    torch.testing.assert_close(found, 0.05 * incident.mean())
