"""Directions of a run as a file: tensors of safetensors, and JSON that says how each was found."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save
from torch import Tensor

from ptarmigan.core.text import printable
from ptarmigan.media.files import write
from ptarmigan.media.foreign import regular
from ptarmigan.media.plain import parse
from ptarmigan.media.tensors import open_tensors
from ptarmigan.tasks.latents.directions import Direction

NAME = re.compile(r"[^\W_](?:[\w.+-]{0,62}\w)?", re.ASCII)
"""Names that people type as ``--direction name=1.5``."""
MOST = 1_000
"""Directions in a file."""
LONGEST = 16 << 20
"""Bytes of such a file."""


def check_name(name: str) -> None:
    """See that something can be called so.

    Raises:
        ValueError: it cannot.
    """
    if not NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is no name of a direction: take up to 64 letters, digits, dots, dashes and underscores"
        )


def write_directions(path: Path, directions: Mapping[str, Direction], weights: str) -> None:
    """Write directions.

    Args:
        path: of the file; what is there is replaced.
        directions: by name.
        weights: a digest of the generator's weights, of which alone they are.
    """
    found = {name: direction.found for name, direction in directions.items()}
    tensors = {name: direction.step.contiguous() for name, direction in directions.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, save(tensors, {"ptarmigan": json.dumps({"weights": weights, "found": found})}))


def read_directions(path: Path, shape: tuple[int, int], weights: str) -> dict[str, Direction]:
    """The directions of a file; none where there is no file.

    Args:
        path: of the file.
        shape: styles and size of a w.
        weights: a digest of the generator's weights.

    Raises:
        ValueError: it is damaged, holds something else, or is of other weights.
    """
    if not path.exists():
        return {}
    if regular(path).stat().st_size > LONGEST:
        raise ValueError(f"{path} is too large for directions")
    try:
        with open_tensors(path) as opened:
            plain = parse((opened.metadata() or {}).get("ptarmigan", "null"))
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as safetensors ({error})") from error
    known = plain.get("found") if isinstance(plain, dict) else None
    if not isinstance(known, dict) or known.keys() != tensors.keys() or len(tensors) > MOST:
        raise ValueError(f"{path} holds no directions: remove it, and find them again")
    if plain.get("weights") != weights:
        raise ValueError(f"{path} is of other weights of this run: remove it, and find directions again")
    for name, step in tensors.items():
        check_name(name)
        check_step(step, shape, path)
    return {name: Direction(tensors[name].float(), printable(str(known[name]))) for name in tensors}


def check_step(step: Tensor, shape: tuple[int, int], path: Path) -> None:
    """See that a tensor is a direction of a run.

    Raises:
        ValueError: it has another shape, or no numbers.
    """
    if tuple(step.shape) != shape or not step.is_floating_point() or not bool(torch.isfinite(step).all()):
        raise ValueError(f"{path} holds no directions of this run: remove it, and find them again")
