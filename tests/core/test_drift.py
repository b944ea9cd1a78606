"""The drift of generated samples: where it points, and where it is zero."""

from __future__ import annotations

import pytest
import torch

from ptarmigan.core.drift import drift


def test_samples_are_attracted_by_data_and_repelled_by_one_another():
    real = torch.tensor([[1.0, 0.0], [3.0, 0.0]])
    alone = torch.tensor([[0.0, 0.0], [0.0, 9.0]])
    assert drift(alone, real, 0.5)[0, 0] > 0, "towards the data"
    crowded = torch.tensor([[0.0, 0.1], [0.0, -0.1], [1.0, 0.0]])
    moves = drift(crowded, torch.tensor([[0.0, 5.0], [0.0, -5.0]]), 0.5)
    assert moves[0, 1] > 0 > moves[1, 1], "apart, each to its side"


def test_it_is_the_sum_over_pairs_of_the_paper():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(5, 3, generator=generator).double()
    y = torch.randn(4, 3, generator=generator).double()
    temperature = 0.3
    tau = temperature * (2 * y.var(0, correction=0).sum()).sqrt()
    both = torch.cat([y, x])
    kernel = torch.exp(-torch.cdist(x, both) / tau)
    kernel[torch.arange(5), 4 + torch.arange(5)] = 0
    a = (kernel / kernel.sum(1, keepdim=True) * kernel / kernel.sum(0, keepdim=True)).sqrt()
    expected = torch.zeros_like(x)
    for n in range(5):
        for i in range(4):
            for j in range(5):
                expected[n] += a[n, i] * a[n, 4 + j] * (y[i] - x[j])
    torch.testing.assert_close(drift(x, y, temperature), expected)


def test_it_has_no_direction_where_both_are_of_one_distribution():
    generator = torch.Generator().manual_seed(0)
    x, y, other = (torch.randn(400, 2, generator=generator) for _ in range(3))
    still = drift(x, y, 0.2).mean(0).norm()
    assert drift(x, other + 1, 0.2).mean(0).norm() > 4 * still


def test_one_sample_alone_is_refused():
    with pytest.raises(ValueError, match="it needs two or more"):
        drift(torch.zeros(1, 2), torch.zeros(1, 2), 0.1)
