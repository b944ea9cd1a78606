"""A run: everything that one training needs, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch.optim import Optimizer

from ptarmigan import schedule
from ptarmigan.data.samples import Samples
from ptarmigan.game import Game
from ptarmigan.rules import Rule, alternating
from ptarmigan.schedule import Schedule
from ptarmigan.spaces.space import Space

RAMP = 0.05


@dataclass
class Run:
    """A game, the samples it is played on, and who moves how.

    Attributes:
        game: networks and turns.
        samples: real samples.
        optimizers: one for every player that the game's turns name.
        steps: the length of the run.
        seed: names every random choice.
        rule: how losses become moves.
        half_life: of the averaged weights, in samples. A number is what it grows to; see ``remembers``.
        rate: multiplies every learning rate.
        beta2: replaces Adam's second decay rate, where given (R3GAN).
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
    rates: Mapping[str, list[float]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.rates = {
            name: [group["lr"] for group in optimizer.param_groups]
            for name, optimizer in self.optimizers.items()
        }

    @property
    def space(self) -> Space:
        """What one sample is."""
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
        """The half-life of the averaged weights after so many steps, in samples.

        One that is a number is at most ``RAMP`` of what was seen so far, so that the first weights are soon
        forgotten (Karras et al. 2020, arXiv 2006.06676).
        """
        if callable(self.half_life):
            return self.half_life(self.game.progress)
        return min(self.half_life, RAMP * steps * self.samples.batch)
