"""Files of sound to samples: WAV by itself, other formats by the libraries of an extra."""

from __future__ import annotations

import io
from math import gcd
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.errors import one_line
from ptarmigan.core.memory import check_memory
from ptarmigan.data.archives import Container
from ptarmigan.media.foreign import check_unpacked
from ptarmigan.media.optional import needs
from ptarmigan.modalities.sound import wav

Floats = NDArray[np.float32]

BY_SOUNDFILE = ("flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "au")
BY_PYAV = ("m4a", "mp4", "aac", "webm")
EXTENSIONS = ("wav", *BY_SOUNDFILE, *BY_PYAV)
"""Endings of files that are read."""
MOST_BYTES = 1 << 30
"""Of a file."""
START = 1 << 16
"""Bytes in which most headers lie."""
RATES = (1_000, 768_000)
"""Samples a second, from and to."""
CHANNELS = 64
"""At most."""
SILENT = 1e-4
"""The range of samples below which there is nothing to hear: -80 dB of the loudest there can be."""
FULL = 1 - 1e-4
"""Samples from here on are at the end of their range."""
SAMPLE = 8
"""Bytes of a sample while it is resampled."""
CLIPPED = 0.01
"""The share of such samples from which on a clip counts as clipped."""


class Form(NamedTuple):
    """Rate, channels, and samples of a channel."""

    rate: int
    channels: int
    frames: int


def form_of(files: Container, i: int) -> Form:
    """What the header of the ``i``-th file says.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged, or of a format that is not read.
    """
    size = int(files.sizes[i])
    if not 0 < size <= MOST_BYTES:
        raise ValueError("empty" if not size else f"larger than {MOST_BYTES >> 20} MB")
    ending = ending_of(files.names[i])
    if ending != "wav":
        return _checked(_by_library(files.read(i), ending, header_only=True)[1])
    try:
        said = wav.header(files.read(i, START), size)
    except EOFError:
        said = wav.header(files.read(i), size)
    return _checked(Form(said.rate, said.channels, said.frames))


def waveform(files: Container, i: int, rate: int) -> Floats:
    """The ``i``-th file as one channel at a rate: the mean of its channels, resampled.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged, or there is nothing to hear in it.
    """
    samples, own = channels_of(files, i)
    return audible(resampled(samples.mean(1), own, rate))


def channels_of(files: Container, i: int) -> tuple[Floats, int]:
    """The samples ``(frames, channels)`` of the ``i``-th file, and their rate.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged.
    """
    form = form_of(files, i)
    data = files.read(i)
    check_unpacked(4 * form.channels * form.frames, len(data), files.names[i])
    ending = ending_of(files.names[i])
    if ending == "wav":
        samples, _ = wav.samples_of(data)
    else:
        samples, form = _by_library(data, ending)
    if not np.isfinite(samples).all():
        raise ValueError("holds numbers that are not finite")
    return samples, form.rate


def audible(samples: Floats) -> Floats:
    """The same samples.

    Raises:
        ValueError: there is nothing to hear in them.
    """
    if not len(samples):
        raise ValueError("holds no samples")
    if float(samples.max() - samples.min()) < SILENT:
        raise ValueError("is silent: all its samples are the same")
    return samples


def is_clipped(samples: Floats) -> bool:
    """Whether many samples are at the end of their range, where the top of the wave is lost."""
    return float((np.abs(samples) >= FULL).mean()) > CLIPPED


def resampled(samples: Floats, rate: int, wanted: int) -> Floats:
    """Samples at another rate, by a polyphase filter.

    Raises:
        ValueError: they would be too many: a header may say that a long sound is slow.
    """
    if rate == wanted:
        return np.ascontiguousarray(samples, np.float32)
    check_memory(SAMPLE * len(samples) * wanted // rate, f"a sound of {rate:,} Hz at {wanted:,} Hz")
    from scipy.signal import resample_poly

    shared = gcd(rate, wanted)
    return np.asarray(resample_poly(samples, wanted // shared, rate // shared), np.float32)


def ending_of(name: str) -> str:
    """What follows the last dot of a name: ``wav``."""
    return name.rpartition(".")[2].lower()


def _checked(form: Form) -> Form:
    if not RATES[0] <= form.rate <= RATES[1]:
        raise ValueError(f"{form.rate:,} samples a second are none of sound")
    if form.channels > CHANNELS:
        raise ValueError(f"{form.channels} channels are more than are read")
    return form


def _by_library(data: bytes, ending: str, *, header_only: bool = False) -> tuple[Floats, Form]:
    """Samples ``(frames, channels)``, none of them where only the header is wanted, and what they are."""
    read = _soundfile if ending in BY_SOUNDFILE else _pyav
    return read(data, ending, header_only)


def _soundfile(data: bytes, ending: str, header_only: bool) -> tuple[Floats, Form]:
    library = needs("soundfile", extra="sound", why=f"a .{ending} needs soundfile")
    try:
        with library.SoundFile(io.BytesIO(data)) as file:
            form = Form(int(file.samplerate), int(file.channels), int(file.frames))
            samples = file.read(0 if header_only else -1, dtype="float32", always_2d=True)
    except library.LibsndfileError as error:
        raise ValueError(f"damaged ({one_line(error)})") from None
    return samples, form


def _pyav(data: bytes, ending: str, header_only: bool) -> tuple[Floats, Form]:
    library = needs("av", extra="sound", why=f"a .{ending} needs PyAV")
    parts: list[Any] = []
    try:
        with library.open(io.BytesIO(data)) as file:
            if not file.streams.audio:
                raise ValueError("holds no sound")
            stream = file.streams.audio[0]
            rate, channels = int(stream.rate), int(stream.codec_context.channels)
            frames = int((stream.duration or 0) * (stream.time_base or 0) * rate)
            planes = library.AudioResampler(format="fltp")
            for frame in () if header_only else file.decode(stream):
                parts += [part.to_ndarray() for part in planes.resample(frame)]
                check_unpacked(sum(part.nbytes for part in parts), len(data), f"a .{ending}")
    except (library.FFmpegError, OverflowError) as error:
        raise ValueError(f"damaged ({one_line(error)})") from None
    samples = np.concatenate(parts, 1).T if parts else np.empty((0, max(1, channels)), np.float32)
    return samples, Form(rate, channels, len(samples) or frames)
