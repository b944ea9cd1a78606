"""The step: who moves, down what, and what it costs."""

from __future__ import annotations

import pytest
import torch
from plain import Discriminator, Generator, ring_run
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Turn, every
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import non_saturating, relativistic
from ptarmigan.core.optim import adam, rmsprop, sgd
from ptarmigan.training.draw import Draw
from ptarmigan.training.rules import SKIPPED, alternating, descend, extragradient, simultaneous


class Bilinear(Game):
    """min over x, max over y of x · y: the game on which plain gradients never arrive."""

    latent = 1
    ema = ()

    def __init__(self) -> None:
        super().__init__()
        self.x, self.y = nn.Parameter(torch.tensor([1.0])), nn.Parameter(torch.tensor([1.0]))

    def turns(self) -> tuple[Turn, ...]:
        return (
            Turn(("min",), lambda batch: {"min": (self.x * self.y).sum()}, reads=False),
            Turn(("max",), lambda batch: {"max": -(self.x * self.y).sum()}, reads=False),
        )

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return z

    def distance(self) -> float:
        return float((self.x**2 + self.y**2).sqrt().detach())


def bilinear(rule, steps: int, make=lambda p: sgd([p], 0.1)) -> float:
    game = Bilinear()
    optimizers = {"min": make(game.x), "max": make(game.y)}
    draw = Draw(ring_run().samples)
    for step in range(steps):
        rule(game, optimizers, draw, step)
    return game.distance()


def test_simultaneous_moves_spiral_out_and_alternating_ones_circle():
    assert bilinear(simultaneous, 200) > 2.0
    assert 0.8 < bilinear(alternating, 200) < 1.8


def test_extragradient_arrives():
    assert bilinear(extragradient, 400) < 0.3


def test_only_what_moves_has_gradients():
    run = ring_run()
    draw = Draw(run.samples)
    turns = run.game.turns()
    descend(run.game, run.optimizers, turns[-1], draw)
    assert all(p.grad is None for p in run.game.discriminator.parameters())
    assert all(p.grad is not None for p in run.game.generator.parameters())
    run.game.generator.zero_grad()
    descend(run.game, run.optimizers, turns[0], draw)
    assert all(p.grad is None for p in run.game.generator.parameters())
    assert all(p.grad is not None for p in run.game.discriminator.parameters())


def test_a_turn_that_reads_nothing_loads_nothing():
    run = ring_run()
    read = []
    run.samples.draw = lambda *a: read.append(a) or type(run.samples).load(run.samples, *a)
    draw = Draw(run.samples)
    alternating(run.game, run.optimizers, draw, 0)
    assert len(read) == 1, "the generator's turn of a non-saturating loss reads no real sample"
    run.game.loss = relativistic
    alternating(run.game, run.optimizers, draw, 0)
    assert len(read) == 3, "a relativistic loss reads real samples on both turns"


def test_an_unread_batch_cannot_be_read():
    run = ring_run()
    with pytest.raises(RuntimeError, match="meta"):
        run.samples.unread(0).x.sum().item()


def test_one_generated_batch_serves_loss_and_penalties():
    run = ring_run()
    calls = []
    forward = run.game.generator.forward
    run.game.generator.forward = lambda *a: calls.append(1) or forward(*a)
    descend(run.game, run.optimizers, run.game.turns()[1], Draw(run.samples))
    assert len(calls) == 1


def test_lazy_penalties_and_repeated_turns_are_played_when_due():
    game = GAN(Generator(), Discriminator(), steps=3, penalties=ring_run().game.penalties, lazy=4)
    assert [t.times for t in game.turns()] == [3, 3, 1]
    played = [next(t.loss.__name__ for t in game.turns() if t.when(step)) for step in range(8)]
    assert played == ["penalised_loss", *["discriminator_loss"] * 3] * 2


@pytest.mark.parametrize("rule", [alternating, simultaneous, extragradient])
def test_accumulating_equals_the_large_batch(rule):
    def weights(accumulate: int) -> list[Tensor]:
        run = ring_run(rule=rule)
        draw = Draw(run.samples, accumulate=accumulate)
        for step in range(3):
            rule(run.game, run.optimizers, draw, step)
        return [p.detach() for p in run.game.parameters()]

    for whole, parts in zip(weights(1), weights(4), strict=True):
        torch.testing.assert_close(whole, parts, rtol=1e-4, atol=1e-6)


def test_a_batch_that_cannot_be_shared_is_refused():
    with pytest.raises(ValueError, match="--batch"):
        Draw(ring_run(batch=32).samples, accumulate=3)


@pytest.mark.parametrize("make", [adam, sgd, rmsprop])
def test_a_turn_that_is_not_finite_moves_nothing(make):
    run = ring_run()
    game = run.game
    game.generator.layers.insert(1, nn.BatchNorm1d(16))
    optimizers = {n: make(getattr(game, n), 1e-2) for n in ("discriminator", "generator")}
    draw = Draw(run.samples)
    alternating(game, optimizers, draw, 0)
    before = {k: v.clone() for k, v in game.state_dict().items()}
    whole = game.loss
    poison = lambda fake, real: whole.generator(fake, real) * float("nan")
    game.loss = type(whole)(lambda real, fake: whole.discriminator(real, fake) * float("inf"), poison)
    log = alternating(game, optimizers, draw, 0)
    assert float(log[SKIPPED]) == 1
    for key, value in game.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            assert torch.equal(value, before[key]), key
    game.loss = non_saturating
    assert float(alternating(game, optimizers, draw, 1)[SKIPPED]) == 0
    assert not torch.equal(
        game.state_dict()["generator.layers.0.weight"], before["generator.layers.0.weight"]
    )


def test_players_that_share_a_step_add_their_gradients_in_a_field():
    class Two(Bilinear):
        def turns(self) -> tuple[Turn, ...]:
            first = Turn(("min",), lambda b: {"a": (3 * self.x).sum()}, reads=False)
            second = Turn(("min",), lambda b: {"b": (4 * self.x).sum()}, times=2, reads=False)
            third = Turn(("max",), lambda b: {"c": self.y.sum()}, when=every(2), reads=False)
            return first, second, third

    game = Two()
    optimizers = {"min": sgd([game.x], 1.0), "max": sgd([game.y], 1.0)}
    draw = Draw(ring_run().samples)
    simultaneous(game, optimizers, draw, 1)
    assert game.x.item() == pytest.approx(1 - 7)
    assert game.y.item() == 1
    simultaneous(game, optimizers, draw, 2)
    assert game.y.item() == 0


def test_classes_reach_both_networks():
    seen = []

    class Conditional(Discriminator):
        def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
            seen.append(c)
            return super().forward(x)

    game = GAN(Generator(), Conditional())
    c = torch.tensor([1, 0, 2])
    game.discriminator_loss(Batch(torch.zeros(3, 2), c))
    assert len(seen) == 2
    assert all(torch.equal(s, c) for s in seen)
