"""Sentences as tokens: words between blanks, plain words, or characters; and what joins them again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

WORDS, CHARACTERS, AUTO = "words", "characters", "auto"
PLAIN = "plain words"
"""Words without what stands between them, in lower case: what matters of a caption."""
WORD = re.compile(r"\w+(?:['’-]\w+)*")
BLANKS = 0.05
"""The share of blanks below which a text is not written in words between blanks, as Chinese is not."""
PAD, BOS, EOS, UNK = range(4)
SPECIAL = ("<pad>", "<bos>", "<eos>", "<unk>")
"""Tokens that are in no text: after the end, before the beginning, the end, and what is not known."""
LOOKED_AT = 1_000


def split(text: str, tokenizer: str, lower: bool = False) -> list[str]:
    """The tokens of a sentence; line breaks and runs of blanks are one blank."""
    if tokenizer == PLAIN:
        return WORD.findall(text.lower())
    words = (text.lower() if lower else text).split()
    return words if tokenizer == WORDS else list(" ".join(words))


def join(tokens: Iterable[str], tokenizer: str) -> str:
    """The sentence that has these tokens."""
    return ("" if tokenizer == CHARACTERS else " ").join(tokens)


def tokenizer_for(texts: Sequence[str]) -> str:
    """Words where sentences have blanks between them, else characters."""
    some = "".join(texts[:: max(1, len(texts) // LOOKED_AT)])
    return WORDS if some.count(" ") > BLANKS * len(some) else CHARACTERS
