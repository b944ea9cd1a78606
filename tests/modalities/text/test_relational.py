"""A relational memory: an input changes what comes after it alone, a sequence continues, and it learns."""

from __future__ import annotations

import pytest
import torch

from ptarmigan.contract.recipes import train_steps
from ptarmigan.modalities.text.relational import RelationalMemory
from ptarmigan.zoo.text import relgan


def memory(**options) -> RelationalMemory:
    torch.manual_seed(0)
    return RelationalMemory(3, 8, **options).double()


@pytest.mark.parametrize("slots", [1, 3])
def test_an_input_changes_what_comes_after_it_alone(slots):
    net, x = memory(slots=slots), torch.randn(2, 6, 3).double()
    other = x.clone()
    other[:, 3] += 1
    found, changed = net(x)[0], net(other)[0]
    assert found.shape == (2, 6, slots * 8)
    torch.testing.assert_close(found[:, :3], changed[:, :3])
    assert ((found[:, 3:] - changed[:, 3:]).abs().amax((0, 2)) > 1e-4).all()


def test_a_sequence_continues_from_its_memory():
    net, x = memory(slots=2), torch.randn(2, 6, 3).double()
    whole, last = net(x)
    begun, state = net(x[:, :4])
    rest, end = net(x[:, 4:], state)
    torch.testing.assert_close(torch.cat([begun, rest], 1), whole)
    torch.testing.assert_close(end, last)


def test_slots_attend_to_each_other():
    net, x = memory(slots=2), torch.randn(1, 1, 3).double()
    state = torch.randn(1, 2, 8).double().requires_grad_()
    after = net(x, state)[1]
    (gradient,) = torch.autograd.grad(after[0, 0].sum(), state)
    assert gradient[0, 1].abs().max() > 1e-3


def test_it_learns_what_was_said_first():
    net, score = memory(), torch.nn.Linear(8, 2).double()
    optimizer = torch.optim.Adam([*net.parameters(), *score.parameters()], 2e-2)
    x = torch.randn(64, 5, 3).double()
    wanted = (x[:, 0, 0] > 0).long()
    for _ in range(40):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(score(net(x)[0][:, -1]), wanted)
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.2


def test_relgan_has_it_as_its_generator():
    run = relgan.recipe(**relgan.small, memory="relational")
    net = run.game.generator
    assert isinstance(net.recurrent, RelationalMemory)
    before = net.recurrent.queries.weight.clone()
    train_steps(run)
    assert not torch.equal(before, net.recurrent.queries.weight)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"memory": "none"}, "--memory none: expected lstm or relational"),
        ({"memory": "relational", "layers": 2}, "--layers are of an LSTM"),
        ({"memory": "relational", "hidden": 7}, "2 heads do not divide a memory of 7"),
    ],
)
def test_what_is_no_memory_is_refused(options, why):
    with pytest.raises(ValueError, match=why):
        relgan.recipe(**{**relgan.small, **options})
