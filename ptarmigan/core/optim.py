"""Optimizers, with the settings of adversarial learning; each is a player, and updates what it holds.

The engine skips a step that is not finite. Adam, AdamW and SGD are fused and read on the device the flag that
the engine sets, ``optimizer.found_inf``; the others are skipped by the engine in Python.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import torch
from torch import nn, optim
from torch.optim import Optimizer

Held: TypeAlias = nn.Module | Iterable[nn.Parameter]


Kind = TypeVar("Kind", bound=Optimizer)


def _without_compiler(kind: type[Kind]) -> type[Kind]:
    """A kind of optimizer that does not import torch's compiler, which takes as long as importing torch.

    ``step`` imports it to break graphs around it; other methods at their first call, to tell it to leave them
    alone, and they keep what they get from it under ``__dynamo_disable``. Networks alone are compiled here,
    so nothing is lost.
    """
    for method in vars(Optimizer).values():
        plain = getattr(method, "__wrapped__", None)
        if plain is not None and method.__module__ == Optimizer.__module__:
            plain.__dict__.setdefault("__dynamo_disable", plain)
    step = torch.no_grad()(inspect.unwrap(kind.step))
    return cast("type[Kind]", type(kind.__name__, (kind,), {"step": step, "__module__": __name__}))


if TYPE_CHECKING:
    from torch.optim import SGD as SGD
    from torch.optim import Adam as Adam
    from torch.optim import AdamW as AdamW
    from torch.optim import RMSprop as RMSprop
else:
    SGD, Adam, AdamW, RMSprop = map(_without_compiler, (optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop))


def adam(held: Held, lr: float, betas: tuple[float, float] = (0.0, 0.99), eps: float = 1e-8) -> Adam:
    """Adam, without momentum by default: the other player changes the loss, so old gradients are outdated.

    Kingma and Ba 2015, arXiv 1412.6980; betas of Karras et al. 2018, arXiv 1710.10196.
    """
    return Adam(_parameters(held), lr, _floats(betas), eps, fused=True)


def adams(
    game: nn.Module,
    lr: float,
    betas: tuple[float, float] = (0.5, 0.999),
    players: Iterable[str] = ("discriminator", "generator"),
) -> dict[str, Adam]:
    """An Adam for each player, which has the name of the network that it updates."""
    return {player: adam(game.get_submodule(player), lr, betas) for player in players}


def adamw(
    held: Held,
    lr: float,
    betas: tuple[float, float] = (0.0, 0.99),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> AdamW:
    """Adam with decoupled weight decay: Loshchilov and Hutter 2019, arXiv 1711.05101."""
    return AdamW(_parameters(held), lr, _floats(betas), eps, weight_decay, fused=True)


def rmsprop(held: Held, lr: float, alpha: float = 0.99, eps: float = 1e-8) -> RMSprop:
    """RMSprop (Tieleman and Hinton 2012), which WGAN uses with ``lr=5e-5`` (arXiv 1701.07875)."""
    return RMSprop(_parameters(held), lr, alpha, eps)


def sgd(held: Held, lr: float, momentum: float = 0.0) -> SGD:
    """Stochastic gradient descent."""
    return SGD(_parameters(held), lr, momentum, fused=True)


def clip_weights(optimizer: Optimizer, limit: float) -> Optimizer:
    """Clip the weights of ``optimizer`` to ± ``limit`` after each of its steps; returns the optimizer.

    WGAN keeps its critic Lipschitz in this way, with ``limit=0.01``: Arjovsky et al. 2017, arXiv 1701.07875.
    """

    @torch.no_grad()
    def clip(stepped: Optimizer, args: Any, kwargs: Any) -> None:
        for group in stepped.param_groups:
            for p in group["params"]:
                p.clamp_(-limit, limit)

    optimizer.register_step_post_hook(clip)
    return optimizer


def _floats(betas: tuple[float, float]) -> tuple[float, float]:
    """As floats: torch refuses ``(0, 0.99)``."""
    return float(betas[0]), float(betas[1])


def _parameters(held: Held) -> list[nn.Parameter]:
    return list(held.parameters() if isinstance(held, nn.Module) else held)
