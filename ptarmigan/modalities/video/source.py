"""Videos by one argument: films, animations, strips, folders of frames, arrays, or a set by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ptarmigan.data.archives import Container, container
from ptarmigan.data.arrays import to_array
from ptarmigan.data.blank import Blank
from ptarmigan.data.condition import Condition
from ptarmigan.data.samples import Samples, Source
from ptarmigan.data.space import Space
from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import regular
from ptarmigan.modalities.image.source import parse_size
from ptarmigan.modalities.sound.names import Listed
from ptarmigan.modalities.video.arrays import HDF5, as_clips, in_memory, read_arrays
from ptarmigan.modalities.video.clips import Clips, Decoded, Part, Short, several
from ptarmigan.modalities.video.decode import ANIMATED, FILMS, UNKNOWN, Frames, Wanted
from ptarmigan.modalities.video.files import open_files
from ptarmigan.modalities.video.names import organised
from ptarmigan.modalities.video.shapes import HELD_OUT, LABELS, RATE, SETS, SIDE, TRAINED, labels_of, shape
from ptarmigan.modalities.video.shapes import LENGTH as SHAPE_FRAMES
from ptarmigan.modalities.video.space import VideoSpace

KINDS = (
    "a folder, .zip or .tar of videos (mp4, webm, mov, avi), animations (gif, webp), strips or folders of "
    "frames, one such file, or an .npy, .npz or HDF5 file"
)
LENGTH = 16
"""Frames of a clip, as of MoCoGAN."""
TRAIN, TEST = "train", "held out"
"""Seeds of the built-in set."""


@dataclass(frozen=True)
class Videos:
    """The videos to learn from, and how they are read."""

    data: Any = "shapes"
    """shapes (its classes are paths; of shapes-colour, shapes-size and shapes-speed those), or the path of a
    folder, .zip or .tar of videos, animations, strips or folders of frames, of one file of these, or of an
    .npy, .npz or HDF5 file. Classes are subfolders. In Python also an array (n, frames, height, width,
    channels), a list of arrays (frames, height, width, channels), a pair of such and labels, or a Blank."""
    length: int = LENGTH
    """Frames of a clip: of each video and epoch one window is taken."""
    every: int = 1
    """How many frames of a video come to one of a clip."""
    size: str = ""
    """HxW (or N for NxN): resize every frame, antialiased. Needed where sizes differ."""
    crop: bool = False
    """With a size: cut the centre out in its proportions instead of squeezing."""
    rate: float = 0.0
    """Frames a second that all videos are brought to before ``every`` counts; as they are when 0. Needed
    where rates differ."""
    short: Short = "refuse"
    """What becomes of videos that are shorter than a clip: they are left out, their last frame is repeated,
    or they are shown forth and back (reflect)."""

    def open(self, *, batch: int, seed: int = 0, given: int = 0) -> Samples[VideoSpace]:
        """The clips, shuffled by ``seed`` and cut into batches.

        Args:
            batch: clips in a batch.
            seed: of the shuffle, and of the windows.
            given: frames before each clip, with which it comes, and from which it is to be made.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ValueError: it cannot be read as videos; the message says why and what to do.
        """
        if isinstance(self.data, Blank):
            known = self.data.inputs
            inputs = None if known is None else condition(known, Blank(known), Blank(known))
            return Samples(self.data, self.data.of(VideoSpace), batch=batch, seed=seed, condition=inputs)
        source, space, held_out = self.clips(seed, given)
        if not given:
            return Samples(source, space, batch=batch, seed=seed, held_out=held_out)
        before, whole = replace(space, frames_each=given, classes=()), held_out or several(source)
        return Samples(
            Part(source, given, given + self.length),
            replace(space, frames_each=self.length, classes=()),
            batch=batch,
            seed=seed,
            held_out=Part(whole, given, given + self.length),
            condition=condition(before, Part(source, 0, given), Part(whole, 0, given)),
        )

    def clips(self, seed: int, more: int = 0) -> tuple[Clips, VideoSpace, Source | None]:
        """Clips to train on, what they are, and those held out.

        Args:
            seed: of the windows.
            more: frames of a clip besides ``length``.
        """
        self._check()
        length = self.length + more
        recordings, wanted = self._recordings((length - 1) * self.every + 1)
        clips = [
            Clips(each, length, self.every, seed=seed, short=self.short)
            for each in recordings
            if len(each.ends)
        ]
        rate = round((wanted.rate or UNKNOWN) / self.every, 3)
        space = VideoSpace(length, wanted.height, wanted.width, wanted.channels, rate, clips[0].classes)
        return clips[0], space, several(clips[1]) if len(clips) > 1 else None

    def _recordings(self, span: int) -> tuple[list[Decoded], Wanted]:
        """Whole recordings, to train on and held out, and their size and rate."""
        size = parse_size(self.size) if self.size else None
        least = span if self.short == "refuse" else 2
        if isinstance(self.data, str | Path) and str(self.data) in SETS:
            wanted = Wanted(*(size or (SIDE, SIDE)), 3, RATE, size is not None, self.crop)
            parts = [
                named(str(self.data), n, seed, wanted) for n, seed in ((TRAINED, TRAIN), (HELD_OUT, TEST))
            ]
            return long_enough(parts, least), wanted
        if isinstance(self.data, str | Path):
            path = path_of(str(self.data))
            if path.suffix.lower() not in (".npy", ".npz", *HDF5) or not path.is_file():
                first, second = organised(files_of(str(self.data)))
                both = [first, second] if second is not None else [first]
                return open_files(both, size, self.crop, self.rate, least)
            videos, labels = read_arrays(regular(path))
            read = in_memory([*as_clips(videos, str(path))], labels, size, self.crop)
        else:
            read = self._given(size)
        return long_enough([read[0]], least), read[1].at(self.rate)

    def _given(self, size: tuple[int, int] | None) -> tuple[Decoded, Wanted]:
        data, labels = self.data, None
        if isinstance(data, tuple) and len(data) == 2:
            data, labels = data[0], to_array(data[1])
        if isinstance(data, np.ndarray | torch.Tensor):
            return in_memory([*as_clips(to_array(data), "the array")], labels, size, self.crop)
        if not isinstance(data, list | tuple):
            raise ValueError(f"videos are a path, an array or a list of arrays, not {type(data).__name__}")
        recordings = [as_clips(to_array(one)[None], f"video {i + 1}")[0] for i, one in enumerate(data)]
        return in_memory(recordings, labels, size, self.crop)

    def _check(self) -> None:
        if self.length < 2:
            raise ValueError(f"--length {self.length}: a clip has 2 frames or more")
        if self.every < 1:
            raise ValueError(f"--every {self.every}: it is 1 or more")
        if not 0 <= self.rate <= 1_000:
            raise ValueError(f"--rate {self.rate:g}: videos have 1 to 1,000 frames a second")
        if self.crop and not self.size:
            raise ValueError("--crop needs a --size to crop to, such as --size 64")
        if self.short not in ("refuse", "repeat", "reflect"):
            raise ValueError(f"--short {self.short}: it is refuse, repeat or reflect")


def condition(space: Space, source: Source, held_out: Source) -> Condition:
    """Frames before clips, which belong to them."""
    return Condition(space, source, held_out, matched=True, paired=True)


def named(name: str, n: int, seed: str, wanted: Wanted) -> Decoded:
    """Clips of a built-in set, drawn when they are read, with their classes."""

    def frames(begin: int, end: int) -> Frames:
        clips = range(begin // SHAPE_FRAMES, -(-end // SHAPE_FRAMES))
        found = np.concatenate([shape(seed, i, wanted.height, wanted.width) for i in clips])
        return found[begin - clips[0] * SHAPE_FRAMES :][: end - begin]

    what = SETS[name]
    ends = np.arange(1, n + 1) * SHAPE_FRAMES
    return Decoded(frames, ends, labels_of(n, seed, what), LABELS[what], what=what)


def long_enough(parts: list[Decoded], least: int) -> list[Decoded]:
    """The same.

    Raises:
        ValueError: a recording is shorter than a window.
    """
    for part in parts:
        if (shortest := int(part.lengths.min())) < least:
            raise ValueError(
                f"a video has {shortest} frames, and a window {least}: give a --length or --short"
            )
    return parts


def files_of(text: str) -> Container:
    """The files that a path stands for.

    Raises:
        FileNotFoundError: there is nothing.
        ValueError: it is nothing of the kind.
    """
    path = path_of(text)
    if not text or not path.exists():
        raise FileNotFoundError(
            f"there is no data {text!r}: expected {', '.join(SETS)}, or the path of {KINDS}"
        )
    found = container(text)
    if found is not None:
        return found
    if regular(path).suffix[1:].lower() in (*FILMS, *ANIMATED, "png", "jpg", "jpeg"):
        return Listed(str(path), {path.name: path})
    raise ValueError(f"{path} is no kind of video that is read: expected {KINDS}")
