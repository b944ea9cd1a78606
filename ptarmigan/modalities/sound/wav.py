"""WAV files: the header as it is, the samples where it can be trusted, and one that other programs open.

scipy's reader warns where a chunk is unknown or a header promises more than there is, and a warning cannot be
caught on one of several threads; so the few lines that are needed are here.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
STREAMED = (0, 0xFFFFFFFF)
"""Sizes in the headers of files whose writer did not know yet: the samples go on to the end."""
LOUDEST = 32_767
START, LARGEST = 44, 2**32 - 1
"""Bytes before the samples, and of a whole file."""


class Header(NamedTuple):
    """What a header says.

    Attributes:
        rate: samples a second.
        channels: how many.
        frames: samples of a channel.
        bits: of a sample.
        kind: ``PCM`` or ``FLOAT``.
        begin: the first byte of the samples.
    """

    rate: int
    channels: int
    frames: int
    bits: int
    kind: int
    begin: int


def header(data: bytes, size: int) -> Header:
    """The header of a WAV file.

    Args:
        data: the file, or its beginning.
        size: bytes of the whole file.

    Raises:
        ValueError: it is none, its header contradicts itself or the file, or its coding is not read.
        EOFError: the samples begin after ``data``, which is not the whole file.
    """
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("no WAV file, by its first bytes")
    place, form = 12, None
    while place + 8 <= size:
        if place + 8 > len(data):
            raise EOFError("a header that goes on")
        name, length = struct.unpack("<4sI", data[place : place + 8])
        place += 8
        if name == b"fmt ":
            form = _form(data[place : place + length])
        elif name == b"data":
            if form is None:
                raise ValueError("damaged (no format before the samples)")
            return _checked(*form, length, place, size)
        place += length + length % 2
    raise ValueError("damaged (no samples in it)")


def samples_of(data: bytes) -> tuple[NDArray[np.float32], int]:
    """The samples ``(frames, channels)`` of a whole file, from -1 to 1, and their rate.

    Raises:
        ValueError: see ``header``.
    """
    said = header(data, len(data))
    width, count = said.bits // 8, said.frames * said.channels
    raw = np.frombuffer(data, np.uint8, count * width, said.begin)
    if said.kind == FLOAT:
        values = np.asarray(raw.view(f"<f{width}"), np.float32)
    elif width == 1:  # unsigned, alone of all
        values = np.asarray((raw.astype(np.float32) - 128) / 128, np.float32)
    elif width == 3:
        wide = np.zeros((count, 4), np.uint8)
        wide[:, 1:] = raw.reshape(-1, 3)
        values = np.asarray(wide.view("<i4")[:, 0] / 2**31, np.float32)
    else:
        values = np.asarray(raw.view(f"<i{width}") / 2 ** (said.bits - 1), np.float32)
    return values.reshape(-1, said.channels), said.rate


def wav(samples: NDArray[np.float32], rate: int) -> bytes:
    """Samples ``(frames,)`` or ``(frames, channels)``, from -1 to 1, as a WAV file of 16 bits.

    What is louder is clipped.
    """
    return start(len(samples), rate, samples.shape[1] if samples.ndim == 2 else 1) + pcm(samples)


def start(frames: int, rate: int, channels: int = 1) -> bytes:
    """What precedes so many samples of every channel, of 16 bits, in a file.

    Raises:
        ValueError: there are more than a file can hold.
    """
    block = 2 * channels
    size = block * frames
    if size + START > LARGEST:
        raise ValueError(f"{frames:,} samples are more than a .wav can hold: write a folder, or a .flac")
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, PCM, channels, rate, block * rate, block, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", START - 8 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size)
    )


def pcm(samples: NDArray[np.float32]) -> bytes:
    """Samples from -1 to 1 as 16 bits."""
    # 32,767, so that +1 does not wrap
    return np.rint(np.clip(samples, -1, 1) * LOUDEST).astype("<i2").tobytes()


def _form(chunk: bytes) -> tuple[int, int, int, int]:
    """Kind, channels, rate and bits."""
    if len(chunk) < 16:
        raise ValueError("damaged (a short format)")
    kind, channels, rate, _, block, bits = struct.unpack("<HHIIHH", chunk[:16])
    if kind == EXTENSIBLE and len(chunk) >= 26:
        (kind,) = struct.unpack("<H", chunk[24:26])
    known = {PCM: (8, 16, 24, 32), FLOAT: (32, 64)}.get(kind)
    if known is None:
        raise ValueError(f"samples of coding {kind} are not read: convert them to PCM")
    if bits not in known or not channels or block != channels * bits // 8:
        raise ValueError(f"damaged ({channels} channels of {bits} bits in {block} bytes)")
    return kind, channels, rate, bits


def _checked(kind: int, channels: int, rate: int, bits: int, length: int, begin: int, size: int) -> Header:
    left, block = size - begin, channels * bits // 8
    if length in STREAMED:
        length = left
    if length > left:
        raise ValueError(f"cut short (its header promises {length:,} bytes of samples, {left:,} are there)")
    return Header(rate, channels, length // block, bits, kind, begin)
