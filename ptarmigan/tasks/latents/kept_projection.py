"""What is kept of projections in a run's folder: its encoder, and the latents of photos."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ptarmigan.core.errors import must_fit
from ptarmigan.core.game import Game
from ptarmigan.data.space import Space
from ptarmigan.tasks.latents.encoder import TrainedEncoder, untrained
from ptarmigan.tasks.latents.kept import check_name, read_kept, write_kept
from ptarmigan.tasks.latents.space import LatentSpace

ROOM = 1 << 16
"""Bytes of a file beside its tensors, at most."""


@dataclass(frozen=True, eq=False)
class Photo:
    """One sample in the latents of a generator.

    Attributes:
        w: its latents ``(1, styles, size)``.
        c: its condition ``(1, …)``, or None.
        target: the raw sample ``(1, …)``.
        tuned: the weights of the generator that was tuned to make it; empty where it was not.
    """

    w: Tensor
    c: Tensor | None
    target: NDArray[Any]
    tuned: dict[str, Tensor]


def write_encoder(path: Path, encoder: TrainedEncoder, weights: str) -> None:
    """Write an encoder of a generator whose weights have that digest."""
    write_kept(path, encoder.state_dict(), weights)


def read_encoder(
    path: Path, samples_space: Space, space: LatentSpace, classes: int, weights: str
) -> TrainedEncoder:
    """The encoder of a file.

    Args:
        path: of the file.
        samples_space: what a sample is.
        space: of the latents.
        classes: how many the generator is given.
        weights: a digest of the generator's weights.

    Raises:
        ValueError: it is damaged, of other weights, or of another network.
    """
    encoder = untrained(space, samples_space, classes)
    _, tensors = read_kept(path, weights, size_of(encoder) + ROOM)
    fill(encoder, tensors, path)
    return encoder.to(next(space.game.parameters()).device).eval().requires_grad_(False)


def write_photo(path: Path, photo: Photo, weights: str) -> None:
    """Write what was found of a photo."""
    tensors = {"w": photo.w, "target": torch.from_numpy(photo.target.astype(np.float32))}
    tensors |= {} if photo.c is None else {"c": photo.c}
    write_kept(path, tensors | {f"tuned.{name}": value for name, value in photo.tuned.items()}, weights)


def read_photo(path: Path, samples_space: Space, space: LatentSpace, weights: str) -> Photo:
    """What was found of a photo.

    Raises:
        ValueError: there is none of that name, or the file is damaged or of another run.
    """
    check_name(path.stem)
    if not path.exists():
        known = sorted(found.stem for found in path.parent.glob("*.safetensors"))
        names = (
            f"there are {', '.join(known)}" if known else "project one by 'ptarmigan project RUN photo.png'"
        )
        raise ValueError(f"there is no projected photo {path.stem!r}; {names}")
    networks = networks_of(space.game)
    numbers = 4 * int(np.prod(samples_space.raw_shape))
    _, tensors = read_kept(path, weights, size_of(networks) + numbers + 8 * space.styles * space.size + ROOM)
    w, c, target = (tensors.pop(name, None) for name in ("w", "c", "target"))
    shape = (1, space.styles, space.size)
    problem = f"{path} holds no photo of this run: remove it, and project it again"
    if w is None or tuple(w.shape) != shape or not bool(torch.isfinite(w).all()):
        raise ValueError(problem)
    if target is None or tuple(target.shape) != (1, *samples_space.raw_shape):
        raise ValueError(problem)
    if c is not None and not is_class(c, samples_space):
        raise ValueError(problem)
    tuned = {name.removeprefix("tuned."): value for name, value in tensors.items()}
    if tuned:
        fill(copy.deepcopy(networks), tuned, path)
    raw = samples_space.decode(samples_space.encode(target.numpy()))
    device = next(space.game.parameters()).device
    return Photo(w.float().to(device), None if c is None else c.to(device), raw, tuned)


def networks_of(game: Game) -> nn.ModuleDict:
    """The networks that make samples."""
    return nn.ModuleDict({name: getattr(game, name) for name in game.ema})


def is_class(c: Tensor, space: Space) -> bool:
    """Whether a tensor is one class of a space."""
    return c.dtype == torch.int64 and tuple(c.shape) == (1,) and 0 <= int(c) < len(space.classes)


def fill(network: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    """Load tensors of a file, which have to be those of a network.

    Raises:
        ValueError: they are others.
    """
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise ValueError(f"{path} holds what is no number")
    with must_fit(f"{path} is of another network: remove it, and make it again"):
        network.load_state_dict(tensors)


def size_of(network: nn.Module) -> int:
    """Bytes of the weights and buffers of a network."""
    return sum(value.numel() * value.itemsize for value in network.state_dict().values())
