"""A batch: a named tuple of tensors, one row a sample."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Batch(NamedTuple):
    """Real samples ``x``, and what they are conditioned on.

    Where the data is labelled, ``c`` are their classes (int64, shape ``(batch,)``); in a translation, the
    encoded inputs: of ``x`` where the data is paired, unrelated ones where it is not.
    Where a turn does not read the samples, ``x`` is on the meta device: it has a shape and no numbers.
    """

    x: Tensor
    c: Tensor | None = None


def unread(n: int, shape: tuple[int, ...], c: Tensor | None = None) -> Batch:
    """A batch of ``n`` samples that are not loaded; reading its ``x`` is an error."""
    return Batch(torch.empty(n, *shape, device="meta"), c)
