"""Videos that are arrays: in memory, in .npy and .npz files, and in HDF5."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.memory import check_memory
from ptarmigan.data.npy import npy_array
from ptarmigan.media.foreign import DAMAGED, check_unpacked, open_binary, regular
from ptarmigan.media.optional import needs
from ptarmigan.modalities.image.splits import numbered
from ptarmigan.modalities.video.clips import Decoded
from ptarmigan.modalities.video.decode import Frame, Frames, Wanted

VIDEOS = ("x", "videos", "video", "images", "data", "arr_0")
"""Names of the array of samples, in the order of preference."""
LABELS = ("y", "labels", "label", "c", "arr_1")
HDF5 = (".h5", ".hdf5", ".hdf")
WANTED = "give uint8, or floating-point numbers in [0, 1]"
Arrays = tuple[NDArray[Any], NDArray[Any] | None]


def read_arrays(path: Path) -> Arrays:
    """The videos in a file, and their labels where it has such.

    Raises:
        ValueError: it is damaged, or holds no array of videos.
    """
    try:
        if path.suffix.lower() in HDF5:
            return read_hdf5(path)
        return read_npz(path) if path.suffix.lower() == ".npz" else (read_npy(path), None)
    except DAMAGED as error:
        raise ValueError(f"{path} is damaged ({error})") from None


def read_npy(path: Path) -> NDArray[Any]:
    """The array in a file."""
    with open_binary(path) as file:
        return npy_array(file, os.fstat(file.fileno()).st_size, str(path))


def read_npz(path: Path) -> Arrays:
    """The arrays of videos and of labels in an archive."""
    packed = path.stat().st_size
    with zipfile.ZipFile(regular(path)) as archive:
        members = {each.filename.removesuffix(".npy").lower(): each for each in archive.infolist()}

        def array(names: Sequence[str]) -> NDArray[Any] | None:
            name = next((name for name in names if name in members), None)
            if name is None:
                return None
            check_unpacked(members[name].file_size, packed, f"{name} in {path}")
            with archive.open(members[name]) as file:
                return npy_array(file, members[name].file_size, f"{name} in {path}")

        videos, labels = array(VIDEOS), array(LABELS)
    if videos is None:
        raise ValueError(f"{path} holds no array of videos: call it x, and labels y")
    return videos, labels


def read_hdf5(path: Path) -> Arrays:
    """The data sets of videos and of labels in an HDF5 file, by their names; else the only one there is."""
    library = needs("h5py", extra="video", why="an HDF5 file needs h5py")
    packed = regular(path).stat().st_size
    try:
        with library.File(path, "r") as file:
            # links to other files, and data that lie in others, could be anybody's
            inside = {name for name in file if isinstance(file.get(name, getlink=True), library.HardLink)}
            known = {
                name.lower(): file[name]
                for name in sorted(inside)
                if isinstance(file[name], library.Dataset)
                and not file[name].is_virtual
                and file[name].external is None
            }
            videos = next((known[name] for name in VIDEOS if name in known), None)
            labels = next((known[name] for name in LABELS if name in known), None)
            if videos is None:
                several = [each for each in known.values() if each.ndim in (4, 5)]
                videos = several[0] if len(several) == 1 else None
            if videos is None:
                raise ValueError(f"{path} holds no data set of videos: call it x, and labels y")
            for each in (videos, labels):
                if each is not None and each.dtype.kind not in "uifb":
                    raise ValueError(f"{path}: {each.name} holds {each.dtype}, no numbers")
                if each is not None:
                    check_unpacked(each.size * each.dtype.itemsize, packed, f"{each.name} in {path}")
            return videos[()], None if labels is None else labels[()]
    except (OSError, RuntimeError, KeyError) as error:
        raise ValueError(f"{path} is no readable HDF5 file ({str(error).splitlines()[0]})") from None


def as_clips(array: NDArray[Any], where: str) -> Frames:
    """An array of videos as ``(n, frames, height, width, channels)`` uint8.

    Of five axes the last, or the third, has 1 or 3 channels. Of four, which are grey, frames come first or
    second: the shorter of the two axes is time, as in MovingMNIST's (20, 10000, 64, 64).

    Raises:
        ValueError: it is no array of videos.
    """
    if array.ndim == 4:
        array = (array.swapaxes(0, 1) if array.shape[0] < array.shape[1] else array)[..., None]
    if array.ndim != 5 or not array.size:
        raise ValueError(f"{where} has the shape {array.shape}, not (n, frames, height, width[, channels])")
    if array.shape[-1] not in (1, 3):
        if array.shape[2] not in (1, 3):
            raise ValueError(f"{where} has the shape {array.shape}: videos have 1 channel or 3")
        array = np.moveaxis(array, 2, 4)
    if array.dtype.kind == "f":
        if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
            raise ValueError(f"{where} holds numbers outside of [0, 1]: {WANTED}")
        return np.asarray((array * 255).round(), np.uint8)
    if array.dtype == bool:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype != np.uint8:
        raise ValueError(f"{where} holds {array.dtype}: {WANTED}")
    return array


def in_memory(
    recordings: Sequence[Frames], labels: NDArray[Any] | None, size: tuple[int, int] | None, crop: bool
) -> tuple[Decoded, Wanted]:
    """Recordings ``(frames, height, width, channels)`` as they are, or at a size.

    Raises:
        ValueError: there are none, they differ, or there are not as many labels.
    """
    if not len(recordings):
        raise ValueError("there are no videos")
    if labels is not None and len(labels) != len(recordings):
        raise ValueError(f"{len(labels):,} labels do not fit {len(recordings):,} videos")
    height, width, channels = recordings[0].shape[1:]
    wanted = Wanted(*(size or (int(height), int(width))), int(channels), 0.0, size is not None, crop)
    if size is None and len({each.shape[1:] for each in recordings}) == 1:
        together = np.concatenate([*recordings])
    else:
        check_memory(sum(map(len, recordings)) * wanted.height * wanted.width * channels, "videos")
        frames = [wanted.frames((Frame(f, 0.0) for f in each), "videos") for each in recordings]
        together = np.concatenate(frames)
    if min(map(len, recordings)) < 2:
        raise ValueError("there is a still picture among the videos: it has one frame")
    numbers, classes = (None, ()) if labels is None else numbered(np.asarray(labels).tolist())
    ends = np.cumsum([len(each) for each in recordings])
    return Decoded(lambda begin, end: together[begin:end], ends, numbers, classes), wanted
