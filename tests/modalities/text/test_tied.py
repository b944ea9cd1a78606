"""Likelihoods without a matrix of logits: as those with one, with their gradients, in chunks."""

from __future__ import annotations

import pytest
import torch

from ptarmigan.modalities.text import tied
from ptarmigan.modalities.text.tied import log_likelihood


def made(n: int = 11, width: int = 3, tokens: int = 6) -> tuple[torch.Tensor, ...]:
    torch.manual_seed(0)
    sizes = ((n, width), (tokens, width), (tokens,))
    return tuple(torch.randn(size, dtype=torch.float64, requires_grad=True) for size in sizes)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(tied, "CHUNK", 4)


def test_it_is_the_softmax_and_its_gradients_are_those_of_finite_differences():
    parts, targets = made(), torch.arange(11) % 6
    expected = (parts[0] @ parts[1].T + parts[2]).log_softmax(1).gather(1, targets[:, None])[:, 0]
    torch.testing.assert_close(log_likelihood(*parts, targets), expected)
    assert torch.autograd.gradcheck(lambda *of: log_likelihood(*of, targets), parts)


def test_tokens_without_a_probability_have_none_and_no_gradient():
    features, weight, bias = made()
    without = torch.tensor([True, False, False, False, False, False])
    rows, targets = torch.arange(11) % 2 == 0, torch.full((11,), 3)
    found = log_likelihood(features, weight, bias.masked_fill(without, -torch.inf), targets, (rows, 5))
    logits = (features @ weight.T + bias).detach()
    logits[:, 0] = -torch.inf
    logits[rows, 5] = -torch.inf
    torch.testing.assert_close(found, logits.log_softmax(1)[:, 3])
    found.sum().backward()
    assert float(bias.grad[0]) == 0
    assert weight.grad.isfinite().all()
    assert not weight.grad[0].any()


def test_no_matrix_of_all_logits_is_kept():
    features, weight, bias = made(n=400, tokens=50)
    kept: list[torch.Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        log_likelihood(features, weight, bias, torch.zeros(400, dtype=torch.long))
    assert max(t.numel() for t in kept) == features.numel()
