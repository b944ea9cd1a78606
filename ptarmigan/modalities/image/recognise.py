"""Whether data are images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Dataset

from ptarmigan.data.archives import TARS
from ptarmigan.data.glimpse import Glimpse, array_of, endings, file_of, text_of
from ptarmigan.media.files import path_of
from ptarmigan.modalities.image.decode import EXTENSIONS
from ptarmigan.modalities.image.idx import looks_like_idx
from ptarmigan.modalities.image.named import NAMES
from ptarmigan.modalities.image.parquet import holds_images
from ptarmigan.modalities.image.stacked import NAME as STACKED


def recognise(data: Any) -> str:
    """Why data are images; empty where they are not."""
    text = text_of(data)
    if text in (*NAMES, STACKED):
        return f"the set {text}"
    if isinstance(data, Dataset | DataLoader):
        return f"a torch {'Dataset' if isinstance(data, Dataset) else 'DataLoader'}"
    if isinstance(data, tuple | list):
        return "images and their labels" if len(data) == 2 and is_image_array(array_of(data[0])) else ""
    if is_image_array(found := array_of(data)):
        return f"an array of shape {found.shape}" if found else ""
    path = file_of(data)
    if path is not None and looks_like_idx(path):
        return "an idx file"
    if path is not None and path.suffix.lower() == ".parquet":
        return "a Parquet file with a column of images" if holds_images(path) else ""
    return in_files(text)


def in_files(text: str) -> str:
    """Why a folder or an archive holds images."""
    if "{" in text and text.lower().endswith(TARS) and not Path(text).exists():
        return "shards of images"
    count = image_files(text)
    if count:
        return f"{count:,} image file{'s' * (count > 1)}"
    folder = path_of(text)
    if not text or not folder.is_dir():
        return ""
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    if any(looks_like_idx(path) for path in files):
        return "idx files"
    if any(path.name.lower().endswith(TARS) for path in files):
        return "tar files of images"
    parquet = next((path for path in files if path.suffix.lower() == ".parquet"), None)
    return "Parquet files with a column of images" if parquet and holds_images(parquet) else ""


def image_files(text: str) -> int:
    """How many image files are in a folder or an archive."""
    return sum(n for ending, n in endings(text).items() if ending[1:] in EXTENSIONS)


def is_image_array(found: Glimpse | None) -> bool:
    """Whether an array is ``(n, height, width[, channels])`` of pixels."""
    if found is None or len(found.shape) not in (3, 4):
        return False
    if found.dtype.kind != "f":
        return found.dtype.kind in "ub"
    if found.some is None or len(found.shape) == 4:
        return True
    return bool(np.nanmin(found.some, initial=0) >= 0 and np.nanmax(found.some, initial=0) <= 1)
