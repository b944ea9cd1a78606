"""Text: sentences of tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core.noise import key
from ptarmigan.data.space import Space
from ptarmigan.modalities.text.presentation import TextPresentation
from ptarmigan.modalities.text.tokens import PAD, SPECIAL, UNK, join, split
from ptarmigan.modalities.text.vocabulary import lengths

DIMENSIONS = 64
"""Of what a sentence's words are in an embedding, and as many of its pairs of words."""
CLOSE = 0.75
"""How alike a known word has to be spelt for a person to have meant it."""
LISTED = 8
"""Known words that an error names, where none is spelt like the unknown one."""


@dataclass(frozen=True)
class TextSpace(TextPresentation, Space):
    """Sentences, as ``TextEncoding`` says; people say the same more than once."""

    repeats: ClassVar[bool] = True

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """Which tokens and which pairs of neighbours a sample has, and its length, in 2 × 64 + 1 numbers.

        Every token has a random direction of its own (Kanerva et al. 2000, "Random indexing of text samples
        for latent semantic analysis"), a pair the product of both, the first of them shifted by a place
        (Plate 1995, "Holographic reduced representations"). So no text has to be learnt from.
        """
        raw = self.decode(x)
        directions = token_directions(self.vocabulary)[raw]
        count = (raw != PAD).sum(1, keepdims=True)
        pairs = np.roll(directions[:, :-1], 1, 2) * directions[:, 1:] * DIMENSIONS**0.5
        parts = [part.sum(1) / np.sqrt(np.maximum(count, 1)) for part in (directions, pairs)]
        *_, sentences = self.parts(raw)
        return np.concatenate([*parts, lengths(sentences)[:, None] / self.length], 1)

    def asked(self) -> list[Any]:
        """A question of known words, or the classes."""
        return [join(self.vocabulary[: self.question], self.tokenizer)] if self.question else super().asked()

    def condition(self, given: Any, n: int, seed: int = 0) -> NDArray[Any]:
        """Answers to a question, or sentences of a class.

        Raises:
            ValueError: there is no such class, or the question is empty, or of unknown words alone.
        """
        if not self.question or isinstance(given, Mapping):
            return super().condition(given, n, seed)
        return self.numbers_of(str(given), self.question, "question").repeat(n, 0)

    def given(self, wish: Any, n: int) -> NDArray[Any]:
        """Sentences that others are conditioned on, of which every word is known.

        Raises:
            ValueError: one is empty, or has a word that the run has not learnt.
        """
        wishes = list(wish) if isinstance(wish, list | tuple) else [wish]
        if isinstance(wish, Mapping) or not wishes:
            raise ValueError("this run is given a sentence: --given 'a red circle'")
        rows = [self.numbers_of(str(one), self.length, "sentence") for one in wishes]
        for row, one in zip(rows, wishes, strict=True):
            self.check_known(row[0], str(one))
        return np.resize(np.concatenate(rows), (n, self.length))

    def titles(self, raw: NDArray[Any]) -> list[str]:
        """The sentences themselves."""
        return self.texts(raw)

    def numbers_of(self, text: str, length: int, what: str) -> NDArray[np.int32]:
        """A text of a person as one row of numbers.

        Raises:
            ValueError: it is empty, or of unknown words alone.
        """
        row = self.number([text], length)
        if not lengths(row)[0]:
            raise ValueError(f"the {what} is empty: give one with --given")
        if (row[0, : lengths(row)[0]] == UNK).all():
            raise ValueError(f"no word of the {what} {text!r} is one that this run has learnt")
        return row

    def check_known(self, row: NDArray[np.int32], text: str) -> None:
        """See that all tokens of a sentence are known, and that it is not too long.

        Raises:
            ValueError: one is not, with those that are spelt alike.
        """
        tokens = split(text, self.tokenizer, self.lower)
        if len(tokens) > self.length:
            raise ValueError(f"{text!r} has {len(tokens)} {self.tokenizer}, and this run took {self.length}")
        unknown = [token for token, number in zip(tokens, row, strict=False) if number == UNK]
        if unknown:
            near = get_close_matches(unknown[0], self.vocabulary, 3, CLOSE) or self.vocabulary[:LISTED]
            said = ", ".join(map(repr, dict.fromkeys(unknown)))
            raise ValueError(f"this run has not learnt {said}: it knows {', '.join(near)} and others")

    def check_alone(self) -> None:
        """See that sentences answer no questions, for a system that knows of none.

        Raises:
            ValueError: they do.
        """
        if self.question:
            raise ValueError("these sentences answer questions: train text.dialogue, or leave --question out")

    def unconditional(self, recipe: str) -> str:
        """Which recipes can be asked."""
        return (
            f"this run of {recipe} learnt nothing of classes: train it with --conditional, or leave them out"
        )

    def scored(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Sentences, without the questions that they answer."""
        return raw[:, self.question :]


@lru_cache(maxsize=4)
def token_directions(vocabulary: tuple[str, ...]) -> NDArray[np.float64]:
    """A random unit vector for every number of a token, which depends on the token alone; none of padding."""
    found = np.stack(
        [
            np.random.default_rng(key("text", "direction", token)).standard_normal(DIMENSIONS)
            for token in (*SPECIAL, *vocabulary)
        ]
    )
    found[PAD] = 0
    unit: NDArray[np.float64] = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    return unit
