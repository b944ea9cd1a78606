"""What is kept of latents in a run's folder: tensors of safetensors with JSON, above all its directions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save
from torch import Tensor

from ptarmigan.core.memory import amount
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
        raise ValueError(f"{name!r} is no name: take up to 64 letters, digits, dots, dashes and underscores")


def write_directions(path: Path, directions: Mapping[str, Direction], weights: str) -> None:
    """Write directions.

    Args:
        path: of the file; what is there is replaced.
        directions: by name.
        weights: a digest of the generator's weights, of which alone they are.
    """
    found = {name: direction.found for name, direction in directions.items()}
    write_kept(path, {name: direction.step for name, direction in directions.items()}, weights, found=found)


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
    plain, tensors = read_kept(path, weights, LONGEST)
    known = plain.get("found")
    if not isinstance(known, dict) or known.keys() != tensors.keys() or len(tensors) > MOST:
        raise ValueError(f"{path} holds no directions: remove it, and find them again")
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


def write_kept(path: Path, tensors: Mapping[str, Tensor], weights: str, **plain: Any) -> None:
    """Write tensors, plain data, and a digest of the generator's weights; what is there is replaced."""
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, save(whole, {"ptarmigan": json.dumps({"weights": weights, **plain})}))


def read_kept(path: Path, weights: str, longest: int) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The plain data and the tensors of a file that ``write_kept`` wrote, which nobody has looked at yet.

    Args:
        path: of the file.
        weights: a digest of the generator's weights.
        longest: bytes of the file, at most.

    Raises:
        ValueError: it is damaged, too large, something else, or of other weights.
    """
    if (size := regular(path).stat().st_size) > longest:
        raise ValueError(f"{path} is too large: {amount(size)}, where {amount(longest)} are the most")
    try:
        with open_tensors(path) as opened:
            plain = parse((opened.metadata() or {}).get("ptarmigan", "null"))
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as safetensors ({error})") from error
    if not isinstance(plain, dict) or "weights" not in plain:
        raise ValueError(f"{path} was not written by ptarmigan: remove it")
    if plain["weights"] != weights:
        raise ValueError(f"{path} is of other weights of this run: remove it, and make it again")
    return plain, tensors
