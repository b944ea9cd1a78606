"""A run: all that a training needs, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch.optim import Optimizer

from ptarmigan.core import schedule
from ptarmigan.core.game import Game
from ptarmigan.core.schedule import Schedule
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.training.rules import Rule, alternating

SHARE, GROWTH = 0.02, 8e6
"""Tuned on MNIST and Fashion-MNIST: 0.02 of the samples so far at first, 0.145 of a million."""


@dataclass(frozen=True)
class Built:
    """The recipe and options that built a run; ``zoo.name_of`` has the recipe's name.

    Attributes:
        module: the module that holds the recipe.
        file: its file; empty where it has none, as in a notebook.
        options: all options by flat names, including defaults.
        samples: that the recipe opened.
    """

    module: str
    file: str
    options: Mapping[str, Any]
    samples: Samples | None = None


@dataclass
class Run:
    """A game, its samples and its optimizers.

    Attributes:
        game: networks and turns.
        samples: real samples.
        optimizers: one for every player that the game's turns name.
        steps: the length of the run.
        seed: the random seed.
        rule: the update rule.
        half_life: of the EMA weights, in samples, at most; see ``remembers``.
        rate: multiplies every learning rate.
        beta2: replaces Adam's second decay rate, where given (R3GAN).
        built: the recipe and the options that built it; None of a run that was put together by hand.
    """

    game: Game
    samples: Samples
    optimizers: Mapping[str, Optimizer]
    steps: int
    seed: int = 0
    rule: Rule = alternating
    half_life: Schedule = 10_000.0
    rate: Schedule = 1.0
    beta2: Schedule | None = None
    built: Built | None = None
    rates: Mapping[str, list[float]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.rates = {
            name: [group["lr"] for group in optimizer.param_groups]
            for name, optimizer in self.optimizers.items()
        }

    @property
    def space(self) -> Space:
        """The space of the samples."""
        return self.samples.space

    def advance(self, progress: float) -> None:
        """Set everything that follows a schedule to its value when ``progress`` of the run is done."""
        self.game.progress = progress
        for name, optimizer in self.optimizers.items():
            for group, rate in zip(optimizer.param_groups, self.rates[name], strict=True):
                group["lr"] = rate * schedule.at(self.rate, progress)
                if self.beta2 is not None:
                    group["betas"] = (group["betas"][0], schedule.at(self.beta2, progress))

    def remembers(self, steps: int) -> float:
        """The half-life of the EMA weights after ``steps`` steps, in samples.

        It is at most a share of the samples so far (Karras et al. 2020, arXiv 2006.06676), and the share
        grows as well: at first weights improve so fast that old ones do harm, later they rotate around their
        mean.
        """
        seen = steps * self.samples.batch
        longest = seen * (SHARE + seen / GROWTH)
        return min(schedule.at(self.half_life, self.game.progress), longest)
