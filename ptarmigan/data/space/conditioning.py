"""What samples can be conditioned on, and how a person asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.space.encoding import Encoding


class Conditioning(Encoding):
    """Samples on request: of a class, unless their kind knows more."""

    def read_condition(self, words: Sequence[str]) -> Any:
        """What ``condition`` takes, from the words of a person at a command line: a class, or a sentence."""
        return " ".join(words)

    def asked(self) -> list[Any]:
        """Examples of what ``condition`` takes: every class, of other kinds a few of what they take."""
        return list(self.classes)

    def condition(self, given: Any, n: int, seed: int = 0) -> NDArray[Any]:
        """What ``n`` samples are conditioned on, ``(n, …)``, so that they are what is asked for.

        Args:
            given: a class, by name, or by number where no name is one; of other kinds what they take.
            n: how many samples.
            seed: of what is left to chance.

        Raises:
            ValueError: there is no such class, or samples of this kind are not asked for so.
        """
        known = self.classes
        if isinstance(given, Mapping):
            raise ValueError("--where is for tables, and for series with metadata: this run makes none")
        if not known:
            raise ValueError("this run has no classes: leave --class out")
        if str(given) in known:
            return np.full(n, known.index(str(given)), np.int64)
        named_by_numbers = any(map(is_number, known))  # a number that is no name is no place either
        if str(given).isdecimal() and int(given) < len(known) and not named_by_numbers:
            return np.full(n, int(given), np.int64)
        raise ValueError(f"there is no class {given!r}; there are {', '.join(known)}")

    def given(self, wish: Any, n: int) -> NDArray[Any]:
        """``n`` raw samples of this space that samples of another one are conditioned on, such as captions.

        Args:
            wish: what a person gives for all of them, or a list, which is gone through again and again.
            n: how many.

        Raises:
            ValueError: it is none, or samples of this kind are not given so.
        """
        raise ValueError(f"{self.words} cannot be given as a condition")

    def titles(self, raw: NDArray[Any]) -> list[str]:
        """Raw samples in a few words each, as what others are conditioned on is said; none by default."""
        return []

    def unconditional(self, recipe: str) -> str:
        """That a recipe makes the same of any condition, in words, and what to do."""
        return f"this run of {recipe} learnt nothing of classes: leave --class out"

    def scored(self, raw: NDArray[Any]) -> NDArray[Any]:
        """What of raw samples is measured: all, unless something only says what they are conditioned on."""
        return raw


def is_number(text: str) -> bool:
    """Whether a text is one."""
    try:
        float(text)
    except ValueError:
        return False
    return True
