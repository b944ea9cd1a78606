"""Text: sentences of tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core.noise import key
from ptarmigan.data.space import Space
from ptarmigan.modalities.text.presentation import TextPresentation
from ptarmigan.modalities.text.tokens import PAD, SPECIAL, UNK, join
from ptarmigan.modalities.text.vocabulary import lengths

DIMENSIONS = 64
"""Of what a sentence's words are in an embedding, and as many of its pairs of words."""


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
        if not str(given).split():
            raise ValueError("the question is empty: give one with --given")
        asked = self.number([str(given)], self.question)
        if (asked[0, : lengths(asked)[0]] == UNK).all():
            raise ValueError(f"no word of the question {str(given)!r} is one that this run has learnt")
        return asked.repeat(n, 0)

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
