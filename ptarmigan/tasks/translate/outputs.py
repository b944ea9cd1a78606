"""What a game makes of raw inputs, each by itself, so that it does not depend on its neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.core.inference import inference
from ptarmigan.data.permutation import Indices
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.tasks.generate import CHUNK
from ptarmigan.tasks.translate.show import BACK, INPUT, OUTPUT, TARGET, Columns

Back: TypeAlias = Callable[[Tensor, Tensor], Tensor | None]
"""Samples made into inputs again, ``Translation.back``."""


@dataclass(frozen=True, eq=False)
class Outputs:
    """Translations of the inputs of some samples.

    Attributes:
        samples: they have inputs.
        seed: the random seed of latents.
        precision: the dtype of autocast, or None.
    """

    samples: Samples
    seed: int
    precision: torch.dtype | None

    def columns(self, game: Game, back: Back, which: Indices) -> Columns:
        """Held-out inputs, their outputs, targets where they match, and what becomes of outputs again."""
        inputs = self.samples.require_condition()
        outputs = np.concatenate(list(self.held_out(game, which)))
        found = {INPUT: inputs.held_out.read(which), OUTPUT: outputs}
        if inputs.matched:
            found[TARGET] = self.samples.held_out.read(which)
        again = self.back(game, back, outputs)
        return found if again is None else {**found, BACK: again}

    def held_out(self, game: Game, which: Indices, members: int = 1) -> Iterator[NDArray[Any]]:
        """Translations of held-out inputs, a few at a time; of several members all of an input together."""
        source = self.samples.require_condition().held_out
        parts = np.array_split(which, max(1, -(-len(which) // CHUNK)))
        if members == 1:
            return self.of(game, (source.read(part) for part in parts))
        return (self.members(game, source.read(part), members) for part in parts)

    def members(self, game: Game, raw: NDArray[Any], members: int) -> NDArray[Any]:
        """As many translations of each raw input, one input after another, of one seed after another."""
        each = [
            np.concatenate(list(replace(self, seed=self.seed + i).of(game, [raw]))) for i in range(members)
        ]
        return np.stack(each, 1).reshape(-1, *each[0].shape[1:])

    def of(self, game: Game, given: Iterable[NDArray[Any]]) -> Iterator[NDArray[Any]]:
        """Translations of raw inputs, a few at a time."""
        spaces = self.samples.require_inputs(), self.samples.space
        return translations(game, *spaces, given, seed=self.seed, precision=self.precision)

    def back(self, game: Game, back: Back, raw: NDArray[Any]) -> NDArray[Any] | None:
        """Raw outputs made into raw inputs again, each by itself; None where the game goes one way only."""
        device = next(game.parameters()).device
        found = []
        for b in self.samples.space.encode(raw).to(torch.get_default_dtype()).split(1):
            with inference(game, self.seed, "translate back", samples=1, precision=self.precision):
                a = back(b.to(device), noise.normal(1, game.latent))
            if a is None:
                return None
            found.append(self.samples.require_inputs().decode(a))
        return np.concatenate(found)


def translations(
    game: Game,
    inputs: Space,
    space: Space,
    given: Iterable[NDArray[Any]],
    *,
    seed: int = 0,
    precision: torch.dtype | None = None,
) -> Iterator[NDArray[Any]]:
    """Raw inputs, a few at a time, made into as many raw samples by a game in evaluation mode.

    Every input is translated by itself, so that what it becomes does not depend on its neighbours.

    Args:
        game: translates.
        inputs: encodes the inputs.
        space: decodes the samples.
        given: raw inputs, one a row.
        seed: the random seed of the latent, and what a network drops, where there are such: the same for all
            inputs.
        precision: the dtype of autocast, or None.
    """
    device = next(game.parameters()).device
    for raw in given:
        made = []
        for a in inputs.encode(raw).to(torch.get_default_dtype()).split(1):
            with inference(game, seed, "translate", samples=1, precision=precision):
                made.append(space.decode(game.sample(noise.normal(1, game.latent), a.to(device))))
        yield np.concatenate(made)
