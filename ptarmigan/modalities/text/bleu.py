"""BLEU of sentences against references, and of each sentence against the others: Papineni et al. 2002.

As nltk's ``sentence_bleu`` has it with ``SmoothingFunction().method1``: weights 1/n, a clipped count of 0 is
0.1, a sentence without a word of the references scores 0, and the length that counts is the closest of the
references, the shorter of two. What these hold is counted once: many sentences cost little more than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.text.tokens import UNK
from ptarmigan.modalities.text.vocabulary import lengths

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]

ORDERS = 5
"""Of the longest n-grams."""
SMALL = 0.1
"""What a clipped count of 0 becomes."""
SHIFT, MIX, STEP = np.uint64(31), np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


class Counts(NamedTuple):
    """How often rows have n-grams of one order: in the order of n-grams, then of rows.

    Attributes:
        keys: the n-gram.
        rows: which row has it.
        times: how often.
    """

    keys: Keys
    rows: Ints
    times: Ints


def ngrams(raw: NDArray[np.generic], orders: int = ORDERS) -> Iterator[tuple[Ints, Keys]]:
    """The rows and the keys of all n-grams of known tokens, order by order; a key is a hash of 64 bits."""
    tokens, long = raw.astype(np.uint64), lengths(raw)
    rows, at = np.nonzero((np.arange(raw.shape[1]) < long[:, None]) & (raw != UNK))
    keys = np.zeros(len(rows), np.uint64)
    for order in range(orders):
        keys = (keys ^ (keys >> SHIFT)) * MIX + tokens[rows, at + order] * STEP
        yield rows, keys
        after = at + order + 1
        more = after < long[rows]
        more[more] = raw[rows[more], after[more]] != UNK
        rows, at, keys = rows[more], at[more], keys[more]


def counted(rows: Ints, keys: Keys) -> Counts:
    """How often every row has every n-gram."""
    order = np.lexsort((rows, keys))
    rows, keys = rows[order], keys[order]
    first = np.flatnonzero(starts(keys) | starts(rows))
    return Counts(keys[first], rows[first], np.diff(np.append(first, len(keys))))


def starts(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where another value begins."""
    return np.append(True, values[1:] != values[:-1])[: len(values)]


class References:
    """What references hold: their lengths, and how often one of them has each n-gram at most.

    Args:
        raw: numbers of tokens ``(n, length)``; those that are not known match nothing.
    """

    def __init__(self, raw: NDArray[np.generic]) -> None:
        self.lengths = np.unique(lengths(raw))
        self.tables: list[tuple[Keys, Ints]] = []
        for rows, keys in ngrams(raw):
            found = counted(rows, keys)
            first = np.flatnonzero(starts(found.keys))
            most = np.maximum.reduceat(found.times, first) if len(first) else found.times
            self.tables.append((found.keys[first], most))

    def bleu(self, raw: NDArray[np.generic]) -> Floats:
        """BLEU-2 to BLEU-5 of sentences, ``(n, 4)``."""

        def clipped(order: int, found: Counts) -> Ints:
            keys, most = self.tables[order]
            if not len(keys):
                return np.zeros_like(found.times)
            at = np.searchsorted(keys, found.keys)
            at[at == len(keys)] = 0
            return np.where(keys[at] == found.keys, np.minimum(found.times, most[at]), 0)

        long = lengths(raw)
        return scores(raw, clipped, nearest(long, self.lengths))


def self_bleu(raw: NDArray[np.generic]) -> Floats:
    """BLEU-2 to BLEU-5 of every sentence against all of the others, ``(n, 4)``.

    Raises:
        ValueError: there is no other.
    """
    if len(raw) < 2:
        raise ValueError("a sentence is compared with others, and there is one")
    long = lengths(raw)
    known, times = np.unique(long, return_counts=True)
    others = np.array([nearest(np.array([one]), known[known != one])[0] for one in known if len(known) > 1])
    closest = known if len(known) == 1 else np.where(times > 1, known, others)
    return scores(raw, clipped_by_others, closest[np.searchsorted(known, long)])


def clipped_by_others(order: int, found: Counts) -> Ints:
    """Counts clipped by the largest that another row has."""
    if not len(found.keys):
        return found.times
    group = np.cumsum(starts(found.keys)) - 1
    ranked = np.lexsort((-found.times, group))
    first = np.flatnonzero(starts(group[ranked]))
    size = np.diff(np.append(first, len(group)))
    largest = found.times[ranked[first]]
    second = np.where(size > 1, found.times[ranked[np.minimum(first + 1, len(group) - 1)]], 0)
    most = largest[group]
    leader = ranked[first]
    most[leader] = second
    fewer: Ints = np.minimum(found.times, most)
    return fewer


def scores(raw: NDArray[np.generic], clipped: Callable[[int, Counts], Ints], closest: Ints) -> Floats:
    """BLEU-2 to BLEU-5 from clipped counts of n-grams, and the length of the reference of each."""
    long = lengths(raw)
    logarithms = np.zeros((len(raw), ORDERS))
    for order, (rows, keys) in enumerate(ngrams(raw)):
        found = counted(rows, keys)
        matches = np.bincount(found.rows, clipped(order, found), len(raw))
        logarithms[:, order] = np.log(np.where(matches > 0, matches, SMALL) / np.maximum(1, long - order))
        if order == 0:
            nothing = matches == 0
    penalty = np.where(long > closest, 1, np.exp(1 - closest / np.maximum(long, 1)))
    means = np.cumsum(logarithms, 1)[:, 1:] / np.arange(2, ORDERS + 1)
    return np.where(nothing[:, None], 0, penalty[:, None] * np.exp(means))


def nearest(values: Ints, known: Ints) -> Ints:
    """The nearest of ``known``, in order, to each value; the smaller of two."""
    after = np.minimum(np.searchsorted(known, values), len(known) - 1)
    before = np.maximum(after - 1, 0)
    lower = values - known[before] <= known[after] - values
    found: Ints = np.where(lower, known[before], known[after])
    return found
