"""Whether data are videos."""

from __future__ import annotations

from typing import Any

from ptarmigan.data.archives import container
from ptarmigan.data.glimpse import array_of, endings, file_of, text_of
from ptarmigan.media.files import path_of
from ptarmigan.modalities.image.splits import ending, is_visible
from ptarmigan.modalities.video.decode import ANIMATED, FILMS
from ptarmigan.modalities.video.names import any_moves
from ptarmigan.modalities.video.shapes import SETS


def recognise(data: Any) -> str:
    """Why data are videos; empty where they are not.

    Folders of frames, strips and grey arrays look as images do: that they are videos is said by ``--kind``.
    """
    text = text_of(data)
    if text in SETS:
        return f"the set {text}"
    found = array_of(data[0] if isinstance(data, tuple) and len(data) == 2 else data)
    if found is not None:
        pixels = len(found.shape) == 5 and (found.dtype.kind == "u" or found.dtype == bool)
        return f"an array (clips, frames, height, width, channels) of shape {found.shape}" if pixels else ""
    path = file_of(data)
    if path is not None and path.suffix[1:].lower() in FILMS:
        return "a video file"
    several = endings(data)
    films = sum(n for each, n in several.items() if each[1:] in FILMS)
    if films:
        return f"{films:,} video file{'s' * (films > 1)}"
    if not any(each[1:] in ANIMATED for each in several):
        return ""
    files = container(str(path_of(text)))
    assert files is not None
    moving = [i for i, name in enumerate(files.names) if is_visible(name) and ending(name) in ANIMATED]
    return f"{len(moving):,} animations" if any_moves(files, moving) else ""
