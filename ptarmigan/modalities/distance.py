"""How far what a network makes is from what it should have made, as a loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch.nn.functional as F
from torch import Tensor

from ptarmigan.data.space import Space
from ptarmigan.modalities.label.space import LabelSpace

Distance: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""What was made and what it should be, both encoded, to a scalar."""

SHARP = 5.0
"""What outputs, from -1 to 1, are multiplied by to be logarithms of odds."""


def distance(space: Space) -> Distance:
    """L1 for pictures; for label maps the cross-entropy, as the median of labels knows no rare class."""
    return unlikeliness if isinstance(space, LabelSpace) else F.l1_loss


def unlikeliness(made: Tensor, labels: Tensor) -> Tensor:
    """The cross-entropy of outputs from -1 to 1, a channel for each class, against encoded label maps.

    Pixels that are of no class have no part in it.
    """
    void = labels.amax(1) < 0
    found = F.cross_entropy(SHARP * made, labels.argmax(1), reduction="none")
    return found.masked_fill(void, 0).sum() / (~void).sum().clamp(min=1)
