"""Optimizers: where they go, that they resume, and that what they hold stays within bounds."""

import copy
import math

import pytest
import torch
from torch import nn

from ptarmigan.core.optim import adam, adams, adamw, clip_weights, rmsprop, sgd


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
    }.items()
]


def test_every_player_gets_an_adam_of_its_network():
    net = nn.ModuleDict({"discriminator": nn.Linear(3, 1), "generator": nn.Linear(2, 3)})
    found = adams(net, 0.1, (0.0, 0.9))
    assert list(found) == ["discriminator", "generator"]
    for player, optimizer in found.items():
        (group,) = optimizer.param_groups
        assert group["params"] == list(net[player].parameters())
        assert (group["lr"], group["betas"]) == (0.1, (0.0, 0.9))
    assert list(adams(net, 0.1, players=("generator",))) == ["generator"]


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
