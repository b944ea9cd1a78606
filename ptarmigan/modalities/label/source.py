"""Label maps in files: numbers of grey and palette images as they stand there, or colours for classes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.arrays import to_array
from ptarmigan.data.blank import Blank
from ptarmigan.data.cache import remembered
from ptarmigan.data.in_order import in_order
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.modalities.image.decode import picture_in, resized
from ptarmigan.modalities.image.file_source import FileSource, PixelFile
from ptarmigan.modalities.image.files import opened
from ptarmigan.modalities.image.reading import Reading, Target, half
from ptarmigan.modalities.image.source import parse_size
from ptarmigan.modalities.image.splits import Files
from ptarmigan.modalities.image.survey import cache_name, surveyed
from ptarmigan.modalities.label.space import LabelSpace

PLAIN = 64
"""Numbers below are classes of their own number. Where larger ones occur, classes are the numbers that do."""
MOST_NUMBERS, MOST_COLOURS = 200, 64
RED, GREEN = 1 << 16, 1 << 8
NUMBERS = frozenset({"1", "L", "P", "LA", "PA", "I", "I;16", "I;16B", "I;16L", "I;16N"})


@dataclass(frozen=True)
class Labels:
    """Label maps in memory; those in files come as a side of a translation (``Pairs``)."""

    data: Any
    """An array (n, H, W[, 1]) of class numbers."""
    size: str = ""
    """HxW (or N for NxN): resize every map, by the nearest pixel."""

    def open(self, *, batch: int, seed: int = 0) -> Samples:
        """The maps, shuffled by ``seed`` and cut into batches."""
        if isinstance(self.data, Blank):
            return Samples(self.data, self.data.space, batch=batch, seed=seed)
        target = Target(parse_size(self.size), False) if self.size else Target()
        source, space = label_array(self.data, target, "the array", None)
        return Samples(source, space, batch=batch, seed=seed)


@dataclass
class Legend:
    """What label maps hold: their numbers, and the colours that these have.

    A set of maps goes by colours where one of them is a colour image that is not grey, or palettes give one
    number several colours; else by numbers.

    Attributes:
        numbers: those that occur, where images hold numbers.
        colours: those that occur, ``red·65536 + green·256 + blue``.
        palette: the colour of every number, as far as palettes tell.
        by_colour: numbers mean nothing.
    """

    numbers: set[int] = field(default_factory=set)
    colours: set[int] = field(default_factory=set)
    palette: dict[int, int] = field(default_factory=dict)
    by_colour: bool = False

    def add(self, image: Image.Image) -> None:
        """What one more image holds."""
        colours = packed(image)
        self.colours |= set(np.unique(colours).tolist())
        try:
            numbers = numbers_of(image)
        except ValueError:
            self.by_colour = True
            return
        for number in np.unique(numbers).tolist():
            self.numbers.add(number)
            if image.mode in ("P", "PA"):
                colour = int(colours[numbers == number][0])
                self.by_colour |= self.palette.setdefault(number, colour) != colour

    def space(self, height: int, width: int, void: int | None = None) -> LabelSpace:
        """What such maps are, at a size.

        Args:
            height: of them.
            width: of them.
            void: the number of pixels that are of no class, if there is one.

        Raises:
            ValueError: these pixels have no number, or there are no others.
        """
        if self.by_colour:
            if void is not None:
                raise ValueError(f"--void {void}: these label maps are told by their colours, not by numbers")
            known = sorted(self.colours)
            return LabelSpace(height, width, len(known), rgb(known), by_colour=True)
        known = sorted(self.numbers - {void})
        if not known:
            raise ValueError(f"--void {void}: the label maps hold nothing else")
        most = max(known)
        numbers = tuple(range(most + 1)) if most < PLAIN else tuple(known)
        palette = rgb([self.palette.get(number, 0) for number in numbers]) if self.palette else ()
        return LabelSpace(height, width, len(numbers), palette, () if most < PLAIN else numbers, void=void)

    def check(self, where: str) -> None:
        """Few enough classes for label maps.

        Raises:
            ValueError: there are more.
        """
        n, kind, most = len(self.numbers), "numbers", MOST_NUMBERS
        if self.by_colour:
            n, kind, most = len(self.colours), "colours", MOST_COLOURS
        if n > most:
            raise ValueError(
                f"{where}: more than {most} different {kind} are too many for label maps: are these "
                "photos, with the maps on the other side (--labels)? Or maps that JPEG has smeared?"
            )


def open_labels(
    train: Files, held_out: Files | None, target: Target, *, keep: bool = True, void: int | None = None
) -> tuple[FileSource | PixelFile, LabelSpace, FileSource | PixelFile | None]:
    """A source of label maps to train on, what they are, and a source of those held out; as ``open_files``.

    Classes are counted over all of them. Pixels are picked, never mixed, where sizes change. The number
    ``void`` means that a pixel is of no class: many sets have 255 for that, which is a class like the others
    where it is not said to be ``void``.

    Raises:
        ValueError: as ``open_files``, they hold too many numbers or colours, or there is no such ``void``.
    """
    parts = [train] if held_out is None else [train, held_out]
    form, bad = surveyed(parts, target)
    name = cache_name(parts, target)
    plain = remembered("surveys", f"{name}.labels.json", lambda: _legend(parts, bad, target))
    space = Legend(
        set(plain["numbers"]), set(plain["colours"]), dict(plain["palette"]), plain["by_colour"]
    ).space(form.height, form.width, void)
    mark = hashlib.blake2b(f"{name} {space}".encode(), digest_size=16).hexdigest()
    sources = opened(parts, bad, label_reading(space, target), mark, keep=keep)
    return sources[0], space, sources[1] if held_out is not None else None


def label_array(
    data: Any, target: Target, where: str, void: int | None = None
) -> tuple[ArraySource, LabelSpace]:
    """Label maps in an array or tensor of whole numbers, ``(n, height, width)`` or ``(n, height, width, 1)``.

    Raises:
        ValueError: it is no such array, or holds too many numbers.
    """
    raw = to_array(data)
    raw = raw[..., None] if raw.ndim == 3 else raw
    if raw.ndim != 4 or raw.shape[3] != 1 or 0 in raw.shape or raw.dtype.kind not in "iub" or raw.min() < 0:
        raise ValueError(
            f"{where} is {raw.dtype}{list(raw.shape)}: label maps are whole numbers, (n, height, width)"
        )
    legend = Legend(numbers=set(np.unique(raw).tolist()))
    legend.check(where)
    height, width = target.size or raw.shape[1:3]
    space = legend.space(height, width, void)
    maps = classes_in(raw.astype(np.int64), space)
    if target.size:
        nearest = Image.Resampling.NEAREST
        maps = np.stack([resized(one, *target.size, target.crop, nearest) for one in maps])
    return ArraySource(maps), space


def label_reading(space: LabelSpace, target: Target) -> Reading:
    """Files as label maps of ``space``."""

    def read(data: bytes) -> NDArray[Any]:
        labels = half(indexed(picture_in(data), space), target)
        if target.size:
            labels = resized(labels, space.height, space.width, target.crop, Image.Resampling.NEAREST)
        if labels.shape[:2] != (space.height, space.width):
            raise ValueError(f"{labels.shape[0]}x{labels.shape[1]} pixels, not {space.height}x{space.width}")
        return labels

    return Reading((space.height, space.width, 1), np.dtype(np.uint8), read)


def indexed(image: Image.Image, space: LabelSpace) -> NDArray[np.uint8]:
    """The classes of an image's pixels, ``(height, width, 1)``.

    Raises:
        ValueError: it holds a number or a colour that names no class.
    """
    if space.by_colour:
        known = space.colours.astype(np.int64) @ (RED, GREEN, 1)
        found = packed(image)
    else:
        return classes_in(numbers_of(image), space)[..., None]
    return classes_of(found, known)[..., None]


def classes_in(numbers: NDArray[np.int64], space: LabelSpace) -> NDArray[np.uint8]:
    """The classes that numbers in files stand for; of ``void`` pixels ``space.labels``.

    Raises:
        ValueError: one stands for none.
    """
    known = np.array(space.numbers or range(space.labels))
    if space.void is None:
        return classes_of(numbers, known)
    void = numbers == space.void
    found = classes_of(np.where(void, known[0], numbers), known)
    found[void] = space.labels
    return found


def classes_of(found: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The places of numbers (or packed colours) in the sorted ones that are ``known``.

    Raises:
        ValueError: one of them is not.
    """
    places = np.searchsorted(known, found).clip(max=len(known) - 1)
    if not np.array_equal(known[places], found):
        stray = int(found[known[places] != found][0])
        raise ValueError(f"{stray} (#{stray:06x} as a colour) names no class of these label maps")
    return places.astype(np.uint8)


