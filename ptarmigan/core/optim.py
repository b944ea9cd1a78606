"""Optimizers, with the settings of adversarial learning: what one holds is what its player moves.

The engine skips a step that is not finite. Adam, AdamW and SGD are fused and learn it on the device, from the
flag that the engine leaves in ``optimizer.found_inf``; the others are skipped by the engine in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

Held: TypeAlias = nn.Module | Iterable[nn.Parameter]


def adam(held: Held, lr: float, betas: tuple[float, float] = (0.0, 0.99), eps: float = 1e-8) -> Adam:
    """Adam, without momentum by default: the other player moves too, so old gradients mislead.

    Kingma and Ba 2015, arXiv 1412.6980; betas of Karras et al. 2018, arXiv 1710.10196.
    """
    return Adam(_parameters(held), lr, _floats(betas), eps, fused=True)


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
    """RMSprop (Tieleman and Hinton 2012), which WGAN plays with ``lr=5e-5`` (arXiv 1701.07875)."""
    return RMSprop(_parameters(held), lr, alpha, eps)


def sgd(held: Held, lr: float, momentum: float = 0.0) -> SGD:
    """Stochastic gradient descent."""
    return SGD(_parameters(held), lr, momentum, fused=True)


class OptimisticAdam(Optimizer):
    """Adam that bets on the next gradient being like this one: optimistic mirror descent.

    With Adam's direction d it moves w ← w - 2η·d_t + η·d_{t-1}, which goes to the equilibrium of games around
    which Adam turns for ever. Daskalakis et al. 2018, arXiv 1711.00141, algorithm 1.

    Args:
        held: a module, or parameters.
        lr: the rate η.
        betas: decay of the mean gradient and of the mean squared gradient.
        eps: added to the root of the latter. Gradients much smaller than it make small steps; larger
            ones make steps of about ``lr``, so the players end near the equilibrium, not on it.
    """

    def __init__(
        self, held: Held, lr: float, betas: tuple[float, float] = (0.0, 0.99), eps: float = 1e-8
    ) -> None:
        super().__init__(_parameters(held), {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Move every parameter that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    before = self.state[p].get("direction")
                    now = self._direction(p, group["betas"], group["eps"])
                    p.add_(now, alpha=-2 * group["lr"])
                    if before is not None:
                        p.add_(before, alpha=group["lr"])
        return loss

    def _direction(self, p: Tensor, betas: tuple[float, float], eps: float) -> Tensor:
        """Adam's direction, which is also kept for the next step."""
        state: dict[str, Any] = self.state[p]
        if not state:
            state |= {"step": 0, "mean": torch.zeros_like(p), "square": torch.zeros_like(p)}
        state["step"] += 1
        state["mean"].lerp_(p.grad, 1 - betas[0])
        state["square"].mul_(betas[1]).addcmul_(p.grad, p.grad, value=1 - betas[1])
        mean = state["mean"] / (1 - betas[0] ** state["step"])
        root = (state["square"] / (1 - betas[1] ** state["step"])).sqrt()
        direction: Tensor = mean / (root + eps)
        state["direction"] = direction
        return direction


def clip_weights(optimizer: Optimizer, limit: float) -> Optimizer:
    """Keep what ``optimizer`` holds within ± ``limit`` after each of its steps; returns the optimizer.

    It is how WGAN keeps its critic Lipschitz, with ``limit=0.01``: Arjovsky et al. 2017, arXiv 1701.07875.
    """

    @torch.no_grad()
    def clip(stepped: Optimizer, args: Any, kwargs: Any) -> None:
        for group in stepped.param_groups:
            for p in group["params"]:
                p.clamp_(-limit, limit)

    optimizer.register_step_post_hook(clip)
    return optimizer


def _floats(betas: tuple[float, float]) -> tuple[float, float]:
    """Torch refuses ``(0, 0.99)``."""
    return float(betas[0]), float(betas[1])


def _parameters(held: Held) -> list[nn.Parameter]:
    return list(held.parameters() if isinstance(held, nn.Module) else held)
