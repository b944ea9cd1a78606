"""Optimizers: where they go, that they resume, and that what they hold stays within bounds."""

import copy
import math

import pytest
import torch
from torch import nn

from ptarmigan.core.optim import OptimisticAdam, adam, adamw, clip_weights, rmsprop, sgd


def distances(make, steps=2000):
    """How far from (0, 0), the equilibrium of min over x, max over y of x·y, simultaneous moves get."""
    x, y = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    players = make([x]), make([y])
    far = []
    for _ in range(steps):
        x.grad, y.grad = y.detach().clone(), -x.detach().clone()
        for player in players:
            player.step()
        far.append(math.hypot(x.item(), y.item()))
    return far


def walk(net, optimizer, steps, seed=0):
    x = torch.randn(8, 3, generator=torch.Generator().manual_seed(seed))
    for _ in range(steps):
        optimizer.zero_grad()
        net(x).square().mean().backward()
        optimizer.step()


MAKERS = [
    pytest.param(make, id=name)
    for name, make in {
        "adam": lambda held: adam(held, 0.01),
        "adamw": lambda held: adamw(held, 0.01),
        "rmsprop": lambda held: rmsprop(held, 0.01),
        "sgd": lambda held: sgd(held, 0.01, momentum=0.5),
        "optimistic": lambda held: OptimisticAdam(held, 0.01, (0.5, 0.9)),
    }.items()
]


class TestBilinearGame:
    def test_optimism_converges_where_the_others_diverge(self):
        """With a large eps, steps are as long as gradients, and the equilibrium is reached."""
        betas, eps = (0.0, 0.99), 1.0
        assert distances(lambda held: OptimisticAdam(held, 0.3, betas, eps))[-1] < 1e-6
        assert distances(lambda held: adam(held, 0.3, betas, eps))[-1] > 2
        assert distances(lambda held: sgd(held, 0.1))[-1] > 10

    def test_optimism_ends_nearer_as_it_comes(self):
        optimistic = max(distances(lambda held: OptimisticAdam(held, 0.03))[-200:])
        plain = min(distances(lambda held: adam(held, 0.03))[-200:])
        assert optimistic < 0.2
        assert plain > 0.5


class TestOptimisticAdam:
    def test_the_update_by_hand(self):
        w = nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
        optimizer = OptimisticAdam([w], 0.1, (0.5, 0.9), 1e-3)
        mean = square = direction = torch.zeros(2, dtype=torch.float64)
        expected = w.detach().clone()
        for t, gradient in enumerate(
            torch.tensor([[1.0, 2.0], [-3.0, 0.5], [0.2, 0.1]], dtype=torch.float64), 1
        ):
            w.grad = gradient.clone()
            optimizer.step()
            mean, square = 0.5 * mean + 0.5 * gradient, 0.9 * square + 0.1 * gradient**2
            before = direction
            direction = mean / (1 - 0.5**t) / ((square / (1 - 0.9**t)).sqrt() + 1e-3)
            expected = expected - 2 * 0.1 * direction + 0.1 * before
            torch.testing.assert_close(w.detach(), expected)

    def test_a_closure_is_evaluated(self):
        w = nn.Parameter(torch.ones(1))
        optimizer = OptimisticAdam([w], 0.1)

        def closure():
            optimizer.zero_grad()
            loss = w.square().sum()
            loss.backward()
            return loss.item()

        assert optimizer.step(closure) == 1
        assert w.item() < 1

    def test_parameters_without_gradients_stay(self):
        w = nn.Parameter(torch.ones(1))
        OptimisticAdam([w], 0.1).step()
        assert w.item() == 1


@pytest.mark.parametrize("make", MAKERS)
class TestAll:
    def test_goes_down(self, make):
        torch.manual_seed(0)
        net = nn.Linear(3, 2)
        x = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
        before = net(x).square().mean().item()
        walk(net, make(net), 50)
        assert net(x).square().mean().item() < before

    def test_resumes_bit_for_bit(self, make, tmp_path):
        torch.manual_seed(0)
        net = nn.Linear(3, 2)
        optimizer = make(net)
        walk(net, optimizer, 3)
        torch.save([net.state_dict(), optimizer.state_dict()], tmp_path / "state.pt")
        walk(net, optimizer, 3, seed=1)
        other = nn.Linear(3, 2)
        resumed = make(other)
        weights, state = torch.load(tmp_path / "state.pt", weights_only=True)
        other.load_state_dict(weights)
        resumed.load_state_dict(state)
        walk(other, resumed, 3, seed=1)
        assert torch.equal(net.weight, other.weight)

    def test_takes_parameters_or_a_module(self, make):
        net = nn.Linear(3, 2)
        for held in (net, net.parameters(), [net.weight]):
            assert make(held).param_groups[0]["params"][0] is net.weight


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make, id=name)
        for name, make in {
            "adam": lambda held: adam(held, 0.1),
            "adamw": lambda held: adamw(held, 0.1),
            "sgd": lambda held: sgd(held, 0.1),
        }.items()
    ],
)
def test_fused_optimizers_obey_found_inf(make):
    """The engine says so where a turn was not finite, and then neither weights nor step count move."""
    net = nn.Linear(3, 2)
    optimizer = make(net)
    assert all(group["fused"] for group in optimizer.param_groups)
    walk(net, optimizer, 1)
    weight, state = net.weight.detach().clone(), copy.deepcopy(optimizer.state_dict()["state"])
    optimizer.found_inf = torch.ones(())
    net.weight.grad.fill_(math.nan)
    optimizer.step()
    assert torch.equal(net.weight, weight)
    for number, kept in state.items():
        for name, value in kept.items():
            now = optimizer.state_dict()["state"][number][name]
            assert now is None if value is None else torch.equal(now, value)
    optimizer.found_inf = torch.zeros(())
    net.weight.grad.fill_(1.0)
    optimizer.step()
    assert not torch.equal(net.weight, weight)


def test_whole_numbers_are_betas_too():
    assert adam(nn.Linear(1, 1), 0.1, betas=(0, 0.9)).defaults["betas"] == (0.0, 0.9)


def test_clipping_keeps_what_is_held_in_bounds():
    net = nn.Linear(3, 2)
    nn.init.constant_(net.weight, 0.5)
    nn.init.constant_(net.bias, -0.5)
    optimizer = clip_weights(rmsprop([net.weight], 5e-5), 0.01)
    walk(net, optimizer, 1)
    assert torch.equal(net.weight, torch.full_like(net.weight, 0.01))
    assert torch.equal(net.bias, torch.full_like(net.bias, -0.5))
    walk(net, optimizer, 5)
    assert net.weight.abs().max() <= 0.01
