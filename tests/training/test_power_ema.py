"""Averages of power-function profiles: what they are, and what follows from them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from plain import Discriminator, Generator, ring_run
from torch import nn

from ptarmigan.core.gan import GAN
from ptarmigan.training.power_ema import RESOLUTION, WIDTHS, PowerEMA, coefficients, exponent


def at_step(step: int):
    return SimpleNamespace(step=step, ranks=SimpleNamespace(first=False), over=False, folder="run")


def averaged(game: GAN, steps: int, weight: torch.Tensor, path) -> PowerEMA:
    """The averages after a weight was moved along a path."""
    hook = PowerEMA(game)
    hook.start(at_step(0))
    for step in range(1, steps + 1):
        with torch.no_grad():
            weight.fill_(float(path(step / steps)))
        hook.step(at_step(step), {})
    return hook


def profile(width: float, path) -> float:
    """∫ (γ + 1) τ^γ θ(τ) dτ."""
    tau, gamma = (np.arange(20_000) + 0.5) / 20_000, exponent(width)
    return float(((gamma + 1) * tau**gamma * path(tau)).mean())


@pytest.mark.parametrize("width", WIDTHS)
def test_a_width_is_the_standard_deviation_of_its_profile(width):
    mean = profile(width, lambda tau: tau)
    assert profile(width, lambda tau: (tau - mean) ** 2) ** 0.5 == pytest.approx(width, rel=1e-3)


def test_averages_are_the_integrals_and_others_follow_from_them():
    game = GAN(Generator(), Discriminator())
    weight = game.generator.layers[0].weight

    def path(tau):
        return np.sin(5 * tau) + 2 * tau**3

    hook = averaged(game, 1_500, weight, path)
    for width, average in hook.averages.items():
        mine = average.networks["generator"].layers[0].weight
        assert float(mine.mean()) == pytest.approx(profile(width, path), abs=0.012)
    networks = nn.ModuleDict({"generator": Generator()})
    for width in (0.015, 0.04, 0.1):
        hook.recombined(width, networks)
        mine = networks["generator"].layers[0].weight.detach()
        assert float(mine.mean()) == pytest.approx(profile(width, path), abs=0.03)
        kept = networks["generator"].layers[2].weight
        torch.testing.assert_close(kept, game.generator.layers[2].weight, msg="what stood still stays")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_width_that_was_kept_is_taken_as_it_is(width):
    np.testing.assert_allclose(coefficients(width), [float(width == each) for each in WIDTHS], atol=1e-6)


def test_no_width_is_wider_than_all_of_the_training():
    with pytest.raises(ValueError, match=r"an EMA of width 0\.3 is none"):
        exponent(0.3)


def test_variances_stay_within_what_they_were():
    generator = Generator()
    generator.norm = nn.BatchNorm1d(2)
    game = GAN(generator, Discriminator())
    variance = generator.norm.running_var
    hook = averaged(game, 400, variance, lambda tau: 1.0 if 0.8 < tau < 0.92 else 1e-3)
    kept = [average.networks["generator"].norm.running_var for average in hook.averages.values()]
    assert float((coefficients(0.015) @ np.stack([each.numpy() for each in kept])).min()) < 0, "a real danger"
    networks = nn.ModuleDict({"generator": generator})
    hook.recombined(0.015, networks)
    assert float(generator.norm.running_var.min()) > 0


def test_averages_look_at_each_512th_of_the_training():
    hook = PowerEMA(ring_run().game)
    hook.start(at_step(0))
    looked = []
    for step in range(1, 4 * RESOLUTION + 1):
        hook.step(at_step(step), {})
        looked.append(hook.updated == step)
    assert all(looked[:RESOLUTION])
    assert sum(looked[3 * RESOLUTION :]) == pytest.approx(RESOLUTION / 3.5, rel=0.2)


def test_a_run_of_an_earlier_version_begins_to_average_where_it_is():
    game = ring_run().game
    hook = PowerEMA(game)
    hook.start(at_step(1_000))
    with torch.no_grad():
        game.generator.layers[0].weight.fill_(7.0)
    hook.step(at_step(1_001), {})
    for average in hook.averages.values():
        mine = average.networks["generator"].layers[0].weight
        torch.testing.assert_close(mine, torch.full_like(mine, 7.0), msg="nothing from before is in it")


def test_averages_of_steps_that_are_to_come_are_refused():
    hook = PowerEMA(ring_run().game)
    for since, updated in ((5, 5), (3, 2), (0, 9)):
        hook.since, hook.updated = since, updated
        with pytest.raises(ValueError, match="its averages are of other steps"):
            hook.start(at_step(4))
