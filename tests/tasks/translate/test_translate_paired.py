from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ptarmigan.contract import recipes as contract
from ptarmigan.core import noise
from ptarmigan.core.batch import Batch, unread
from ptarmigan.core.game import State
from ptarmigan.core.history import History
from ptarmigan.core.losses import relativistic
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.modalities.image.classifier import Net
from ptarmigan.modalities.image.extractors.squeezenet import SIDE, squeezenet
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.nets.layers import Dropout
from ptarmigan.nets.patchgan import PatchGAN
from ptarmigan.nets.unet import UNet, enlarged
from ptarmigan.tasks.translate.outputs import translations
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.zoo.translate import munit, pix2pix, regression, srgan
from ptarmigan.zoo.translate.munit import MultiScale, MUNITAutoencoder
from ptarmigan.zoo.translate.srgan import Perceptual, RRDBNet, perceptual, prepared

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
    network = UNet(space.shape, space.shape, 4, always=True)
    game = pix2pix.Pix2Pix(network, nn.Identity(), *histories(1), F.l1_loss, 1.0).eval()
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


def histories(batch, shape=(1, 8, 8)):
    return [History(batch, shape) for _ in range(3)]


def test_pix2pix_shows_its_discriminator_the_pairs_that_its_generator_made():
    seen = []

    def discriminator(x, a):
        seen.append((x.detach(), a.detach()))
        return torch.zeros(len(x), 3, 3)

    a, b = torch.rand(2, 2, 1, 8, 8)
    game = pix2pix.Pix2Pix(Doubling(), discriminator, *histories(2), F.l1_loss, 1.0)
    noise.at(0)
    game.generator_loss(Batch(b, a))
    for state in (m for m in game.modules() if isinstance(m, State)):
        state.settle()
    game.discriminator_loss(unread(2, (1, 8, 8)))
    for x, expected in zip(seen[1:], (b, 2 * a), strict=True):
        assert torch.equal(x[0], expected)
        assert torch.equal(x[1], a)


class Doubling(nn.Module):
    def forward(self, a):
        return 2 * a


def test_pix2pix_weighs_the_distance_and_halves_the_discriminators_loss():
    generator, a, b = nn.Identity(), torch.zeros(2, 1, 8, 8), torch.full((2, 1, 8, 8), 0.5)
    game = pix2pix.Pix2Pix(generator, lambda x, a: torch.zeros(len(x), 3, 3), *histories(2), F.l1_loss, 100.0)
    noise.at(0)
    terms = game.generator_loss(Batch(b, a))
    assert float(terms["distance"]) == pytest.approx(50)
    assert float(terms["generator"]) == pytest.approx(math.log(2))
    assert float(game.discriminator_loss(Batch(b, a))["discriminator"]) == pytest.approx(math.log(2))


def test_label_maps_are_near_by_how_likely_their_classes_are():
    space = LabelSpace(4, 4, 3)
    labels = space.encode(np.random.default_rng(0).integers(0, 3, (2, 4, 4, 1), dtype=np.uint8))
    far = space.distance
    unsure, likely, sure = (float(far(scale * labels, labels)) for scale in (0.0, 0.2, 1.0))
    assert unsure == pytest.approx(math.log(3), rel=1e-6)
    assert unsure > likely > sure
    assert float(ImageSpace(4, 4, 3).distance(0 * labels, labels)) == pytest.approx(1)


@pytest.mark.parametrize("recipe", [pix2pix.recipe, regression.recipe], ids=["pix2pix", "regression"])
@pytest.mark.parametrize("pair", ["lowres:2", "mask", "gray"])
def test_any_form_of_inputs_can_be_learnt_from(recipe, pair):
    pictures = np.random.default_rng(0).integers(0, 256, (12, 18, 26, 3), dtype=np.uint8)
    run = recipe(Pairs(pictures, pair), width=2, batch=2, steps=2)
    assert all(term.isfinite() for term in contract.train_steps(run, steps=2).values())
    z = torch.zeros(2, 0)
    assert run.game.translate(torch.zeros(2, *run.samples.require_inputs().shape), z).shape == (2, 3, 18, 26)


# Super-resolution


@pytest.mark.parametrize("form", [*FORMS, ((1, 4, 4), (1, 24, 24))], ids=str)
def test_an_rrdbnet_enlarges_by_any_whole_number(form):
    inputs, shape = form
    assert RRDBNet(inputs, shape, 4, 4, 1)(torch.randn(2, *inputs)).shape == (2, *shape)


def test_an_rrdbnet_begins_near_cubic_interpolation():
    network, a = RRDBNet((3, 8, 8), (3, 32, 32), 16, 8, 2), torch.rand(2, 3, 8, 8)
    far = (network(a) - enlarged(a, 4)).abs().mean()
    assert 0 < far < 0.05


def test_an_rrdbnet_begins_near_the_greys_that_it_colours():
    network, a = RRDBNet((1, 8, 8), (3, 8, 8), 16, 8, 2), torch.rand(2, 1, 8, 8)
    assert 0 < (network(a) - a).abs().mean() < 0.05


def test_an_rrdbnet_is_as_published():
    network = RRDBNet((3, 32, 32), (3, 128, 128))
    assert sum(p.numel() for p in network.parameters()) == 16_697_987  # RRDB_ESRGAN_x4's


def test_an_rrdbnet_refuses_to_shrink_or_to_squeeze():
    for shape in [(3, 8, 8), (3, 32, 16)]:
        with pytest.raises(ValueError, match="whole number"):
            RRDBNet((3, 16, 16), shape, 4, 4, 1)


