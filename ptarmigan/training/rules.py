"""Update rules: from losses to updates. The step of training is here, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import Parameter
from torch.optim import Optimizer

from ptarmigan.core.game import Game, State, Terms, Turn
from ptarmigan.core.precision import at_least_float32
from ptarmigan.training.distributed import mean_over_ranks
from ptarmigan.training.draw import Batches, Draw

Optimizers: TypeAlias = Mapping[str, Optimizer]
Rule: TypeAlias = Callable[[Game, Optimizers, Draw, int], Terms]

SKIPPED = "skipped"


def descend(game: Game, optimizers: Optimizers, turn: Turn, draw: Batches) -> Terms:
    """Compute the gradients of the parameters of the turn's players, and of no others.

    Precision, accumulation and averaging over ranks belong here. The terms are returned as tensors, with one
    more, ``skipped``: 1 where a term or a gradient is not finite. Such a turn does not change buffers and
    states.
    """
    held = [p for name in turn.players for p in parameters(optimizers[name])]
    game.requires_grad_(False)
    for p in held:
        p.requires_grad_(True)
        p.grad = None
    modules = list(game.modules())
    buffers = statistics(modules)
    before = [b.clone() for b in buffers]
    log: Terms = {}
    with closing(draw(turn)) as batches:
        for batch in batches:
            with draw.autocast():
                terms = turn.loss(batch)
            terms = {name: at_least_float32(term) for name, term in terms.items()}
            (torch.stack(list(terms.values())).sum() / draw.accumulate).backward()
            for name, term in terms.items():
                share = term.detach() / draw.accumulate
                log[name] = log[name] + share if name in log else share
    gradients = [p.grad for p in held if p.grad is not None]
    states = [module for module in modules if isinstance(module, State) and module.notes]
    mean_over_ranks([*gradients, *log.values(), *(state.total for state in states)])
    mean_over_ranks(buffers, exact=True)  # constants are among them
    bad = not_finite([*gradients, *log.values()])
    for state in states:
        state.settle(bad)
    put_back(buffers, before, bad)
    return {**log, SKIPPED: bad}


def alternating(game: Game, optimizers: Optimizers, draw: Batches, step: int) -> Terms:
    """Players are updated one after another, each against the latest weights of the others."""
    log: Terms = {}
    for _, terms in turn_by_turn(game, optimizers, draw, step):
        log = joined(log, terms)
    return log


def turn_by_turn(
    game: Game, optimizers: Optimizers, draw: Batches, step: int
) -> Iterator[tuple[Turn, Terms]]:
    """The updates of a step of ``alternating``, one at a time: the turn, and its terms."""
    for turn in due(game, step):
        for _ in range(turn.times):
            terms = descend(game, optimizers, turn, draw)
            for name in turn.players:
                move(optimizers[name], terms[SKIPPED])
            yield turn, terms


def simultaneous(game: Game, optimizers: Optimizers, draw: Draw, step: int) -> Terms:
    """Players are updated at once, each against the previous weights of the others."""
    moves, log = field(game, optimizers, draw, step)
    apply(moves, optimizers, log[SKIPPED])
    return log


def extragradient(game: Game, optimizers: Optimizers, draw: Draw, step: int) -> Terms:
    """Players are updated by the gradients at a look-ahead step (the extragradient method).

    Korpelevich 1976; for GANs, with Adam, Gidel et al. 2019, arXiv 1802.10551.
    """
    here = [p for optimizer in optimizers.values() for p in parameters(optimizer)]
    moves, log = field(game, optimizers, draw, step)
    stood = [p.detach().clone() for p in here]
    apply(moves, optimizers, log[SKIPPED])
    moves, ahead = field(game, optimizers, draw, step)
    with torch.no_grad():
        for p, old in zip(here, stood, strict=True):
            p.copy_(old)
    log = joined(log, ahead)
    apply(moves, optimizers, log[SKIPPED])
    return log


Moves: TypeAlias = dict[str, dict[Parameter, Tensor]]


def field(game: Game, optimizers: Optimizers, draw: Draw, step: int) -> tuple[Moves, Terms]:
    """Every player's gradient at one point: the sum over its turns, repeated turns averaged."""
    moves: Moves = {}
    log: Terms = {}
    for turn in due(game, step):
        for _ in range(turn.times):
            log = joined(log, descend(game, optimizers, turn, draw))
            for name in turn.players:
                mine = moves.setdefault(name, {})
                for p in parameters(optimizers[name]):
                    if p.grad is not None:
                        share = p.grad / turn.times
                        mine[p] = mine[p] + share if p in mine else share
    return moves, log


def apply(moves: Moves, optimizers: Optimizers, bad: Tensor) -> None:
    """Update every player by its gradient."""
    for name, gradients in moves.items():
        for p in parameters(optimizers[name]):
            p.grad = gradients.get(p)
        move(optimizers[name], bad)


def due(game: Game, step: int) -> Iterator[Turn]:
    """The turns of this step."""
    return (turn for turn in game.turns() if turn.when(step))


def parameters(optimizer: Optimizer) -> list[Parameter]:
    """The optimizer's parameters."""
    return [p for group in optimizer.param_groups for p in group["params"]]


def statistics(modules: list[nn.Module]) -> list[Tensor]:
    """The buffers that a forward pass changes: batch statistics. A ``State`` changes after it."""
    owners = (module for module in modules if module._buffers and not isinstance(module, State))
    return [b for owner in owners for b in owner.buffers(recurse=False) if b.is_floating_point()]


def move(optimizer: Optimizer, bad: Tensor) -> None:
    """Take the optimizer's step, unless ``bad``; a fused one reads the flag itself, so a GPU never waits."""
    if all(group.get("fused") for group in optimizer.param_groups):
        optimizer.found_inf = bad  # type: ignore[attr-defined]
        optimizer.step()
    elif not bad:
        optimizer.step()


def not_finite(tensors: list[Tensor]) -> Tensor:
    """1 where any number is infinite or NaN, else 0: a scalar on the device."""
    norms = torch.stack(torch._foreach_norm(tensors))
    return (~torch.isfinite(norms.sum())).float()


def put_back(buffers: list[Tensor], before: list[Tensor], bad: Tensor) -> None:
    """Restore ``buffers`` after a bad turn."""
    if bad.is_cpu and not bad:
        return  # on a CPU asking is free, and saves the copies
    for buffer, old in zip(buffers, before, strict=True):
        buffer.copy_(torch.where(bad.bool(), old, buffer))


def joined(log: Terms, terms: Terms) -> Terms:
    """Merge terms: later ones replace earlier ones, and ``skipped`` is 1 if it is in either."""
    skipped = [part[SKIPPED] for part in (log, terms) if SKIPPED in part]
    return {**log, **terms, SKIPPED: torch.stack(skipped).max()}
