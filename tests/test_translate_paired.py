from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from ptarmigan import noise
from ptarmigan.batch import Batch
from ptarmigan.nets.layers import Dropout
from ptarmigan.nets.patchgan import PatchGAN
from ptarmigan.nets.unet import UNet
from ptarmigan.sampling import translations
from ptarmigan.spaces.image import ImageSpace
from ptarmigan.zoo.translate import pix2pix

Shape = tuple[int, int, int]
FORMS: list[tuple[Shape, Shape]] = [
    ((1, 8, 8), (3, 8, 8)),
    ((3, 33, 20), (1, 33, 20)),
    ((4, 24, 40), (12, 24, 40)),
    ((3, 8, 12), (3, 32, 48)),
]
every_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form[0]} to {form[1]}")


def close(a: torch.Tensor, b: torch.Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


# The U-Net


@every_form
def test_a_unet_translates_between_forms(form):
    inputs, shape = form
    made = UNet(inputs, shape, 4)(torch.randn(2, *inputs))
    assert made.shape == (2, *shape)
    assert made.abs().max() < 1


def test_a_unet_takes_other_sides_than_it_was_built_for():
    network = UNet((1, 32, 32), (3, 32, 32), 4).eval()
    assert network(torch.randn(1, 1, 21, 50)).shape == (1, 3, 21, 50)
    assert network(torch.randn(1, 1, 5, 3)).shape == (1, 3, 5, 3)


def test_a_unet_is_as_published():
    network = UNet((3, 256, 256), (3, 256, 256))
    down = [m.out_channels for m in network.modules() if isinstance(m, nn.Conv2d)]
    up = [m for m in network.modules() if isinstance(m, nn.ConvTranspose2d)]
    assert sorted(down) == [64, 128, 256, *[512] * 5]
    assert sorted(m.in_channels for m in up) == [128, 256, 512, 512, *[1024] * 4]
    dropped = [level.up[-1].p for level in levels(network)[1:]]
    assert dropped == [0, 0, 0, 0, 0.5, 0.5, 0.5]
    assert [count_norms(level.down) for level in levels(network)] == [0, *[1] * 6, 0]


def levels(network):
    found, level = [], network.levels
    while level is not None:
        found.append(level)
        level = level.below
    return found


def count_norms(layers):
    return sum(isinstance(m, nn.InstanceNorm2d) for m in layers)


@pytest.mark.parametrize("sides", [(8, 8), (32, 32), (9, 17), (24, 40)])
def test_what_the_innermost_level_sees_reaches_the_output(sides):
    """Where a single place was normalised, its level would say the same of every picture."""
    network = UNet((1, *sides), (1, *sides), 4, dropout=0.0).double()
    innermost = levels(network)[-1]
    a = torch.randn(2, 1, *sides, dtype=torch.double)
    seen = []
    innermost.down.register_forward_hook(lambda m, x, y: seen.append(y))
    network(a)
    assert not torch.allclose(seen[0][0], seen[0][1], atol=1e-6)
    handle = innermost.up.register_forward_hook(lambda m, x, y: torch.zeros_like(y))
    without = network(a)
    handle.remove()
    assert not torch.allclose(without, network(a), atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_a_unet_does_not_look_at_the_batch(training):
    network = UNet((1, 16, 16), (1, 16, 16), 4, dropout=0.0).train(training)
    a = torch.randn(3, 1, 16, 16)
    close(network(a)[1:2], network(a[1:2]))


# Dropout after training


def test_dropout_in_evaluation_is_the_same_for_every_sample():
    drop, x = Dropout(0.5, always=True).eval(), torch.ones(4, 100)
    noise.at(1)
    several = drop(x)
    noise.at(1)
    assert torch.equal(drop(x[:1]).expand(4, -1), several)
    assert set(several.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(Dropout(0.5).eval()(x), x)


def test_pictures_translated_with_dropout_depend_on_the_seed_and_on_no_neighbour():
    space = ImageSpace(16, 16, 1)
    game = pix2pix.Pix2Pix(UNet(space.shape, space.shape, 4, always=True), nn.Identity(), 1.0).eval()
    raw = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 1), dtype=np.uint8)

    def made(given, seed=0):
        return np.concatenate(list(translations(game, space, space, given, seed=seed)))

    whole = made([raw])
    assert np.array_equal(whole, made([raw[:2], raw[2:]]))
    assert np.array_equal(whole[3:4], made([raw[3:4]]))
    assert not np.array_equal(whole, made([raw], seed=1))


# The PatchGAN


def test_a_score_sees_70_pixels_to_a_side():
    network = PatchGAN((1, 200, 200), width=2).eval()
    x = torch.randn(1, 1, 200, 200, requires_grad=True)
    scores = network(x)
    scores[0, scores.shape[1] // 2, scores.shape[2] // 2].backward()
    rows, columns = x.grad[0, 0].nonzero(as_tuple=True)
    assert rows.max() - rows.min() + 1 == 70
    assert columns.max() - columns.min() + 1 == 70


def test_a_patchgan_is_as_published():
    network = PatchGAN((3, 256, 256), (3, 256, 256))
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert [m.in_channels for m in convolutions] == [6, 64, 128, 256, 512]
    assert [m.stride[0] for m in convolutions] == [2, 2, 2, 1, 1]
    assert sum(isinstance(m, nn.BatchNorm2d) for m in network.modules()) == 3


@every_form
def test_a_patchgan_sees_the_input_beside_the_picture(form):
    inputs, shape = form
    network = PatchGAN(shape, inputs, 4)
    x, a = torch.randn(2, *shape), torch.randn(2, *inputs)
    scores = network(x, a)
    assert scores.dim() == 3
    assert not torch.equal(scores, network(x, -a))


# The games


def test_pix2pix_weighs_the_distance_and_halves_the_discriminators_loss():
    generator, a, b = nn.Identity(), torch.zeros(2, 1, 8, 8), torch.full((2, 1, 8, 8), 0.5)
    game = pix2pix.Pix2Pix(generator, lambda x, a: torch.zeros(len(x), 3, 3), 100.0)
    terms = game.generator_loss(Batch(b, a))
    assert float(terms["L1"]) == pytest.approx(50)
    assert float(terms["generator"]) == pytest.approx(math.log(2))
    assert float(game.discriminator_loss(Batch(b, a))["discriminator"]) == pytest.approx(math.log(2))
