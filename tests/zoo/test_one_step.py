"""Generators without an adversary: what they match, and what they leave out."""

from __future__ import annotations

import pytest
import torch

from ptarmigan.contract import recipes as contract
from ptarmigan.core.batch import Batch
from ptarmigan.nets.pyramid import Pyramid
from ptarmigan.training.draw import Draw
from ptarmigan.training.rules import alternating
from ptarmigan.zoo.image import drifting, imle


@pytest.fixture(autouse=True)
def exact():
    with contract.float64():
        yield


def game(epsilon: float) -> imle.IMLE:
    return imle.recipe(**imle.small | dict(epsilon=epsilon, pool=4)).game.double()


def test_every_real_sample_takes_the_nearest_of_the_pool():
    one = game(0.0)
    z = torch.randn(32, one.latent)
    goals = one.sample(z[[20, 3, 7]]).detach()
    assert one.nearest(one.vectors(goals), z).tolist() == [20, 3, 7]


def test_samples_close_to_a_real_one_are_taken_out_of_the_pool():
    one = game(1e-3)
    z = torch.randn(32, one.latent)
    goals = one.sample(z[[20, 3, 7]]).detach()
    found = one.nearest(one.vectors(goals), z)
    assert not {20, 3, 7} & set(found.tolist())
    all_close = game(1e9)
    assert all_close.nearest(all_close.vectors(goals), z).shape == (3,), "where all are, the nearest is taken"


def test_a_picture_of_a_few_is_learnt():
    run = imle.recipe("digits", width=8, latent=4, pool=8, batch=16, steps=40, lr=5e-3)
    batch = Batch(run.samples.load(0).x.double())
    run.game.double()
    before = run.game.loss(batch)["distance"].item()
    draw = Draw(run.samples, seed=0)
    for step in range(40):
        alternating(run.game, run.optimizers, draw, step)
    assert run.game.loss(batch)["distance"].item() < 0.5 * before


def test_the_gradient_of_a_drifting_generator_goes_through_its_samples_alone():
    run = drifting.recipe(**drifting.small)
    one = run.game.double()
    mine = torch.randn(6, 5, requires_grad=True)
    real = torch.randn(8, 5)
    (gradient,) = torch.autograd.grad(one.distance(mine, real), mine)
    moves = [drifting.drift(mine.detach(), real, t) for t in drifting.TEMPERATURES]
    expected = -2 / 6 * sum(m / m.square().sum(1).mean().sqrt() for m in moves)
    torch.testing.assert_close(gradient, expected)


def test_a_pyramid_measures_pixels_at_every_scale():
    pyramid = Pyramid((9, 12)).double()
    x, moved = torch.zeros(2, 1, 1, 9, 12)
    x[0, 0, 4, 4] = moved[0, 0, 4, 5] = 1
    full, half, quarter = ((a - b).square().sum() for a, b in zip(pyramid(x), pyramid(moved), strict=True))
    assert full == pytest.approx(2 / (9 * 12))
    assert half < full / 2, "a pixel's move counts less at half the size"
    assert quarter < half
    assert [each.shape[1] for each in pyramid(x)] == [9 * 12, 5 * 6, 3 * 3]
