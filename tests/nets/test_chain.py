"""CHAIN: what it scales and when, what it never enlarges, and the penalty on means."""

from __future__ import annotations

import pytest
import torch

from ptarmigan.core import noise
from ptarmigan.core.penalties import PenaltyInputs
from ptarmigan.nets.chain import CHANGE, SMALLEST, Chain, ZeroMean
from ptarmigan.nets.dcgan import DCGANDiscriminator
from ptarmigan.training.draw import Draw
from ptarmigan.training.rules import alternating
from ptarmigan.zoo.image import r1gan


def chain(p: float, squares: tuple[float, ...]) -> Chain:
    layer = Chain(len(squares))
    layer.p.value.fill_(p)
    layer.squares.value.copy_(torch.tensor(squares))
    return layer


def test_channels_are_scaled_to_the_size_of_the_smallest():
    x = torch.randn(4, 3, 5, 5)
    scale = chain(1.0, (4.0, 1.0, 16.0))(x).detach() / x
    expected = ((1 + SMALLEST) / (torch.tensor([4.0, 1.0, 16.0]) + SMALLEST)).sqrt()
    torch.testing.assert_close(scale[0, :, 0, 0], expected)
    assert float(scale.max()) <= 1 + 1e-6, "nothing is enlarged: the Lipschitz constant is 1"
    torch.testing.assert_close(chain(0.0, (4.0, 1.0, 16.0))(x), x)
    half = chain(0.5, (4.0, 1.0, 16.0))(x)
    torch.testing.assert_close(half, 0.5 * x + 0.5 * chain(1.0, (4.0, 1.0, 16.0))(x))


def test_p_and_the_squares_follow_at_the_end_of_a_turn():
    layer = Chain(2)
    layer(torch.full((4, 2, 3, 3), 3.0))
    layer.observe(torch.ones(8))
    assert float(layer.p.value) == 0
    layer.p.settle()
    layer.squares.settle()
    assert float(layer.p.value) == pytest.approx(CHANGE), "all real samples are known: more is scaled"
    torch.testing.assert_close(layer.squares.value, torch.full((2,), 0.9 + 0.1 * 9))
    layer.observe(torch.tensor([1.0, -1.0]))
    layer.p.settle()
    assert float(layer.p.value) == 0
    layer.eval()(torch.ones(1, 2, 3, 3))
    assert layer.squares.notes == 0, "evaluation notes nothing"


def test_the_penalty_is_on_the_means_of_what_is_scaled():
    network = torch.nn.Sequential(chain(0.5, (1.0, 1.0)), torch.nn.Flatten())
    real, fake = torch.randn(6, 2, 3, 3), torch.randn(6, 2, 3, 3, requires_grad=True)
    scores = network(real).sum(1), network(fake).sum(1)
    found = ZeroMean(20.0, network)(PenaltyInputs(network, real, fake, *scores, 0.0))
    expected = 20 * 0.5 * sum(x.mean((0, 2, 3)).square().mean() for x in (real, fake))
    torch.testing.assert_close(found, expected)
    assert torch.autograd.grad(found, fake)[0].abs().sum() > 0
    assert not network[0]._forward_pre_hooks, "and nothing is left behind"
    with pytest.raises(ValueError, match="normalises no layer"):
        ZeroMean(20.0, DCGANDiscriminator((1, 8, 8), 4, norm=Chain))


def test_a_run_adapts_all_of_its_layers_alike():
    options = r1gan.small | dict(chain=True, size="16", conditional=False, augment="none", lazy=1)
    run = r1gan.recipe(**options)
    draw = Draw(run.samples, seed=0)
    noise.at(0, "here")
    for step in range(3):
        terms = alternating(run.game, run.optimizers, draw, step)
    layers = [module for module in run.game.discriminator.modules() if isinstance(module, Chain)]
    assert layers
    assert len({float(layer.p.value) for layer in layers}) == 1
    assert all(not torch.equal(layer.squares.value, torch.ones_like(layer.squares.value)) for layer in layers)
    assert torch.isfinite(terms["zero_mean"])
