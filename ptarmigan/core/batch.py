"""A batch: a named tuple of tensors, one row a sample."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Batch(NamedTuple):
    """Real samples ``x``, and what they are conditioned on.

    That is their classes ``c`` (int64, shape ``(batch,)``) where the data is labelled; in a translation, the
    encoded inputs ``c``, which belong to ``x`` where the data is paired, and are any inputs where it is not.
    Where a turn does not read the samples, ``x`` lives on the meta device: it has a shape and no numbers.
    """

    x: Tensor
    c: Tensor | None = None


def unread(n: int, shape: tuple[int, ...], c: Tensor | None = None) -> Batch:
    """A batch of ``n`` samples that nobody may look at; reading its ``x`` is an error."""
    return Batch(torch.empty(n, *shape, device="meta"), c)
