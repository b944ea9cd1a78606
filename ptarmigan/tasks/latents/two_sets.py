"""Two sets of samples as the two classes of one."""

from __future__ import annotations

import numpy as np

from ptarmigan.core.memory import check_memory
from ptarmigan.data.samples import ArraySource, Samples, sample_bytes

NAMES = ("without", "with")
MOST = 20_000
"""Samples of each that are learnt from."""
BATCH = 64


def two_classes(a: Samples, b: Samples) -> Samples:
    """The samples of ``a`` as one class, and those of ``b`` as another, as many of each.

    Repeated where one has fewer, so that a classifier has no reason to prefer the other.
    """
    n = min(MOST, max(len(a), len(b)))
    check_memory(2 * n * sample_bytes(a.space), f"{2 * n:,} samples")
    raw = [each.source.read(np.arange(n) % len(each)) for each in (a, b)]
    labels = np.repeat(np.arange(2), n)
    return Samples(ArraySource(np.concatenate(raw), labels, NAMES), a.space, batch=min(BATCH, n))
