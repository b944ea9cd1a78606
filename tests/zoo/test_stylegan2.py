"""StyleGAN2: its convolutions, its regularisers, its presets, and its latents."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import ptarmigan
from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.styles import StyleGenerator
from ptarmigan.zoo import recipe
from ptarmigan.zoo.image.stylegan2 import StyledConv, StyleGAN2, StyleGAN2Generator

SMALL = dict(width=4, latent=6, batch=8)


class Linear(StyleGenerator):
    """One pixel for every number of the first w, which is z; the other styles do nothing."""

    latent = size = 6
    styles = 5

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))

    def map(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.gain * z

    def synthesise(self, w: Tensor) -> Tensor:
        return (3 * w[:, 0] + 0 * w.sum(1)).view(-1, 1, 2, 3)

    def style_weights(self) -> tuple[Tensor, ...]:
        return ()


def game(**changes) -> StyleGAN2:
    how = {"gamma": 1.0, "mixing": 0.0, "path_weight": 2.0, "augment": None} | changes
    return StyleGAN2(Linear(), nn.Module(), **how)


def test_a_styled_convolution_is_one_with_demodulated_weights_for_every_sample():
    conv = StyledConv(3, 5, 6, (7, 4), up=False)
    x, w = torch.randn(4, 3, 7, 4), torch.randn(4, 6)
    found = conv(x, w, conv.map)
    for i, style in enumerate(conv.affine(w)):
        modulated = conv.weight * conv.scale * style[:, None, None]
        weights = modulated / (modulated.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        expected = F.leaky_relu(F.conv2d(x[i : i + 1], weights, padding=1), 0.2) * math.sqrt(2)
        torch.testing.assert_close(found[i : i + 1], expected, rtol=1e-4, atol=1e-5)


def test_an_enlarging_convolution_is_zeros_between_pixels_a_convolution_and_a_filter():
    conv = StyledConv(2, 3, 6, (12, 10), up=True)
    x = torch.randn(2, 2, 6, 5)
    spread = torch.zeros(2, 2, 11, 9)
    spread[:, :, ::2, ::2] = x
    taps = torch.tensor([1.0, 3, 3, 1]) / 4
    kernel = (taps[:, None] * taps).expand(3, 1, 4, 4)
    wide = F.conv2d(F.pad(spread, (2, 2, 2, 2)), conv.weight.flip(2, 3))
    expected = F.conv2d(F.pad(wide, (1, 1, 1, 1)), kernel, groups=3)
    torch.testing.assert_close(conv.convolved(x, conv.weight), expected, rtol=1e-4, atol=1e-4)


def test_path_lengths_are_those_of_the_jacobian_and_their_mean_is_kept():
    """J of the first style is 3 everywhere and of four others 0, so lengths are 3 |y| / √5."""
    trained = game()
    noise.at(0, "test")
    found = trained.path_loss(Batch(torch.zeros(8, 1, 2, 3)))["path_length"]
    noise.at(0, "test")
    noise.normal(4, 6)
    y = noise.normal(4, 1, 2, 3) / math.sqrt(6)
    lengths = 3 * y.flatten(1).norm(dim=1) / math.sqrt(5)
    torch.testing.assert_close(found, 4 * 2.0 * lengths.square().mean())
    trained.path_length.settle()
    torch.testing.assert_close(trained.path_length.value, 0.01 * lengths.mean())


def test_styles_are_mixed_at_one_place_for_the_whole_batch_and_all_its_shards():
    cuts = []
    for shard in range(2):
        noise.at(3, "mix", shard=shard, shards=2)
        w = game(mixing=1.0).mixed(4, None)
        same = (w == w[:, :1]).all(2)
        assert (same == same[0]).all()
        assert not (w[:, 0] == w[:, -1]).any()
        cuts.append(int(same[0].sum()))
    assert cuts[0] == cuts[1]


def test_styles_are_mixed_as_often_as_is_asked_for():
    often = 0
    for seed in range(200):
        noise.at(seed, "mix")
        w = game(mixing=0.9).mixed(1, None)
        often += not torch.equal(w[:, 0], w[:, -1])
    assert 165 <= often <= 195


def test_r1_is_of_the_images_before_their_augmentation():
    """With an augmentation that doubles images, a linear discriminator's gradients are doubled too."""
    trained = game(gamma=0.5)
    trained.discriminator = Scores()
    trained.augment = lambda x, progress: 2 * x
    found = trained.gradient_loss(Batch(torch.randn(4, 1, 2, 3)))["r1"]
    assert found.item() == pytest.approx(16 * 0.25 * 6 * 2**2)


class Scores(nn.Module):
    def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return x.flatten(1).sum(1)


def test_noise_is_new_in_training_and_fixed_in_evaluation():
    generator = StyleGAN2Generator(6, (1, 8, 8), 4)
    with torch.no_grad():
        for conv in generator.convs:
            conv.strength.fill_(1.0)
    z = torch.randn(2, 6)
    assert not torch.equal(generator(z), generator(z))
    generator.eval()
    assert torch.equal(generator(z), generator(z))
    w, none = generator.map(z)[:, None].expand(-1, 4, -1), [0 * conv.map for conv in generator.convs]
    assert not torch.equal(generator.synthesise(w), generator.synthesise(w, none))


def test_gamma_and_the_half_life_follow_the_rule():
    run = recipe("image.stylegan2")(**SMALL)
    assert run.game.gamma == pytest.approx(0.0002 * 64 / 8)
    assert run.half_life == 8 * 10_000 / 32
    given = recipe("image.stylegan2")(**SMALL, gamma=3.0, half_life=5.0)
    assert (given.game.gamma, given.half_life) == (3.0, 5.0)


def test_the_preset_for_cifar_has_no_path_lengths_and_no_mixing():
    run = recipe("image.stylegan2")(**SMALL, preset="cifar")
    assert (run.game.gamma, run.half_life, run.game.mixing) == (0.01, 500_000, 0)
    assert [turn.players[0] for turn in run.game.turns()] == ["generator", "discriminator", "discriminator"]
    assert run.rates["generator"] == [0.0025 * 4 / 5]


def test_what_the_original_loses_is_in_the_state():
    state = recipe("image.stylegan2")(**SMALL).game.state_dict()
    assert {"path_length.value", "augment.p.value"} <= state.keys()


def test_latents_are_edited_in_w(tmp_path):
    quick = dict(quiet=True, report=False, vitals=False, sample_every=0, score_every=0, device="cpu")
    ptarmigan.train("image.stylegan2", out=tmp_path, conditional=True, steps=2, **SMALL, **quick)
    trained = ptarmigan.load(tmp_path, device="cpu")
    w = trained.map(trained.latents(3), given=4)
    assert w.shape == (3, 4, 6)
    first = trained.synthesise(w)
    np.testing.assert_array_equal(first, trained.synthesise(w))
    typical = trained.truncate(w, 0.0, given=4)
    assert torch.equal(typical[0], typical[1])
    widths = [len(weight) for weight in trained.game.style_generator.style_weights()]
    assert widths == [4, 8, 4, 4]
