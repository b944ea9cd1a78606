"""PNG files, also of colour with 16 bits, which Pillow cannot write."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.media.pictures import picture

COLOUR_TYPES = {2: 4, 3: 2, 4: 6}
"""The format's colour types of two, three and four channels."""


def png(pixels: NDArray[Any]) -> bytes:
    """One image ``(height, width, channels)`` of uint8 or uint16 as a PNG file, at full bit depth."""
    if pixels.dtype == np.uint16 and pixels.shape[2] > 1:
        return _png16(pixels)
    file = io.BytesIO()
    picture(pixels).save(file, "PNG")
    return file.getvalue()


def _png16(pixels: NDArray[np.uint16]) -> bytes:
    """A minimal PNG (ISO/IEC 15948): rows of big-endian numbers, unfiltered, deflated."""
    height, width, channels = pixels.shape
    rows = pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.pad(rows, ((0, 0), (1, 0)))  # a zero before each row: no filter
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, COLOUR_TYPES[channels], 0, 0, 0)),
        (b"IDAT", zlib.compress(filtered.tobytes())),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
