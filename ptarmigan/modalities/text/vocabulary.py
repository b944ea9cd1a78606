"""The tokens that a text is made of, and sentences as rows of their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.memory import check_memory
from ptarmigan.media.foreign import read_bytes
from ptarmigan.modalities.text.tokens import CHARACTERS, EOS, PAD, SPECIAL, UNK, WORDS

Ids = NDArray[np.int32]
LONGEST = 200
"""Characters of a token that can be known: the vocabulary is part of every file that is shared."""


def vocabulary_of(sentences: Iterable[Sequence[str]], least: int) -> tuple[str, ...]:
    """Every token that occurs ``least`` times, the commonest first; none of more than ``LONGEST`` characters.

    Raises:
        ValueError: none does.
    """
    counts = Counter(token for sentence in sentences for token in sentence)
    found = [
        token for token, n in counts.items() if n >= least and token not in SPECIAL and len(token) <= LONGEST
    ]
    if not found:
        raise ValueError(f"no word occurs {least} times: choose a smaller --least, or --tokenizer characters")
    return tuple(sorted(found, key=lambda token: (-counts[token], token)))


def vocabulary_in(path: Path) -> tuple[tuple[str, ...], str]:
    """The tokens in a file, one a line, and the tokenizer that makes such: characters where all are one.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds no such tokens.
    """
    try:
        lines = read_bytes(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no UTF-8 text: save it as UTF-8") from None
    tokens = tuple(dict.fromkeys(line for line in lines if line and line not in SPECIAL))
    if not tokens or any(len(token.split()) > 1 for token in tokens):
        raise ValueError(f"{path} is no vocabulary: expected one token a line, without blanks")
    return tokens, CHARACTERS if all(len(token) == 1 for token in tokens) else WORDS


def numbered(sentences: Sequence[Sequence[str]], vocabulary: Sequence[str], length: int) -> Ids:
    """Sentences as rows of ``length`` numbers: tokens, the end where there is room, then padding.

    Longer ones are cut; what is not in the vocabulary is ``UNK``.
    """
    check_memory(4 * length * len(sentences), f"{len(sentences):,} sentences of {length} tokens")
    places = {token: i for i, token in enumerate(vocabulary, len(SPECIAL))}
    raw = np.full((len(sentences), length), PAD, np.int32)
    for row, sentence in zip(raw, sentences, strict=True):
        n = min(len(sentence), length)
        row[:n] = [places.get(token, UNK) for token in sentence[:n]]
        row[n : n + 1] = EOS
    return raw


def lengths(raw: NDArray[np.generic]) -> NDArray[np.int64]:
    """How many tokens every row has, without the end."""
    ended = raw == EOS
    found: NDArray[np.int64] = np.where(ended.any(1), ended.argmax(1), raw.shape[1])
    return found