def packed(image: Image.Image) -> NDArray[np.int64]:
    """The colours of an image's pixels, ``(height, width)``."""
    out: NDArray[np.int64] = np.asarray(image.convert("RGB")).astype(np.int64) @ (RED, GREEN, 1)
    return out


def numbers_of(image: Image.Image) -> NDArray[np.int64]:
    """The numbers of an image's pixels, ``(height, width)``; of a colour image those of its greys.

    Raises:
        ValueError: it has colours that are not grey.
    """
    if image.mode in NUMBERS:
        return np.asarray(image.getchannel(0) if image.mode in ("LA", "PA") else image).astype(np.int64)
    colours = packed(image)
    if any(grey_of(colour) is None for colour in np.unique(colours).tolist()):
        raise ValueError("a colour image, where grey or palette images of class numbers are expected")
    return colours % GREEN


def grey_of(colour: int) -> int | None:
    """The lightness of a grey, 0 to 255, or None of any other colour."""
    return colour % GREEN if colour == colour % GREEN * (RED + GREEN + 1) else None


def rgb(colours: list[int]) -> tuple[int, ...]:
    """Red, green and blue of every colour, one after another."""
    return tuple(part for c in colours for part in (c // RED, c // GREEN % GREEN, c % GREEN))


def _legend(parts: list[Files], bad: list[dict[int, str]], target: Target) -> dict[str, Any]:
    legend, where = Legend(), parts[0].container.where
    for files, faults in zip(parts, bad, strict=True):
        good = files.take(np.setdiff1d(np.arange(len(files)), list(faults)))

        def work(begin: int, end: int, good: Files = good) -> list[Image.Image]:
            return [image for place in range(begin, end) if (image := _image(good, place, target))]

        for images in in_order(work, len(good), "Looking at labels"):
            for image in images:
                legend.add(image)
            legend.check(where)
    if not legend.numbers and not legend.colours:
        raise ValueError(f"{where}: none of the label maps can be read")
    return {
        "numbers": sorted(legend.numbers),
        "colours": sorted(legend.colours),
        "palette": sorted(legend.palette.items()),
        "by_colour": legend.by_colour,
    }


def _image(files: Files, place: int, target: Target) -> Image.Image | None:
    try:
        image = picture_in(files.container.read(int(files.members[place])))
    except (OSError, ValueError):  # bad files are named elsewhere
        return None
    middle = image.width // 2
    boxes = {"left": (0, 0, middle, image.height), "right": (middle, 0, image.width, image.height)}
    return image.crop(boxes[target.half]) if target.half else image
