"""Whether data are sounds."""

from __future__ import annotations

from typing import Any

from ptarmigan.data.glimpse import endings, file_of, text_of
from ptarmigan.media.files import path_of
from ptarmigan.modalities.sound.decode import BY_SOUNDFILE, ending_of
from ptarmigan.modalities.sound.names import SCP
from ptarmigan.modalities.sound.vowels import NAME

HEARD = ("wav", *BY_SOUNDFILE, "m4a", "aac")
"""Endings of files that are sounds, and no moving pictures."""


def recognise(data: Any) -> str:
    """Why data are sounds; empty where they are not."""
    text = text_of(data)
    if text == NAME:
        return f"the set {text}"
    path = file_of(data)
    if path is not None and path.suffix.lower() == ".scp":
        return "a list of sound files"
    if path is not None and ending_of(path.name) in HEARD:
        return "a sound file"
    if text and path_of(text).is_dir() and (path_of(text) / SCP).is_file():
        return f"a {SCP}"
    count = sum(n for ending, n in endings(data).items() if ending[1:] in HEARD)
    return f"{count:,} sound file{'s' * (count > 1)}" if count else ""
