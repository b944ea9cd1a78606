"""The game of most GANs: one forward pass for both, both augmented alike, and what these do not change."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ptarmigan.contract import recipes as contract
from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.gan import GAN, joined, parted
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.zoo.image import r1gan


@pytest.fixture(autouse=True)
def exact():
    with contract.float64():
        yield


def game(**options):
    run = r1gan.recipe(**r1gan.small | dict(augment="none", batch=8) | options)
    return run.game.double(), run.samples.load(0)._replace(x=run.samples.load(0).x.double())


def terms_and_gradients(game: GAN, batch: Batch, name: str):
    noise.at(0, "here")
    terms = getattr(game, name)(batch)
    held = list(game.discriminator.parameters())
    return terms, torch.autograd.grad(sum(terms.values()), held)


@pytest.mark.parametrize("name", ["discriminator_loss", "penalised_loss", "generator_loss"])
@pytest.mark.parametrize("loss", ["non_saturating", "relativistic"])
def test_one_forward_pass_for_both_changes_nothing(name, loss):
    apart, batch = game(loss=loss)
    joint, _ = game(loss=loss, joint=True)
    joint.load_state_dict(apart.state_dict())
    terms, gradients = terms_and_gradients(apart, batch, name)
    same, others = terms_and_gradients(joint, batch, name)
    torch.testing.assert_close(same, terms)
    torch.testing.assert_close(others, gradients)


def test_two_batches_as_one_are_parted_again():
    first, second = torch.rand(8, 3), torch.rand(8, 3)
    for found, expected in zip(parted(joined(first, second)), (first, second), strict=True):
        assert torch.equal(found, expected)
    with pytest.raises(ValueError, match="batches of 6 share no forward pass"):
        joined(first[:6], second[:6])


def test_batch_norm_is_not_shared():
    discriminator = DCGANDiscriminator((1, 16, 16), 4, norm=nn.BatchNorm2d)
    with pytest.raises(ValueError, match="no forward pass through batch norm"):
        GAN(DCGANGenerator(4, (1, 16, 16), 4), discriminator, joint=True)


@pytest.mark.parametrize("alike", [False, True])
def test_a_pair_is_augmented_alike_where_that_is_asked_for(alike):
    one, batch = game(augment="diffaugment", alike=alike)
    noise.at(0, "here")
    first, second = one.both_augmented(batch.x, batch.x)
    assert not torch.equal(first, batch.x)
    assert torch.equal(first, second) == alike
    noise.at(0, "here")
    _, after = one.both_augmented(batch.x, batch.x), noise.normal(3)
    noise.at(0, "here")
    one.both_augmented(batch.x, batch.x)
    assert torch.equal(after, noise.normal(3)), "and what is drawn later is as reproducible"


def test_finite_differences_take_the_place_of_gradients():
    exact, batch = game(lazy=1)
    approximate, _ = game(lazy=1, gradient="approximate")
    approximate.load_state_dict(exact.state_dict())
    one, other = (terms_and_gradients(each, batch, "penalised_loss")[0] for each in (exact, approximate))
    assert one.keys() == {"discriminator", "r1", "r2"}
    assert other.keys() == {"discriminator", "approximate_r1", "approximate_r2"}
    torch.testing.assert_close(one["discriminator"], other["discriminator"])
    assert 0.1 < float(other["approximate_r1"].detach() / one["r1"].detach()) < 10
