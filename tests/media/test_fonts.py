"""Names in any script, and any other text, on a plot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.figure import Figure

from ptarmigan.media import fonts
from ptarmigan.media.plot import render

SNOW = "雪"


def plot(title: str) -> tuple[Figure, np.ndarray]:
    figure = Figure(figsize=(3, 2), dpi=80, layout="constrained")
    axes = figure.add_subplot()
    axes.set_yscale("log")
    axes.set_ylim(1, 1000)
    axes.set_title(title)
    return figure, np.asarray(render(figure))


def note(figure: Figure) -> str:
    return figure.get_supxlabel()


@pytest.fixture
def font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A font with snow in it, as a system in China has one."""
    pen = TTGlyphPen(None)
    for corner, go in (((0, 0), pen.moveTo), ((0, 900), pen.lineTo), ((900, 900), pen.lineTo)):
        go(corner)
    pen.closePath()
    glyph, name = pen.glyph(), "SimHei"
    builder = FontBuilder(1000)
    builder.setupGlyphOrder([".notdef", "snow"])
    builder.setupCharacterMap({ord(SNOW): "snow"})
    builder.setupGlyf({".notdef": glyph, "snow": glyph})
    builder.setupHorizontalMetrics({".notdef": (1000, 0), "snow": (1000, 0)})
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({"familyName": name, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(tmp_path / "a.ttf")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [*font_manager.fontManager.ttflist])
    font_manager.fontManager.addfont(tmp_path / "a.ttf")
    fonts.characters.cache_clear()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that has no font but matplotlib's."""
    monkeypatch.setattr(fonts, "OTHERS", ())


@pytest.mark.usefixtures("bare")
def test_what_no_font_has_is_counted_on_the_plot() -> None:
    assert note(plot("Größe, масса, λ")[0]) == ""
    assert (
        note(plot(SNOW)[0])
        == fonts.complaint(1)
        == "1 character has no font here: install Noto Sans CJK, say"
    )
    assert note(plot(f"{SNOW}花")[0]).startswith("2 characters have")


def test_what_a_font_of_the_system_has_is_drawn(font: None) -> None:
    figure, drawn = plot(SNOW)
    assert note(figure) == ""
    assert "SimHei" in figure.axes[0].title.get_fontfamily()
    assert (drawn[:40] < 128).any()
    assert fonts.characters("SimHei") == {SNOW}


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("name", ["a $ b", r"$\frac{$", "price in $, cost in $", "caf\udce9", "a\nb", ""])
def test_a_name_is_no_formula(name: str) -> None:
    figure, _ = plot(name)
    shown = name.encode(errors="backslashreplace").decode()
    assert figure.axes[0].get_title() == shown
    assert not figure.axes[0].title.get_parse_math()
