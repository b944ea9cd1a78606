"""The exponential moving average (EMA) of weights, by which samples and scores are computed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ptarmigan.core.game import Game, State


class EMA:
    """An exponential moving average of the networks in ``game.ema``.

    Batch statistics are averaged with the weights they belong to; a ``State`` is copied.
    """

    def __init__(self, game: Game) -> None:
        self.networks = nn.ModuleDict({name: copy.deepcopy(getattr(game, name)) for name in game.ema})
        self.networks.eval().requires_grad_(False)
        self.pairs = [paired(mine, getattr(game, name)) for name, mine in self.networks.items()]

    def update(self, *, batch: int, half_life: float) -> None:
        """Update the average after a step of ``batch`` samples; ``half_life`` is in samples."""
        self.follow(1 - 0.5 ** (batch / half_life) if half_life > 0 else 1.0)

    @torch.no_grad()
    def follow(self, share: float) -> None:
        """Move the average by this share of the way to the current weights."""
        for blend, copied in self.pairs:
            if blend[0]:  # a State has none
                torch._foreach_lerp_(blend[0], blend[1], share)
            for old, new in zip(*copied, strict=True):
                old.copy_(new)

    @contextmanager
    def applied_to(self, game: Game) -> Iterator[Game]:
        """A context in which the game has EMA weights and is in evaluation mode."""
        own = {name: getattr(game, name) for name in self.networks}
        training = game.training
        try:
            for name, network in self.networks.items():
                setattr(game, name, network)
            yield game.eval()
        finally:
            for name, network in own.items():
                setattr(game, name, network)
            game.train(training)


Pairs = tuple[list[Tensor], list[Tensor]]


def paired(mine: nn.Module, theirs: nn.Module) -> tuple[Pairs, Pairs]:
    """The tensors of two equal networks that are blended, and those that are copied."""
    blend: Pairs = ([], [])
    copied: Pairs = ([], [])
    for a, b in zip(mine.modules(), theirs.modules(), strict=True):
        own = [*a.parameters(recurse=False), *a.buffers(recurse=False)]
        others = [*b.parameters(recurse=False), *b.buffers(recurse=False)]
        for p, q in zip(own, others, strict=True):
            kept = copied if isinstance(a, State) or not p.is_floating_point() else blend
            kept[0].append(p.detach())
            kept[1].append(q.detach())
    return blend, copied
