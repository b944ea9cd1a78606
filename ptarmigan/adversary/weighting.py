"""How much an adversary counts beside the loss that was there before it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import Parameter

from ptarmigan.training.distributed import mean_over_ranks

TINY = 1e-4
"""Added to the norm that is divided by, as published."""


@dataclass(frozen=True)
class Ramp:
    """A weight that is 0 for ``warmup`` steps, and rises to 1 over ``length`` more.

    The discriminator learns from the first step on, so that it is trained when it begins to count.
    """

    warmup: int
    length: int

    def __call__(self, step: int) -> float:
        """The weight at a step, from 0 to 1."""
        if step < self.warmup:
            return 0.0
        return min((step - self.warmup + 1) / (self.length + 1), 1.0)


def balance(other: Tensor, adversarial: Tensor, layer: Parameter, limit: float) -> Tensor:
    """The ratio of two losses' gradient norms at a layer, at most ``limit``: both then move it as far.

    Esser et al. 2021, "Taming transformers", arXiv 2012.09841, equation 7. It is the same on all ranks.
    """
    theirs, ours = (norm(loss, layer) for loss in (other, adversarial))
    norms = torch.stack([theirs, ours])
    mean_over_ranks([norms])
    return (norms[0] / (norms[1] + TINY)).clamp(0, limit)


def norm(loss: Tensor, at: Tensor) -> Tensor:
    """The norm of a loss's gradient; the graph stays."""
    (gradient,) = torch.autograd.grad(loss, at, retain_graph=True, allow_unused=True)
    if gradient is None:
        return loss.new_zeros(())
    return torch.as_tensor(torch.linalg.vector_norm(gradient.detach().float()))