def test_srgan_learns_pixels_alone_at_first_and_halves_its_rate_later():
    run = srgan.recipe(width=4, growth=4, blocks=1, perceptual_weight=0.0, steps=100, batch=2)
    players = [[turn.players[0] for turn in run.game.turns() if turn.when(step)] for step in (24, 25)]
    assert players == [["generator"], ["discriminator", "generator"]]
    rate = srgan.halving(0.2)
    assert [rate(p) for p in (0, 0.21, 0.31, 0.41, 0.61, 0.81, 1)] == [
        2,
        1,
        1 / 2,
        1 / 4,
        1 / 8,
        1 / 16,
        1 / 16,
    ]


def layers(net, x):
    return net.layers(x)


@pytest.fixture
def near() -> Perceptual:
    return Perceptual(Net(3, 16, 16, 2), layers)


def test_a_perceptual_distance_is_zero_of_equal_pictures_and_has_a_slope_at_others(near):
    real = torch.rand(2, 3, 16, 16)
    made = (real + 0.3).requires_grad_(True)
    assert float(near(real, real)) == 0
    distance = near(made, real)
    assert distance > 0
    distance.backward()
    assert made.grad.abs().sum() > 0
    assert all(p.grad is None for p in near.net.parameters())


def test_a_perceptual_network_is_neither_trained_nor_saved(near):
    game = srgan.SRGAN(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 1, 1), relativistic, near, (1.0, 1.0, 1.0), 0)
    assert len(list(game.parameters())) == len(game.state_dict()) == 4
    game.requires_grad_(True)
    assert not any(p.requires_grad for p in near.net.parameters())


def test_squeezenet_sees_what_the_judge_shows_it(shared):
    network = squeezenet(shared / "weights" / "imagenet_squeezenet_v1_0.safetensors")
    raw = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)
    seen = prepared(ImageSpace(SIDE, SIDE, 3).encode(raw))
    with torch.no_grad():
        for mine, judges in zip(network.net.layers(seen), network.layers(raw), strict=True):
            np.testing.assert_allclose(mine.numpy(), judges, rtol=1e-3, atol=2e-2)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_small_pictures_of_any_channels_are_prepared_for_squeezenet(channels):
    x = -torch.ones(2, channels, 20, 30)
    seen = prepared(x)
    assert seen.shape[1] == 3
    assert min(seen.shape[2:]) >= 64
    brightest = 255 if channels in (2, 4) else 0  # black, or nothing to be seen over white
    close(seen[0, :, 0, 0], torch.tensor([brightest - 104.0, brightest - 117.0, brightest - 123.0]))


def test_label_maps_have_no_perceptual_distance():
    samples = Samples(ArraySource(np.zeros((4, 8, 8, 1), np.uint8)), LabelSpace(8, 8, 3), batch=2)
    with pytest.raises(ValueError, match="--perceptual-weight 0"):
        perceptual("data", samples)


# MUNIT


@pytest.fixture
def many() -> munit.MUNIT:
    shapes = (3, 18, 26), (1, 18, 26)
    autoencoders = (MUNITAutoencoder(shape[0], 4, 3) for shape in shapes)
    judges = (MultiScale(shape, 4) for shape in shapes)
    return munit.MUNIT(*autoencoders, *judges, 3, 10.0, 1.0, 1.0)


def test_munit_makes_several_pictures_of_one_input_and_goes_back(many):
    a, b, z = torch.rand(1, 1, 18, 26), torch.rand(1, 3, 18, 26), torch.randn(2, 3)
    one, other = many.translate(a, z[:1]), many.translate(a, z[1:])
    assert one.shape == (1, 3, 18, 26)
    assert not torch.allclose(one, other)
    assert many.back(b, z[:1]).shape == (1, 1, 18, 26)
    assert many.translate(torch.rand(1, 1, 7, 5), z[:1]).shape == (1, 3, 7, 5)


def test_munit_does_not_look_at_the_batch(many):
    a, z = torch.rand(3, 1, 18, 26), torch.randn(3, 3)
    close(many.translate(a, z)[1:2], many.translate(a[1:2], z[1:2]))


def test_the_style_is_in_the_style_and_not_in_the_content(many):
    """Contrast and brightness are styles: what instance norm takes out cannot hide in the content."""
    a = torch.rand(1, 1, 16, 16)
    (content, style), (other, another) = many.inverse.encode(a), many.inverse.encode(0.5 * a + 0.2)
    torch.testing.assert_close(content, other, rtol=0, atol=2e-2)
    assert (style - another).abs().max() > 1e-2


def test_munit_weighs_what_is_lost(many):
    noise.at(0)
    batch = Batch(torch.rand(2, 3, 18, 26), torch.rand(2, 1, 18, 26))
    terms = many.generator_loss(batch)
    noise.at(0)
    many.again, many.content, many.style = 1.0, 2.0, 3.0
    again = many.generator_loss(batch)
    ratios = {
        name: float(again[name].detach() / terms[name].detach())
        for name in ("reconstruction", "content", "style")
    }
    assert ratios == pytest.approx({"reconstruction": 0.1, "content": 2, "style": 3}, rel=1e-5)


@pytest.mark.parametrize(("sides", "scales"), [((8, 8), 1), ((16, 40), 2), ((32, 32), 3), ((256, 256), 3)])
def test_small_pictures_are_looked_at_at_fewer_scales(sides, scales):
    maps = MultiScale((1, *sides), 2)(torch.zeros(1, 1, *sides))
    assert len(maps) == scales


def test_munit_refuses_pictures_of_two_sizes():
    with pytest.raises(ValueError, match="one size"):
        munit.recipe(Pairs(pair="lowres:2"), width=2)
