"""Sentences as rows of the numbers of their tokens, padded to one length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.space.encoding import Encoding
from ptarmigan.modalities.text.tokens import EOS, PAD, SPECIAL, UNK, join, split
from ptarmigan.modalities.text.vocabulary import Ids, lengths, numbered


@dataclass(frozen=True)
class TextEncoding(Encoding):
    """Sentences of at most ``length`` tokens; raw is ``(n, question + length)`` int32.

    A row holds the numbers of its tokens, then ``EOS`` unless it is full, then ``PAD``. Networks see the same
    numbers as floats, which are exact. Where sentences answer questions, a row begins with the question,
    padded to ``question`` numbers of its own.

    Attributes:
        vocabulary: the tokens that are known, whose numbers begin after those of ``SPECIAL``.
        length: tokens of the longest sentence.
        tokenizer: ``words``, ``plain words`` or ``characters``.
        lower: all was made lower case.
        ends: some sentences are shorter than the longest.
        question: tokens of the longest question; 0 where there are none.
        classes: names of the classes.
    """

    vocabulary: tuple[str, ...]
    length: int
    tokenizer: str
    lower: bool = False
    ends: bool = True
    question: int = 0
    classes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """``sentences of at most 35 words, of 4,683 known ones``."""
        asked = f", each the answer to one of at most {self.question}" if self.question else ""
        count = f"{self.length} {self.tokenizer}, of {len(self.vocabulary):,} known ones"
        return f"sentences of {'at most ' if self.ends else ''}{count}{asked}"

    @property
    def shape(self) -> tuple[int]:
        """Tokens of a question and of a sentence."""
        return (self.question + self.length,)

    @property
    def tokens(self) -> int:
        """How many numbers there are: known tokens, and special ones."""
        return len(SPECIAL) + len(self.vocabulary)

    def encode(self, raw: NDArray[np.generic]) -> Tensor:
        """The same numbers as float32, which holds them exactly."""
        return torch.from_numpy(raw.astype(np.float32))

    def decode(self, x: Tensor) -> Ids:
        """Whole numbers of tokens; after the first end, of question and of sentence, is padding."""
        ids = x.detach().double().cpu().nan_to_num(UNK).round().clamp(0, self.tokens - 1)
        raw: Ids = ids.numpy().astype(np.int32)
        for part in self.parts(raw):
            part[np.arange(part.shape[1]) > lengths(part)[:, None]] = PAD
        return raw

    def decoded(self, x: Tensor) -> Tensor:
        """``decode`` of finite numbers as a tensor."""
        ids = x.round().clamp(0, self.tokens - 1).to(torch.int32)
        parts = ids.split([self.question, self.length] if self.question else [self.length], 1)
        return torch.cat([part * (behind_end(part) == 0) for part in parts], 1)

    def parts(self, raw: NDArray[np.int32]) -> Iterator[Ids]:
        """Questions, where there are any, and sentences, as views."""
        if self.question:
            yield raw[:, : self.question]
        yield raw[:, self.question :]

    def number(self, texts: Sequence[str], length: int) -> Ids:
        """Texts as rows of ``length`` numbers."""
        return numbered([split(text, self.tokenizer, self.lower) for text in texts], self.vocabulary, length)

    def texts(self, part: NDArray[np.generic]) -> list[str]:
        """Rows of numbers, of questions or of sentences, as text."""
        known = (*SPECIAL, *self.vocabulary)
        counts = lengths(part).tolist()
        return [
            join((known[i] for i in row[:n] if i != PAD), self.tokenizer)
            for row, n in zip(part.tolist(), counts, strict=True)
        ]


def behind_end(part: Tensor) -> Tensor:
    """How many ends there are before each token ``(n, length)``."""
    ends = (part == EOS).to(torch.int64)
    return ends.cumsum(1) - ends
