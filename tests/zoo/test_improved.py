"""One-sided label smoothing of image.improved: values, minimisers, and what is refused."""

import math

import pytest
import torch

from ptarmigan.zoo import recipe
from ptarmigan.zoo.image.improved import cross_entropy


def test_without_smoothing_equal_scores_cost_2_log_2():
    scores = torch.zeros(6, dtype=torch.float64)
    assert cross_entropy(scores, scores, 0.0).item() == pytest.approx(2 * math.log(2))


def test_smoothing_is_one_sided():
    """The best scores have sigmoid 1 - s for real samples, and 0 for generated ones."""
    scores = torch.linspace(-8, 8, 1601, dtype=torch.float64)
    zero = torch.tensor([-40.0], dtype=torch.float64)
    real = torch.stack([cross_entropy(s[None], zero, 0.2) for s in scores])
    assert scores[real.argmin()].sigmoid().item() == pytest.approx(0.8, abs=0.002)
    fake = torch.stack([cross_entropy(zero, s[None], 0.2) for s in scores])
    assert fake.argmin() == 0
    both = torch.stack([cross_entropy(s[None], s[None], 0.2) for s in scores])
    assert scores[both.argmin()].sigmoid().item() == pytest.approx(0.4, abs=0.002)


def test_cross_entropy_is_torchs():
    real, fake = torch.randn(2, 9, generator=torch.Generator().manual_seed(1))
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    expected = bce(real, torch.full_like(real, 0.9)) + bce(fake, torch.zeros_like(fake))
    torch.testing.assert_close(cross_entropy(real, fake, 0.1), expected)


@pytest.mark.parametrize("score", [-1e4, 1e4])
def test_huge_scores_in_half_precision_are_finite(score):
    scores = torch.full((4,), score, dtype=torch.bfloat16, requires_grad=True)
    loss = cross_entropy(scores, scores, 0.1)
    assert loss.dtype == torch.float32
    assert loss.isfinite()
    assert torch.autograd.grad(loss, scores)[0].isfinite().all()


@pytest.mark.parametrize("smoothing", [-0.1, 1.0])
def test_impossible_smoothing_is_refused(smoothing):
    with pytest.raises(ValueError, match=r"smoothing must be at least 0 and below 1"):
        recipe("image.improved")(smoothing=smoothing, width=4, latent=8, batch=8)
