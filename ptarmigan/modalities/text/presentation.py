"""Sentences as text files, JSON lines, HTML, and pictures in which copies and repeats are marked."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

from numpy.typing import NDArray
from PIL import Image

from ptarmigan.core.text import printable
from ptarmigan.data.space import Surface
from ptarmigan.data.space.presentation import Presentation
from ptarmigan.data.writers import Chunks, Writer, tables
from ptarmigan.media.markup import escaped
from ptarmigan.modalities.table.frames import pandas_or_error
from ptarmigan.modalities.text import tokenizer_json
from ptarmigan.modalities.text.encoding import TextEncoding
from ptarmigan.modalities.text.tokens import SPECIAL, UNK

if TYPE_CHECKING:
    import pandas as pd

COPY, REPEAT = "copy of a real one", "repeat"
WIDE, LINE = 100, 0.2
"""Characters in a line of a picture, and its height in inches."""
REAL = 8
"""Real sentences in a picture."""


class TextPresentation(TextEncoding, Presentation):
    """Raw sentences, shown and written."""

    shown: ClassVar[int] = 16
    beside: ClassVar[int] = 200_000

    @property
    def most(self) -> int:
        """Sentences in one picture, at most."""
        return 500

    def lines(self, raw: NDArray[Any]) -> list[str]:
        """Every sample in a line; a question stands before its answer, with a tab between."""
        return ["\t".join(both) for both in zip(*map(self.texts, self.parts(raw)), strict=True)]

    def writers(self) -> Mapping[str, Writer]:
        """Also ``.txt``, a sample a line, ``.jsonl``, and data frames."""

        def objects(file: IO[str], raw: NDArray[Any]) -> None:
            for record in self.records(raw):
                file.write(json.dumps(record, ensure_ascii=False) + "\n")

        def text(file: IO[str], raw: NDArray[Any]) -> None:
            file.writelines(f"{line}\n" for line in self.lines(raw))

        own = {".txt": written(text), ".jsonl": written(objects)}
        return {**super().writers(), **own, **tables(self.frame, "sentences")}

    def companions(self) -> Mapping[str, bytes]:
        """The vocabulary, as ``tokenizers`` and ``transformers`` read it."""
        return {tokenizer_json.NAME: tokenizer_json.tokenizer_json(self)}

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write ``sentences.txt`` under ``path``, a sample a line."""
        path.mkdir(parents=True, exist_ok=True)
        with open(path / "sentences.txt", "a" if first else "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in self.lines(raw))

    def records(self, raw: NDArray[Any]) -> Iterator[dict[str, str]]:
        """Every sample by name: its text, and its question where there is one."""
        names = ("question", "text") if self.question else ("text",)
        for both in zip(*map(self.texts, self.parts(raw)), strict=True):
            yield dict(zip(names, both, strict=True))

    def frame(self, raw: NDArray[Any], first: int = 0) -> pd.DataFrame:
        """Raw samples as a data frame with a column ``text``.

        Raises:
            ValueError: pandas is missing.
        """
        found: pd.DataFrame = pandas_or_error().DataFrame(list(self.records(raw)))
        return found

    def html(self, raw: NDArray[Any]) -> str:
        """A list of sentences; unknown words and repeats are marked."""
        unknown = escaped(SPECIAL[UNK])
        items = []
        for line, mark in zip(self.lines(raw), marks(raw, None), strict=True):
            words = escaped(line.replace("\t", " → ")).replace(unknown, f"<mark>{unknown}</mark>")
            items.append(f"<li>{words}{f' <small>({mark})</small>' if mark else ''}</li>")
        return f'<ol class="sentences">{"".join(items)}</ol>'

    def render(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """Sentences one under another, those that are among ``real`` ones or were there before marked."""
        from matplotlib.figure import Figure

        from ptarmigan.media.plot import render

        found = marks(raw, real)
        rows = [*shown(self.lines(raw), found, "black" if real is None else "#b45309")]
        rows += [] if real is None else [*shown(self.lines(real[:REAL]), [""] * REAL, "0.45", "real: ")]
        figure = Figure(figsize=(9, LINE * len(rows) + 0.3), dpi=100)
        for i, (line, colour) in enumerate(rows):
            height = 1 - (i + 0.8) / (len(rows) + 0.6)
            figure.text(0.015, height, line, fontsize=9, color=colour, parse_math=False)
        return render(figure)


def written(write_lines: Any) -> Writer:
    """A text file, as UTF-8."""

    def write(path: Path, batches: Chunks, n: int) -> None:
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            for raw in batches:
                write_lines(file, raw)

    return Writer(write, "{n:,} sentences")


def marks(raw: NDArray[Any], real: NDArray[Any] | None) -> list[str]:
    """Of every sample that it equals a real one, or an earlier one; empty where it does not."""
    known = set() if real is None else {row.tobytes() for row in real}
    seen: set[bytes] = set()
    found = []
    for row in map(bytes, raw):
        found.append(COPY if row in known else REPEAT if row in seen else "")
        seen.add(row)
    return found


def shown(
    lines: Sequence[str], found: Sequence[str], colour: str, before: str = ""
) -> Iterator[tuple[str, str]]:
    """Lines of a picture with their colours; long sentences are broken."""
    for line, mark in zip(lines, found, strict=False):
        words = before + printable(line.replace("\t", " → ")) + (f"   [{mark}]" if mark else "")
        for i, part in enumerate(textwrap.wrap(words, WIDE) or [""]):
            yield ("    " if i else "") + part, colour
