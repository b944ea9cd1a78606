"""A person's photo in the latents of a run: projected, shown, kept under a name, and edited."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Samples
from ptarmigan.media.rows import titled_rows
from ptarmigan.metrics.features import Features
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.registry import modality_of
from ptarmigan.tasks.latents.kept import check_name
from ptarmigan.tasks.latents.kept_projection import Photo, networks_of, read_photo, write_photo
from ptarmigan.trained.directions import Directions, weights_of
from ptarmigan.trained.generator import Generator
from ptarmigan.trained.loading import rebuild
from ptarmigan.trained.projection import PHOTOS, Projection, Projector


def data_of(folder: Path) -> Samples | None:
    """The data of a run, where they are to be had."""
    try:
        return rebuild(folder).samples
    except (FileNotFoundError, ValueError):
        return None


def features_of(samples: Samples | None, name: str, weights: str) -> Features | None:
    """The features in which samples are compared: those of the evaluator, which need the run's data.

    Raises:
        ValueError: there are no such features, or they need the data and there are none.
        FileNotFoundError: there is no file of weights.
    """
    if name == "pixels":
        return None
    if samples is None:
        if name == "auto" and not weights:
            return None
        raise ValueError(f"--features {name}: they need the data of this run, which are not to be had")
    evaluator = modality_of(samples.space).evaluator(samples, Request(features=name, weights=weights or None))
    return None if evaluator.features is None else evaluator.features()


def name_of(path: Path) -> str:
    """What a photo is called: its file's name without what names cannot have."""
    return re.sub(r"[^A-Za-z0-9]+", "-", path.stem).strip("-")[:64] or "photo"


def held_out_errors(projector: Projector, samples: Samples, n: int, **how: Any) -> NDArray[np.float64]:
    """The errors of ``n`` held-out real samples that are projected in the same way, of any class."""
    rows = permute(np.arange(min(n, len(samples.held_out))), len(samples.held_out), "project")
    return projector.project(samples.held_out.read(rows), **how).errors()


def shown(projection: Projection) -> Image.Image:
    """The target, what the generator makes of its latents, and the difference of the two."""
    space = projection.trained.space
    a, b = projection.target, projection.result
    apart = np.abs(a.astype(np.float64) - b.astype(np.float64)).astype(a.dtype)
    return titled_rows([("photo, projection, difference", space.strip(np.concatenate([a, b, apart]), 2))])


def keep(projection: Projection, original: Generator, folder: Path, name: str) -> None:
    """Keep a projected photo in the folder of its run, over one of that name."""
    tuned = {} if projection.trained is original else networks_of(projection.trained.game).state_dict()
    photo = Photo(projection.w, projection.c, projection.target, tuned)
    write_photo(folder / PHOTOS / f"{name}.safetensors", photo, weights_of(original))


def kept(trained: Generator, folder: Path, name: str) -> Projection:
    """A photo that was kept.

    Raises:
        ValueError: there is none of that name, or the file is not of this run.
    """
    check_name(name)  # before it is part of a path
    path = folder / PHOTOS / f"{name}.safetensors"
    photo = read_photo(path, trained.space, trained.space_of_w, weights_of(trained))
    if photo.tuned:
        networks_of(trained.game).load_state_dict(photo.tuned)
    return Projection(trained, photo.w, photo.c, photo.target)


def edited_photo(
    directions: Directions, folder: Path, name: str, amounts: Mapping[str, float]
) -> tuple[Projection, NDArray[Any]]:
    """A kept photo, and what becomes of it along directions.

    Raises:
        ValueError: there is no such photo or direction.
    """
    photo = kept(directions.trained, folder, name)
    with torch.no_grad():
        return photo, photo.synthesise(directions.apply(photo.w, amounts))
