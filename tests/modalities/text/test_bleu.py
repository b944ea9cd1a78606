"""BLEU and self-BLEU are nltk's, to the last digits, and are worked out much sooner."""

from __future__ import annotations

import time

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from ptarmigan.modalities.text.bleu import References, self_bleu
from ptarmigan.modalities.text.grammar import sentences
from ptarmigan.modalities.text.tokens import EOS, PAD, UNK
from ptarmigan.modalities.text.vocabulary import numbered, vocabulary_of

SMOOTHING = SmoothingFunction().method1


def nltk_bleu(references: list[list[str]], tokens: list[str]) -> list[float]:
    return [
        sentence_bleu(references, tokens, weights=[1 / n] * n, smoothing_function=SMOOTHING)
        for n in (2, 3, 4, 5)
    ]


def raw_of(*several: list[list[str]]) -> list[np.ndarray]:
    vocabulary = vocabulary_of([line for lines in several for line in lines], 1)
    length = max(len(line) for lines in several for line in lines)
    return [numbered(lines, vocabulary, length) for lines in several]


def words(seed: int, n: int, most: int = 12, kinds: int = 9) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [[f"w{i}" for i in rng.integers(0, kinds, rng.integers(1, most))] for _ in range(n)]


@pytest.mark.parametrize("kinds", [3, 9, 200])
def test_bleu_is_that_of_nltk(kinds):
    references, said = words(0, 60, kinds=kinds), words(1, 40, kinds=kinds)
    known, raw = raw_of(references, said)
    expected = [nltk_bleu(references, tokens) for tokens in said]
    np.testing.assert_allclose(References(known).bleu(raw), expected, atol=1e-12)


@pytest.mark.parametrize("kinds", [3, 9, 200])
def test_self_bleu_is_that_of_nltk(kinds):
    said = words(2, 40, kinds=kinds)
    said += said[:3]  # some are said twice
    (raw,) = raw_of(said)
    expected = [nltk_bleu(said[:i] + said[i + 1 :], tokens) for i, tokens in enumerate(said)]
    np.testing.assert_allclose(self_bleu(raw), expected, atol=1e-12)


def test_sentences_of_one_length_and_of_one_word():
    said = [["a"], ["a"], ["b"]]
    (raw,) = raw_of(said)
    expected = [nltk_bleu(said[:i] + said[i + 1 :], tokens) for i, tokens in enumerate(said)]
    np.testing.assert_allclose(self_bleu(raw), expected, atol=1e-12)


def test_what_is_unknown_matches_nothing():
    raw = np.array([[UNK, UNK, EOS, PAD]], np.int32)
    assert (References(raw).bleu(raw) == 0).all()


def test_an_empty_sentence_scores_nothing():
    raw = np.array([[EOS, PAD], [5, EOS]], np.int32)
    found = References(raw[1:]).bleu(raw)
    assert (found[0] == 0).all()
    assert (found[1] > 0).all()


def test_one_sentence_alone_has_no_others():
    with pytest.raises(ValueError, match="there is one"):
        self_bleu(np.array([[5, EOS]], np.int32))


def test_it_is_a_hundred_times_as_fast():
    lines = [text.split() for text in sentences(2_000)[0]]
    known, raw = raw_of(lines[500:], lines[:500])
    begin = time.perf_counter()
    References(known).bleu(raw)
    ours = time.perf_counter() - begin
    begin = time.perf_counter()
    for tokens in lines[:10]:
        nltk_bleu(lines[500:], tokens)
    theirs = 50 * (time.perf_counter() - begin)
    assert theirs > 100 * ours
