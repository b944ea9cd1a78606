"""Pictures with their captions, as people look at them and as files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.space import Space
from ptarmigan.data.writers import Chunks, Writer, picture
from ptarmigan.media.captioned import COLUMNS, captioned

TABLE = "metadata.jsonl"
"""The captions of a folder of pictures: a file and a text in each line, which training reads again."""
MOST = 256
"""Pictures with captions in one, at most."""


def with_captions(
    space: Space, raw: NDArray[Any], captions: Sequence[str], columns: int = COLUMNS
) -> Image.Image:
    """Raw samples in a grid with a caption under each."""
    return captioned([space.render(raw[i : i + 1]) for i in range(len(raw))], captions, columns)


def writers(space: Space, captions: Sequence[str]) -> Mapping[str, Writer]:
    """How samples are written with as many captions: a folder with a table, or a picture."""
    known = dict(space.writers())

    def write(path: Path, batches: Chunks, n: int) -> None:
        known[""].write(path, batches, n)
        rows = zip(sorted(path.iterdir()), captions, strict=True)
        lines = (
            json.dumps({"file_name": file.name, "text": text}, ensure_ascii=False) + "\n"
            for file, text in rows
        )
        (path / TABLE).write_text("".join(lines), "utf-8")

    def render(raw: NDArray[Any]) -> Image.Image:
        return with_captions(space, raw, captions)

    return {**known, "": replace(known[""], write=write), ".png": picture(render, min(MOST, space.most))}
