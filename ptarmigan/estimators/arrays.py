"""Models that are a few arrays, in safetensors files."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save

from ptarmigan.estimators.fitting import Writes, save_bytes
from ptarmigan.media.files import copied, path_of
from ptarmigan.media.plain import parse
from ptarmigan.media.tensors import open_tensors
from ptarmigan.training.schema import check


def save_arrays(where: Writes, metadata: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays, and what JSON can say of them, over what was there, or into an open file."""
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    save_bytes(where, save(whole, {"ptarmigan": json.dumps(metadata, default=to_plain)}))


def to_plain(number: Any) -> Any:
    """An argument as JSON has it; of a generator of random numbers nothing, as its state is the caller's."""
    return number.item() if isinstance(number, np.generic) else None


def load_arrays(where: Writes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What was said, and the arrays.

    Raises:
        ValueError: it is no safetensors file.
    """
    if not isinstance(where, str | os.PathLike):
        with copied(where, "the file") as copy:
            return load_arrays(copy)
    path = path_of(where)
    try:
        with open_tensors(path, "np") as file:
            said = parse((file.metadata() or {}).get("ptarmigan", "{}"))
            check(dict[str, Any], said, "its metadata are of something else")
            return said, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as safetensors ({error})") from error
