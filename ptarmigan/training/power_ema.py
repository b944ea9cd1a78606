"""Power-function EMAs of weights, kept at a few widths, from which one of any width follows after training.

Karras et al. 2024, "Analyzing and improving the training dynamics of diffusion models", arXiv 2312.02696,
sections 3.1 and 3.2 and appendix C. After t steps the average and its width, relative to the training, are

    θ_γ(t) = (γ + 1) / t^(γ+1) · ∫₀ᵗ τ^γ θ(τ) dτ,        σ = √((γ + 1) / ((γ + 2)² (γ + 3)))

so no half-life has to be guessed before training. The average of another width is the combination of those
that were kept whose profile over τ is nearest to its own (least squares). They take snapshots of two widths
at many times; here it is four widths at one time, so that a checkpoint holds all that is needed. The profiles
of widths from 0.01 to 0.17 are met to a tenth or better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ptarmigan.core.game import Game, Terms
from ptarmigan.training.ema import EMA, paired
from ptarmigan.training.trainer import Hook, Trainer

WIDTHS = (0.01, 0.025, 0.06, 0.15)
"""σ of the averages that are kept."""
RESOLUTION = 512
"""An average looks at the weights after each 512th of the training so far: as its width is relative too, that
is often enough, and it costs little."""
CHOSEN = "ema.safetensors"
"""The average that ``ptarmigan ema`` chose: used in place of ``generator.safetensors``."""


@final
class PowerEMA(Hook):
    """Keeps power-function EMAs of the networks in ``game.ema``; the run is the same to the bit without.

    Args:
        game: whose networks are averaged.

    Attributes:
        averages: one for every width.
        since: the step at which averaging began: later than 0 in a run of an earlier version.
        updated: the step of the latest update.
    """

    name = "power_ema"

    def __init__(self, game: Game) -> None:
        self.averages = {width: EMA(game) for width in WIDTHS}
        self.since, self.updated = -1, 0

    def start(self, trainer: Trainer) -> None:
        """Begin here, unless it was begun before; what was chosen of fewer steps is out of date.

        Raises:
            ValueError: the averages in the checkpoint are of other steps.
        """
        if self.since < 0:
            self.since = self.updated = trainer.step
        if not self.since <= self.updated <= trainer.step:
            raise ValueError(
                f"{trainer.folder} cannot go on: its averages are of other steps; take another --out"
            )
        if trainer.ranks.first and not trainer.over:
            (trainer.folder / CHOSEN).unlink(missing_ok=True)

    def step(self, trainer: Trainer, terms: Terms) -> None:
        """Update the averages, where that is due."""
        done, new = trainer.step - self.since, trainer.step - self.updated
        if RESOLUTION * new >= done:
            for width, average in self.averages.items():
                average.follow(1 - (1 - new / done) ** (exponent(width) + 1))
            self.updated = trainer.step

    def state_dict(self) -> Mapping[str, Any]:
        """The averages."""
        weights = {f"{width:g}": each.networks.state_dict() for width, each in self.averages.items()}
        return {"since": self.since, "updated": self.updated, "averages": weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with them."""
        self.since, self.updated = state["since"], state["updated"]
        for width, average in self.averages.items():
            average.networks.load_state_dict(state["averages"][f"{width:g}"])

    def recombined(self, width: float, networks: nn.ModuleDict) -> None:
        """Fill networks with the average of a width.

        What is not averaged is as in the narrowest average. Batch statistics stay within the range that they
        had: extrapolated, a variance could be negative.

        Args:
            width: σ, from about 0.005 to 0.2.
            networks: equal to those that were averaged.
        """
        mine = [average.networks for average in self.averages.values()]
        share = torch.from_numpy(coefficients(width)).float()
        networks.load_state_dict(mine[0].state_dict())
        statistics = {buffer.data_ptr() for buffer in networks.buffers()}
        for target, each in blended(networks, mine):
            stack = torch.stack(each)
            mean = torch.tensordot(share.to(stack), stack, 1)
            if target.data_ptr() in statistics:
                mean = mean.clamp(stack.amin(0), stack.amax(0))
            target.copy_(mean)


def blended(networks: nn.ModuleDict, kept: list[nn.ModuleDict]) -> Iterator[tuple[Tensor, list[Tensor]]]:
    """Every tensor of a network that is averaged, and the same one of the averages."""
    for name, network in networks.items():
        (targets, _), _ = paired(network, network)
        columns = [paired(each[name], each[name])[0][0] for each in kept]
        yield from zip(targets, map(list, zip(*columns, strict=True)), strict=True)


def exponent(width: float) -> float:
    """γ of a relative width σ: the positive root of (γ + 2)² (γ + 3) = (γ + 1) / σ² (algorithm 2).

    Raises:
        ValueError: no power function has this width.
    """
    roots = np.roots([1, 7, 16 - width**-2, 12 - width**-2])
    gamma = float(roots[np.abs(roots.imag) < 1e-9].real.max())
    if not gamma > 0:
        raise ValueError(f"an EMA of width {width:g} is none: it is a fraction of the training, up to 0.28")
    return gamma


def coefficients(width: float) -> NDArray[np.float64]:
    """The share of each average that was kept in the one of ``width``; they add up to one.

    Least squares of the profiles (eq. 17 to 19 there), with the sum as a condition: weights that stand still
    stay what they are.
    """
    kept, n = [exponent(each) for each in WIDTHS], len(WIDTHS)
    system, right = np.ones((n + 1, n + 1)), np.ones(n + 1)
    system[:n, :n] = [[overlap(a, b) for b in kept] for a in kept]
    system[n, n] = 0.0
    right[:n] = [overlap(a, exponent(width)) for a in kept]
    return np.linalg.solve(system, right)[:n].astype(np.float64)


def overlap(a: float, b: float) -> float:
    """∫ of the product of two profiles (γ + 1) τ^γ over τ from 0 to 1 (eq. 20 there, at equal times)."""
    return (a + 1) * (b + 1) / (a + b + 1)
