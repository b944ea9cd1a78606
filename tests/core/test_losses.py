"""Losses: values where nothing is left to tell, where gradients point, and that all stays finite."""

import math

import pytest
import torch

from ptarmigan.core import losses
from ptarmigan.core.losses import Loss

LOG2 = math.log(2)

AT_EQUILIBRIUM = [
    ("minimax", losses.minimax, 0.0, 2 * LOG2, -LOG2),
    ("non_saturating", losses.non_saturating, 0.0, 2 * LOG2, LOG2),
    ("least_squares", losses.least_squares, 0.5, 0.25, 0.125),
    ("wasserstein", losses.wasserstein, 0.7, 0.0, -0.7),
    ("hinge", losses.hinge, 0.4, 2.0, -0.4),
    ("relativistic", losses.relativistic, -3.0, LOG2, LOG2),
    ("relativistic_average", losses.relativistic_average, 5.0, 2 * LOG2, 2 * LOG2),
]
LOSSES = [pytest.param(loss, id=name) for name, loss, *_ in AT_EQUILIBRIUM]


def generator(loss: Loss, fake: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    return loss.generator(fake, real if loss.relative else None)


@pytest.mark.parametrize("shape", [(6,), (6, 1), (6, 1, 3, 2)], ids=str)
@pytest.mark.parametrize(
    ("loss", "score", "discriminator_value", "generator_value"),
    [pytest.param(*case, id=name) for name, *case in AT_EQUILIBRIUM],
)
def test_value_at_equilibrium(loss, score, discriminator_value, generator_value, shape):
    scores = torch.full(shape, score, dtype=torch.float64)
    assert loss.discriminator(scores, scores).item() == pytest.approx(discriminator_value)
    assert generator(loss, scores, scores).item() == pytest.approx(generator_value)


@pytest.mark.parametrize("loss", [losses.minimax, losses.non_saturating, losses.least_squares])
def test_equal_scores_cannot_beat_the_equilibrium(loss):
    """The discriminator that sees no difference does best with the equilibrium's score."""
    scores = torch.linspace(-2, 2, 401, dtype=torch.float64)
    values = torch.stack([loss.discriminator(s[None], s[None]) for s in scores])
    expected = 0.5 if loss is losses.least_squares else 0.0
    assert scores[values.argmin()].item() == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("loss", LOSSES)
def test_each_player_pulls_its_way(loss):
    real = torch.tensor([0.3, 0.2, 0.6], requires_grad=True)
    fake = torch.tensor([0.4, 0.1, 0.5], requires_grad=True)
    real_pull, fake_pull = torch.autograd.grad(loss.discriminator(real, fake), (real, fake))
    assert (real_pull < 0).all(), "going down, the discriminator scores real samples higher"
    assert (fake_pull > 0).all(), "and generated ones lower"
    (pull,) = torch.autograd.grad(generator(loss, fake, real), fake)
    assert (pull < 0).all(), "the generator is scored higher"


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("loss", LOSSES)
def test_huge_scores_stay_finite(loss, dtype):
    for a, b in [(1e4, -1e4), (-1e4, 1e4), (1e4, 1e4), (-1e4, -1e4)]:
        real = torch.full((4,), a, dtype=dtype, requires_grad=True)
        fake = torch.full((4,), b, dtype=dtype, requires_grad=True)
        for value in (loss.discriminator(real, fake), generator(loss, fake, real)):
            assert value.dtype == torch.float32
            assert value.isfinite()
            gradients = torch.autograd.grad(value, (real, fake), allow_unused=True)
            assert gradients[1] is not None, "every loss looks at generated samples"
            assert all(gradient.isfinite().all() for gradient in gradients if gradient is not None)


def test_the_non_saturating_generator_has_a_gradient_where_minimax_has_none():
    fake = torch.tensor([-30.0], requires_grad=True)
    (stuck,) = torch.autograd.grad(losses.minimax.generator(fake, None), fake)
    (pulled,) = torch.autograd.grad(losses.non_saturating.generator(fake, None), fake)
    assert stuck.abs().item() < 1e-9
    assert pulled.item() == pytest.approx(-1)


def test_hinge_forgets_what_is_beyond_its_margin():
    real, fake = torch.tensor([1.5, 0.5], requires_grad=True), torch.tensor([-3.0, 0.0], requires_grad=True)
    real_pull, fake_pull = torch.autograd.grad(losses.hinge.discriminator(real, fake), (real, fake))
    torch.testing.assert_close(real_pull, torch.tensor([0.0, -0.5]))
    torch.testing.assert_close(fake_pull, torch.tensor([0.0, 0.5]))


@pytest.mark.parametrize("loss", [losses.relativistic, losses.relativistic_average])
def test_relative_losses_see_only_differences(loss):
    real, fake = torch.randn(2, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(loss.discriminator(real + 3, fake + 3), loss.discriminator(real, fake))
    torch.testing.assert_close(loss.generator(fake + 3, real + 3), loss.generator(fake, real))
    torch.testing.assert_close(loss.generator(real, fake), loss.discriminator(real, fake))
    with pytest.raises(ValueError, match="real scores"):
        loss.generator(fake, None)


def test_relativistic_pairs_and_average_averages():
    real, fake = torch.tensor([2.0, -1.0]), torch.tensor([1.0, 3.0])
    swapped = fake.flip(0)
    paired, average = losses.relativistic.discriminator, losses.relativistic_average.discriminator
    expected = (math.log1p(math.exp(1 - 2)) + math.log1p(math.exp(3 + 1))) / 2
    assert paired(real, fake).item() == pytest.approx(expected)
    assert paired(real, fake) != paired(real, swapped)
    torch.testing.assert_close(average(real, fake), average(real, swapped))


@pytest.mark.parametrize("loss", [p for p in LOSSES if p.values[0] is not losses.relativistic_average])
def test_two_shards_are_one_batch(loss):
    real, fake = torch.randn(2, 8, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    halves = [(real[:4], fake[:4]), (real[4:], fake[4:])]
    for half in (loss.discriminator, lambda r, f: generator(loss, f, r)):
        torch.testing.assert_close(sum(half(r, f) for r, f in halves) / 2, half(real, fake))
