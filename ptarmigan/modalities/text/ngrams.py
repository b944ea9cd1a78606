"""Models that count n-grams: samplers, and one with smoothing, by which perplexities are measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ptarmigan.modalities.text.bleu import Floats, Ints, starts
from ptarmigan.modalities.text.tokens import BOS, EOS, PAD, UNK

Ids = NDArray[np.int32]

DISCOUNT = 0.75
"""Of Kneser and Ney, for all orders."""


class Sampler:
    """Draws each token from those that follow the last ``order`` − 1 in a text (Shannon 1948).

    Args:
        raw: sentences; those with unknown tokens are left out, unless all have some.
        order: tokens of an n-gram.
    """

    def __init__(self, raw: Ids, order: int) -> None:
        whole = raw[~(raw == UNK).any(1)]
        raw = whole if len(whole) else raw
        self.length = raw.shape[1]
        ended = np.concatenate([raw, np.full((len(raw), 1), PAD, raw.dtype)], 1)
        full = (raw == EOS).sum(1) == 0
        ended[full, -1] = EOS
        history = np.concatenate([np.full((len(raw), order - 1), BOS, raw.dtype), ended], 1)
        windows = np.lib.stride_tricks.sliding_window_view(history, order, 1)
        there = ended != PAD
        _, group = np.unique(windows[there][:, :-1], axis=0, return_inverse=True)
        self.tokens, self.group = ended[there], group.reshape(-1).astype(np.int64)
        self.begin = int(self.group[0])
        self.members = np.argsort(self.group, kind="stable")
        self.first = np.flatnonzero(starts(self.group[self.members]))
        self.size = np.diff(np.append(self.first, len(self.members)))

    def draw(self, n: int, rng: np.random.Generator) -> Ids:
        """``n`` sentences, cut at the length of those counted."""
        raw = np.full((n, self.length), PAD, np.int32)
        at, going = np.full(n, self.begin), np.arange(n)
        for t in range(self.length):
            chosen = self.first[at] + (rng.random(len(at)) * self.size[at]).astype(np.int64)
            place = self.members[chosen]
            raw[going, t] = self.tokens[place]
            on = self.tokens[place] != EOS
            going, at = going[on], self.group[np.minimum(place[on] + 1, len(self.group) - 1)]
        return raw


class KneserNey:
    """Trigrams with interpolated Kneser-Ney smoothing: Chen and Goodman 1999, eq. 25 to 28.

    Below the unigrams is the uniform distribution over ``tokens``, so that nothing is impossible.

    Args:
        raw: sentences to count.
        tokens: how many different ones there are, ends and unknown ones too.
    """

    def __init__(self, raw: Ids, tokens: int) -> None:
        self.tokens = tokens
        keys, times = np.unique(self.keys(*trigrams(raw)), return_counts=True)
        self.levels = [Level(keys, times, tokens)]
        for _ in range(2):
            keys, times = np.unique(keys % tokens ** (2 if len(self.levels) == 1 else 1), return_counts=True)
            self.levels.append(Level(keys, times, tokens))

    def keys(self, u: Ints, v: Ints, w: Ints) -> Ints:
        """One number for three tokens."""
        return (u * self.tokens + v) * self.tokens + w

    def log_probabilities(self, raw: Ids) -> tuple[Floats, Ints]:
        """The sum of log p over the known tokens and the end of each sentence, and how many these are."""
        u, v, w = trigrams(raw)
        p = np.full(len(w), 1 / self.tokens)
        for level, keys in zip(
            reversed(self.levels), (w, v * self.tokens + w, self.keys(u, v, w)), strict=True
        ):
            p = level.interpolated(keys, p)
        rows = np.nonzero(raw != PAD)[0]
        known = w != UNK
        sums = np.bincount(rows[known], np.log(p[known]), len(raw))
        return sums.astype(np.float64), np.bincount(rows[known], minlength=len(raw)).astype(np.int64)


class Level:
    """n-grams of one order: counts, or of lower orders in how many contexts they occur.

    Args:
        keys: of the n-grams, in order; the context is the key without its last token.
        times: their counts.
        tokens: how many different ones there are.
    """

    def __init__(self, keys: Ints, times: Ints, tokens: int) -> None:
        self.grams, self.times, self.base = keys, times, tokens
        self.contexts, which = np.unique(keys // tokens, return_inverse=True)
        self.totals = np.bincount(which, times)
        self.kinds = np.bincount(which)

    def interpolated(self, keys: Ints, below: Floats) -> Floats:
        """The probabilities of n-grams, from those of the order below, and these where a context is new."""
        totals, kinds = (looked_up(self.contexts, of, keys // self.base) for of in (self.totals, self.kinds))
        own = np.maximum(looked_up(self.grams, self.times, keys) - DISCOUNT, 0)
        mixed = (own + DISCOUNT * kinds * below) / np.maximum(totals, 1)
        return np.where(totals > 0, mixed, below)


def looked_up(known: Ints, values: NDArray[np.generic], keys: Ints) -> Floats:
    """The values of keys, 0 of those that are not there."""
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, values[at], 0).astype(np.float64)


def trigrams(raw: Ids) -> tuple[Ints, Ints, Ints]:
    """Every token and end with the two tokens before it."""
    history = np.concatenate([np.full((len(raw), 2), BOS, raw.dtype), raw], 1).astype(np.int64)
    there = raw != PAD
    return history[:, :-2][there], history[:, 1:-1][there], history[:, 2:][there]


def perplexity(sums: Floats, counts: Ints) -> float:
    """The exponential of the mean of −log p."""
    return float(np.exp(-sums.sum() / max(1, counts.sum())))
