"""Files of events as TensorBoard reads them: records of TFRecord that hold protocol buffers of ``Event``.

The formats are those of TensorFlow's documentation (``tfrecord``, ``event.proto``, ``summary.proto``) and of
protocol buffers; checksums are CRC-32C (RFC 3720).
"""

from __future__ import annotations

import itertools
import os
import platform
import struct
import time
from collections.abc import Mapping
from pathlib import Path

POLYNOMIAL = 0x82F63B78
VARINT, DOUBLE, BYTES, FLOAT = 0, 1, 2, 5
"""How a field is written."""
START = 1
"""A session begins: what was there of its step and later ones counts no more."""
_numbers = itertools.count()


def _entry(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (POLYNOMIAL if byte & 1 else 0)
    return byte


TABLE = tuple(map(_entry, range(256)))


def checksum(data: bytes) -> int:
    """CRC-32C, masked as in TFRecord."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """A record of TFRecord."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", checksum(length)) + data + struct.pack("<I", checksum(data))


def varint(value: int) -> bytes:
    """A whole number that is not negative, seven bits a byte."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def field(number: int, value: int | float | bytes, kind: int) -> bytes:
    """A field of a protocol buffer."""
    head = varint(number << 3 | kind)
    if kind == BYTES:
        return head + varint(len(bytes(value))) + bytes(value)  # type: ignore[arg-type]
    return head + (
        varint(int(value)) if kind == VARINT else struct.pack("<d" if kind == DOUBLE else "<f", value)
    )


def number(tag: str, value: float) -> bytes:
    """A value of a summary."""
    return field(1, field(1, tag.encode(errors="replace"), BYTES) + field(2, value, FLOAT), BYTES)


def picture(tag: str, png: bytes, height: int, width: int) -> bytes:
    """A picture of a summary, in RGB."""
    sizes = field(1, height, VARINT) + field(2, width, VARINT) + field(3, 3, VARINT)
    return field(1, field(1, tag.encode(), BYTES) + field(4, sizes + field(4, png, BYTES), BYTES), BYTES)


class EventFile:
    """A new file of events, which is written as they come.

    Args:
        folder: where it is made.
    """

    def __init__(self, folder: Path) -> None:
        host = "".join(c if c.isalnum() or c in "-_" else "-" for c in platform.node()) or "host"
        name = f"events.out.tfevents.{int(time.time()):010d}.{host}.{os.getpid()}.{next(_numbers)}"
        self.path = folder / name

    def begin(self, purge: int = 0) -> None:
        """Write what stands at the head.

        Args:
            purge: a step from which on earlier files count no more; none when 0.
        """
        self._add(field(3, b"brain.Event:2", BYTES))
        if purge:
            self._add(field(2, purge, VARINT) + field(7, field(1, START, VARINT), BYTES))

    def values(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers after ``step`` steps, each a curve."""
        self._summary(step, b"".join(number(tag, value) for tag, value in values.items()))

    def picture(self, step: int, tag: str, png: bytes, height: int, width: int) -> None:
        """A picture in RGB after ``step`` steps, as the bytes of a PNG."""
        self._summary(step, picture(tag, png, height, width))

    def _summary(self, step: int, summary: bytes) -> None:
        self._add(field(2, step, VARINT) + field(5, summary, BYTES))

    def _add(self, event: bytes) -> None:
        with open(self.path, "ab") as file:
            file.write(record(field(1, time.time(), DOUBLE) + event))
