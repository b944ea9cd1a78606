"""Names in any script on a plot: drawn by a font that has them, or the plot says that there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from ptarmigan.core.process import ignored

OWN = "DejaVu Sans"
"""Comes with matplotlib: Latin, Greek, Cyrillic and some more."""
OTHERS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans SC", "Source Han Sans SC"),
    *("WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback", "Unifont"),
    *("PingFang SC", "Heiti SC", "Hiragino Sans", "Apple SD Gothic Neo", "Arial Unicode MS"),
    *("Microsoft YaHei", "SimHei", "SimSun", "Yu Gothic", "MS Gothic", "Malgun Gothic"),
    *("Noto Sans Arabic", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Emoji", "Segoe UI Emoji"),
)
"""Fonts of systems that have the characters that ours lacks, above all Chinese, Japanese and Korean."""
MATH = "mathdefault"
"""What the ticks of a logarithmic axis are made of."""


@contextmanager
def texts_as_they_are(figure: Any) -> Iterator[None]:
    """While a figure of matplotlib is drawn its texts are no formulas, and have all of their characters.

    What no font here has is counted on the figure, in place of matplotlib's warnings.
    """
    from matplotlib.text import Text

    texts = [text for text in figure.findobj(Text) if MATH not in text.get_text()]
    for text in texts:
        text.set_parse_math(False)
        text.set_text(text.get_text().encode(errors="backslashreplace").decode())
    wanted = {c for text in texts for c in text.get_text() if not c.isspace()} - characters(OWN)
    if wanted:
        families = [OWN, *installed()]
        for text in texts:
            text.set_fontfamily(families)
        lacking = wanted.difference(*map(characters, families))
        if lacking:
            figure.supxlabel(complaint(len(lacking)), fontsize=7, color="0.4")
    with ignored(UserWarning, "Glyph .* missing"):
        yield


def complaint(lacking: int) -> str:
    """What the figure says of characters that are not drawn."""
    return (
        f"{lacking} character{'s have' if lacking > 1 else ' has'} no font here: install Noto Sans CJK, say"
    )


def installed() -> list[str]:
    """The other fonts that this system has."""
    from matplotlib.font_manager import fontManager

    there = {font.name for font in fontManager.ttflist}
    return [name for name in OTHERS if name in there]


@cache
def characters(family: str) -> frozenset[str]:
    """What a font can draw."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(map(chr, get_font(findfont(FontProperties(family=family))).get_charmap()))
