"""HTML as nested calls that escape every text, and pictures as part of the page."""

from __future__ import annotations

import base64
import io
from typing import Any, TypeAlias, final

from PIL import Image

from ptarmigan.media.markup import escaped

VOID = frozenset({"meta", "img"})


@final
class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child: TypeAlias = "str | list[Markup] | None"


def h(tag: str, *children: Child, **attributes: str | float | None) -> Markup:
    """An element; a plain string among the children is text, and is escaped.

    Attributes that are None are left out; ``_`` in a name is ``-``, and at its end is dropped (``class_``).
    """
    shown = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escaped(text(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in VOID:
        return Markup(f"<{tag}{shown}>")
    return Markup(f"<{tag}{shown}>{join(*children)}</{tag}>")


def join(*children: Child) -> Markup:
    """Several pieces as one."""
    out: list[str] = []
    for child in children:
        if isinstance(child, list):
            out += child
        elif child is not None:
            out.append(child if isinstance(child, Markup) else escaped(child))
    return Markup("".join(out))


def text(value: str | float) -> str:
    """An attribute's value; coordinates need no more than two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def figure(content: Child, caption: Child, class_: str | None = None) -> Markup:
    """Something to look at, and what is seen."""
    return h("figure", content, h("figcaption", caption), class_=class_)


def table(rows: list[tuple[Child, ...]], head: tuple[str, ...] = (), class_: str | None = None) -> Markup:
    """A table; the first cell of a row names it, and narrow screens read the column's name beside a cell."""
    top = h("thead", h("tr", [h("th", name, scope="col") for name in head])) if head else None
    names = head or ("",) * max((len(row) for row in rows), default=0)
    lines = [
        h(
            "tr",
            h("th", row[0], scope="row"),
            [h("td", cell, data_name=name or None) for name, cell in zip(names[1:], row[1:], strict=True)],
        )
        for row in rows
    ]
    return h("table", top, h("tbody", lines), class_=class_)


def facts(shown: dict[str, str]) -> Markup:
    """Numbers in a line, each over what it is of."""
    return h("dl", [h("div", h("dt", name), h("dd", value)) for name, value in shown.items()], class_="facts")


def image(picture: Image.Image, alt: str, most: int = 150_000, width: int = 1_040) -> Markup:
    """A picture inside the page, in at most about ``most`` bytes and ``width`` pixels across."""
    if picture.width > width:
        picture = picture.resize(
            (width, max(1, picture.height * width // picture.width)), Image.Resampling.BOX
        )
    kind, data = _packed(picture, most)
    return inline(data, kind, alt, picture.size)


def inline(data: bytes, kind: str, alt: str, size: tuple[int, int]) -> Markup:
    """An image file inside the page."""
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return h("img", src=source, alt=alt, width=size[0], height=size[1], loading="lazy")


def _packed(picture: Image.Image, most: int) -> tuple[str, bytes]:
    """PNG, which keeps every pixel, where it is small enough; else WebP, smaller and smaller."""
    data = _encoded(picture, "PNG")
    if len(data) <= most:
        return "png", data
    if picture.mode not in ("RGB", "RGBA"):
        picture = picture.convert("RGBA" if picture.mode in ("LA", "PA") else "RGB")
    while True:
        data = _encoded(picture, "WEBP", quality=85, method=2)
        if len(data) <= most or min(picture.size) < 64:
            return "webp", data
        shrink = min(0.9, (most / len(data)) ** 0.5)
        size = max(1, int(picture.width * shrink)), max(1, int(picture.height * shrink))
        picture = picture.resize(size, Image.Resampling.BOX)


def _encoded(picture: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()
