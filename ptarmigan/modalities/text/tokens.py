"""Sentences as tokens: words between blanks, or characters; and what both are joined with again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

WORDS, CHARACTERS, AUTO = "words", "characters", "auto"
BLANKS = 0.05
"""The share of blanks below which a text is not written in words between blanks, as Chinese is not."""
PAD, BOS, EOS, UNK = range(4)
SPECIAL = ("<pad>", "<bos>", "<eos>", "<unk>")
"""Tokens that are in no text: after the end, before the beginning, the end, and what is not known."""
LOOKED_AT = 1_000


def split(text: str, tokenizer: str, lower: bool = False) -> list[str]:
    """The tokens of a sentence; line breaks and runs of blanks are one blank."""
    words = (text.lower() if lower else text).split()
    return words if tokenizer == WORDS else list(" ".join(words))


def join(tokens: Iterable[str], tokenizer: str) -> str:
    """The sentence that has these tokens."""
    return (" " if tokenizer == WORDS else "").join(tokens)


def tokenizer_for(texts: Sequence[str]) -> str:
    """Words where sentences have blanks between them, else characters."""
    some = "".join(texts[:: max(1, len(texts) // LOOKED_AT)])
    return WORDS if some.count(" ") > BLANKS * len(some) else CHARACTERS
