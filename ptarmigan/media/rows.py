"""Pictures under each other, each with a line of words above it."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from ptarmigan.media.pictures import on_white

SIZE, MARGIN = 14, 6
"""Of letters, and around pictures, in pixels."""


def titled_rows(rows: Sequence[tuple[str, Image.Image]]) -> Image.Image:
    """One picture of several, from top to bottom.

    Args:
        rows: the words above each, of ASCII characters, which may be empty, and the picture.
    """
    font = ImageFont.load_default(SIZE)
    pictures = [on_white(picture) for _, picture in rows]
    heads = [SIZE + MARGIN if words else 0 for words, _ in rows]
    width = max([picture.width for picture in pictures] + [int(font.getlength(words)) for words, _ in rows])
    height = sum(heads) + sum(picture.height + MARGIN for picture in pictures)
    canvas = Image.new("RGB", (width + 2 * MARGIN, height + MARGIN), "white")
    draw, top = ImageDraw.Draw(canvas), MARGIN
    for (words, _), picture, head in zip(rows, pictures, heads, strict=True):
        draw.text((MARGIN, top), words, fill="black", font=font)
        canvas.paste(picture, (MARGIN, top + head))
        top += head + picture.height + MARGIN
    return canvas
