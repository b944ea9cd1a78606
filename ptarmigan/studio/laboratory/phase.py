"""The plane of the two numbers θ and ψ that a Dirac-GAN learns, and what the players do to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core.process import learning
from ptarmigan.training.draw import Draw
from ptarmigan.training.rules import field, parameters
from ptarmigan.training.run import Run

REACH, SIDE = 2.0, 15
"""What is seen of the plane, from minus this to this, and arrows along a side."""


def learnt(run: Run) -> list[Tensor]:
    """θ of the generator, and ψ of the discriminator; nothing where a game learns anything else."""
    found: list[Tensor] = [p for optimizer in run.optimizers.values() for p in parameters(optimizer)]
    return found[::-1] if len(found) == 2 and all(p.numel() == 1 for p in found) else []


def vector_field(run: Run, numbers: Sequence[Tensor]) -> NDArray[np.float64]:
    """What simultaneous gradient descent does to θ and ψ: minus both gradients, ``(rows, columns, 2)``.

    Rows go from the largest ψ to the smallest. The numbers are afterwards what they were.
    """
    before, draw = [p.detach().clone() for p in numbers], Draw(run.samples, seed=run.seed)
    at, found = np.linspace(-REACH, REACH, SIDE), np.zeros((SIDE, SIDE, 2))
    with learning():
        for row, psi in enumerate(at[::-1]):
            for column, theta in enumerate(at):
                for p, value in zip(numbers, (theta, psi), strict=True):
                    p.data.fill_(float(value))
                moves, _ = field(run.game, run.optimizers, draw, 0)
                gradients = {p: gradient for player in moves.values() for p, gradient in player.items()}
                found[row, column] = [-float(gradients[p]) for p in numbers]  # type: ignore[index]
    for p, value in zip(numbers, before, strict=True):
        p.data.copy_(value)
        p.grad = None
    return found
