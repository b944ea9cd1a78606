"""Whether data are fields."""

from __future__ import annotations

from typing import Any

from ptarmigan.data.glimpse import endings, text_of
from ptarmigan.media.files import path_of
from ptarmigan.modalities.field.files import RECOGNISED
from ptarmigan.modalities.field.rain import NAME


def recognise(data: Any) -> str:
    """Why data are fields, by the name of a set, of files, or of a class; empty where they are not."""
    text = text_of(data)
    if text == NAME:
        return f"the set {text}"
    if not text:
        library = type(data).__module__.split(".")[0] == "xarray"
        return f"a {type(data).__name__} of xarray" if library else ""
    path = path_of(text)
    if path.suffix.lower() in RECOGNISED and path.exists():
        return f"a file {path.suffix.lower()}"
    if not path.is_dir():
        return ""
    count = sum(n for ending, n in endings(data).items() if ending in RECOGNISED)
    return f"{count:,} file{'s' * (count > 1)} of fields" if count else ""
