"""Models that are a few arrays, in safetensors files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ptarmigan.media.files import write
from ptarmigan.media.foreign import regular
from ptarmigan.media.plain import parse
from ptarmigan.training.schema import check


def save_arrays(
    path: str | os.PathLike[str], metadata: dict[str, Any], arrays: dict[str, NDArray[Any]]
) -> None:
    """Write arrays, and what JSON can say of them, over what was there."""
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    write(Path(path), save(whole, {"ptarmigan": json.dumps(metadata)}))


def load_arrays(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What was said, and the arrays.

    Raises:
        ValueError: it is no safetensors file.
    """
    try:
        with safe_open(regular(path), "np") as file:
            said = parse((file.metadata() or {}).get("ptarmigan", "{}"))
            check(dict[str, Any], said, "its metadata are of something else")
            return said, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as safetensors ({error})") from error
