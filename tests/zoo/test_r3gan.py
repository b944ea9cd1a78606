"""R3GAN's schedules, and the settings of its paper."""

from __future__ import annotations

import pytest

from ptarmigan.core import schedule
from ptarmigan.training.options import defaults
from ptarmigan.zoo import recipe


def test_schedules_end_after_the_images_that_are_asked_for():
    """40 images of 400: at a tenth of the run everything is as it will be at its end."""
    run = recipe("image.r3gan")(width=8, steps=50, batch=8, half_life=100.0, schedule=40.0, augment=0.5)
    penalty = run.game.penalties[0].gamma
    for each, start, end in (
        (run.half_life, 0, 100),
        (run.rate, 1, 0.25),
        (run.beta2, 0.9, 0.99),
        (penalty, 0.5, 0.05),
        (run.game.augment.probability, 0, 0.5),
    ):
        assert [schedule.at(each, when) for when in (0.0, 0.1, 1.0)] == pytest.approx([start, end, end])
        assert schedule.at(each, 0.05) == pytest.approx((start + end) / 2)


@pytest.mark.parametrize(
    ("name", "gamma", "batch"), [("cifar", 0.05, 512), ("64", 2.0, 256), ("256", 150.0, 256)]
)
def test_settings_of_the_paper(name, gamma, batch):
    found = defaults(recipe(f"image.r3gan_{name}"))
    assert (found["gamma"], found["batch"], found["lazy"], found["width"]) == (gamma, batch, 1, 768)
    assert found["schedule"] <= found["steps"] * batch
