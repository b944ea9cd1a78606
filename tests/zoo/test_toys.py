"""Games that only one recipe of the plane plays."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch.func import functional_call

from ptarmigan.contract import recipes as contract
from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.losses import minimax, non_saturating
from ptarmigan.zoo.toy import pacgan, unrolled


@pytest.fixture(autouse=True)
def exact():
    with contract.float64():
        yield


def unrolled_run(**options):
    return unrolled.recipe(**unrolled.small | options)


def discriminator_loss(game, x, fake):
    """As a function of the discriminator's weights."""
    names = [name for name, _ in game.discriminator.named_parameters()]

    def loss(weights):
        judge = partial(functional_call, game.discriminator, dict(zip(names, weights, strict=True)))
        return minimax.discriminator(judge((x,)), judge((fake,)))

    return loss


@pytest.mark.parametrize("played", [0, 3], ids=["at the start", "on the way"])
def test_looking_ahead_is_where_adam_goes(played):
    run = unrolled_run(unroll=4)
    game, optimizer = run.game, run.optimizers["discriminator"]
    contract.train_steps(run, steps=played)
    x = run.samples.load(0).x.double()
    fake = game.fake(Batch(x)).detach()
    loss = discriminator_loss(game, x, fake)
    ahead = game.ahead(loss)
    game.discriminator.requires_grad_(True)
    held = list(game.discriminator.parameters())
    for _ in range(4):
        optimizer.zero_grad()
        loss(held).backward()
        optimizer.step()
    for expected, found in zip(held, ahead, strict=True):
        # not bit for bit: eps stands within the root, which shows where a gradient is about as small as eps
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=2e-6)


def test_the_generator_goes_down_the_gradient_through_the_coming_moves():
    run = unrolled_run(unroll=3, discriminator_lr=1e-2)
    game = run.game
    contract.train_steps(run)
    batch = Batch(run.samples.load(0).x.double())
    weight = game.generator.out.bias.requires_grad_(True)

    def value():
        noise.at(0, "here")
        return game.generator_loss(batch)["generator"]

    (gradient,) = torch.autograd.grad(value(), weight)
    step = 1e-6
    for i in range(len(weight)):
        with torch.no_grad():
            weight[i] += step
        above = value().item()
        with torch.no_grad():
            weight[i] -= 2 * step
        below = value().item()
        with torch.no_grad():
            weight[i] += step
        assert float(gradient[i]) == pytest.approx((above - below) / (2 * step), rel=1e-4)


def test_the_discriminator_stands_still_while_the_generator_looks_ahead():
    run = unrolled_run()
    before = [p.clone() for p in run.game.discriminator.parameters()]
    terms = run.game.generator_loss(run.samples.load(0)._replace(x=run.samples.load(0).x.double()))
    assert torch.isfinite(terms["generator"])
    for old, new in zip(before, run.game.discriminator.parameters(), strict=True):
        assert torch.equal(old, new)


def test_not_looking_ahead_is_the_minimax_game():
    run = unrolled_run(unroll=0)
    game = run.game
    game.generator.requires_grad_(True)
    batch = Batch(run.samples.load(0).x.double())

    def gradient(loss):
        noise.at(0, "here")
        return torch.autograd.grad(loss(), game.generator.out.weight)[0]

    found = gradient(lambda: game.generator_loss(batch)["generator"])
    expected = gradient(lambda: minimax.generator(game.discriminate(game.fake(batch)), None))
    torch.testing.assert_close(found, expected)


def packed_run(**options):
    return pacgan.recipe(**pacgan.small | options)


@pytest.mark.parametrize("pack", [1, 2, 4])
def test_a_pack_is_consecutive_samples(pack):
    game = packed_run(pack=pack).game
    x = torch.randn(16, 2)
    scores = game.score(x)
    assert scores.shape == (16 // pack,)
    torch.testing.assert_close(scores[1], game.score(x[pack : 2 * pack])[0], rtol=1e-9, atol=0)
    changed = x.clone()
    changed[pack] += 1
    assert [bool(d) for d in (game.score(changed) != scores)] == [i == 1 for i in range(16 // pack)]


def test_samples_that_cannot_be_packed_are_refused():
    with pytest.raises(ValueError, match="--batch"):
        contract.train_steps(packed_run(pack=3))


def test_real_packs_in_the_generators_loss_would_not_move_it():
    game = packed_run().game
    game.generator.requires_grad_(True)
    batch = Batch(torch.randn(16, 2))

    def gradient(loss):
        noise.at(0, "here")
        return torch.autograd.grad(loss(), game.generator.out.weight)[0]

    def published():
        real, fake = game.score(batch.x), game.score(game.fake(batch))
        return torch.nn.functional.softplus(real).mean() + non_saturating.generator(fake, None)

    assert torch.equal(gradient(lambda: game.generator_loss(batch)["generator"]), gradient(published))


def test_no_single_judge_draws_a_surface_of_packs():
    assert packed_run().game.discriminate(torch.zeros(4, 2)) is None
