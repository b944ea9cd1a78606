"""Files of safetensors, opened as all files are, whatever their names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from safetensors import safe_open

from ptarmigan.media.foreign import open_binary, regular


@contextmanager
def open_tensors(path: Path, library: Literal["pt", "np"] = "pt") -> Iterator[Any]:
    """What ``safe_open`` gives, also where the name is no UTF-8: that it takes by the file's number alone.

    Args:
        path: of the file.
        library: whose tensors these become, torch or numpy.

    Raises:
        OSError: it cannot be read.
        SafetensorError: it is no such file.
        ValueError: something else is there.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        with open_binary(path) as file, safe_open(f"/dev/fd/{file.fileno()}", library) as opened:
            yield opened
    else:
        with safe_open(regular(path), library) as opened:
            yield opened
