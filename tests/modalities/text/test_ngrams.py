"""Models that count: distributions that sum to one, and samplers that say what may follow."""

from __future__ import annotations

import numpy as np
import pytest

from ptarmigan.modalities.text.ngrams import KneserNey, Sampler, perplexity
from ptarmigan.modalities.text.tokens import EOS, PAD, UNK

RAW = np.array([[4, 5, 6, EOS, PAD], [4, 5, 7, 5, EOS], [4, 5, 6, 5, 7], [6, EOS, PAD, PAD, PAD]], np.int32)
TOKENS = 8


def test_what_follows_two_tokens_has_probability_one():
    model = KneserNey(RAW, TOKENS)
    for history in ([4, 5], [5, 7], [7, 7]):  # the last was never seen
        rows = np.array([[*history, token] for token in range(TOKENS) if token not in (PAD, UNK)], np.int32)
        whole, _ = model.log_probabilities(rows)
        before, _ = model.log_probabilities(rows[:, :2])
        missing = 2 / TOKENS  # padding and what is unknown are not counted: the uniform part remains
        total = np.exp(whole - before).sum()
        assert 1 - missing < total < 1


def test_by_hand():
    # the trigram (4, 5, 6) is seen twice of three, with two kinds after (4, 5)
    rows = np.array([[4, 5, 6]], np.int32)
    whole, _ = KneserNey(RAW, TOKENS).log_probabilities(rows)
    before, _ = KneserNey(RAW, TOKENS).log_probabilities(rows[:, :2])
    discount, kinds, seen = 0.75, 2, 3
    # after 5 there come 6, 7, EOS and 7 in contexts: (4,5)->6, (4,5)->7, (7,5)->EOS, (6,5)->7
    bigram_of_6 = (1 - discount) / 4 + discount * 3 / 4 * unigram(6)
    assert np.exp(whole - before)[0] == pytest.approx(
        (2 - discount) / seen + discount * kinds / seen * bigram_of_6
    )


def unigram(token: int) -> float:
    """In how many contexts a token occurs, of all pairs."""
    history = [[1, 1, *row] for row in RAW.tolist()]
    pairs = {(row[i - 1], row[i]) for row in history for i in range(2, len(row)) if row[i] != PAD}
    kinds = len({w for _, w in pairs})
    own = sum(w == token for _, w in pairs)
    return (own - 0.75) / len(pairs) + 0.75 * kinds / len(pairs) / TOKENS


def test_a_model_is_least_surprised_by_what_it_counted():
    model = KneserNey(RAW, TOKENS)
    shuffled = np.array([[7, 4, 6, 4, EOS]], np.int32)
    assert perplexity(*model.log_probabilities(RAW)) < perplexity(*model.log_probabilities(shuffled))


def test_unknown_tokens_are_not_counted():
    sums, counts = KneserNey(RAW, TOKENS).log_probabilities(np.array([[4, UNK, EOS]], np.int32))
    assert counts.tolist() == [2]
    assert np.isfinite(sums).all()


@pytest.mark.parametrize("order", [2, 3, 4])
def test_every_n_gram_that_is_drawn_was_counted(order):
    rng = np.random.default_rng(1)
    raw = rng.integers(4, 9, (50, 8)).astype(np.int32)
    raw[np.arange(50), rng.integers(1, 8, 50)] = EOS
    for row in raw:
        row[np.flatnonzero(row == EOS)[0] + 1 :] = PAD
    made = Sampler(raw, order).draw(200, np.random.default_rng(2))
    assert made.shape == (200, 8)

    def grams(rows):
        history = [[1] * (order - 1) + [t for t in row if t != PAD] for row in rows.tolist()]
        return {tuple(row[i : i + order]) for row in history for i in range(len(row) - order + 1)}

    assert grams(made) <= grams(raw)


def test_sentences_with_unknown_words_are_not_learnt():
    raw = np.array([[4, UNK, EOS], [4, 5, EOS]], np.int32)
    assert (Sampler(raw, 2).draw(20, np.random.default_rng(0)) == [4, 5, EOS]).all()
