"""Sounds as files that other programs play, as HTML that plays them, and as pictures: wave above log-mel."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.space import Surface
from ptarmigan.data.space.presentation import Presentation
from ptarmigan.data.writers import Chunks, Writer
from ptarmigan.media.markup import escaped
from ptarmigan.media.optional import needs
from ptarmigan.media.pictures import grid
from ptarmigan.modalities.sound.audible import audible_mel
from ptarmigan.modalities.sound.wav import pcm, start, wav

ACROSS, WAVE, BANDS = 160, 40, 64
"""Pixels of the picture of a clip: columns, rows of the wave, and mel bands."""
HEARD = 8_000
"""Samples of a clip in a page, at most: some 22,000 characters."""
INK = (13, 148, 136)
"""The colour of the wave."""
COLOURS = 32
"""Of the picture beside it."""
PAUSE = 0.25
"""Seconds between clips in one file."""


class SoundPresentation(Presentation):
    """Raw clips ``(n, length)``, shown, played and written.

    Attributes:
        rate: samples a second.
        length: samples of a clip.
    """

    shown = 24
    rate: int
    length: int

    @property
    def most(self) -> int:
        """Clips in one picture, at most."""
        return 2_500

    def writers(self) -> Mapping[str, Writer]:
        """Also one ``.wav`` or ``.flac`` of all clips, with pauses."""
        return {**super().writers(), ".wav": Writer(self._write_wav), ".flac": Writer(self._write_flac)}

    def save(self, raw: NDArray[Any], path: Path, first: int = 0) -> None:
        """Write every clip as ``000000.wav`` and so on, of 16 bits."""
        path.mkdir(parents=True, exist_ok=True)
        for number, clip in enumerate(raw, first):
            (path / f"{number:06d}.wav").write_bytes(wav(clip, self.rate))

    def html(self, raw: NDArray[Any]) -> str:
        """A picture of every clip, and what plays its beginning, of at most 8,000 samples."""
        return "".join(self._player(clip) for clip in raw)

    def render(
        self, raw: NDArray[Any], real: NDArray[Any] | None = None, surface: Surface | None = None
    ) -> Image.Image:
        """A grid of clips: the wave, and below it 64 mel bands from low to high, down to 60 dB."""
        return grid(np.stack([self.tile(clip) for clip in raw]), gap=4)

    def tile(self, clip: NDArray[Any]) -> NDArray[np.uint8]:
        """The picture ``(height, width, 3)`` of one clip."""
        from matplotlib import colormaps

        mel = audible_mel(torch.from_numpy(np.asarray(clip, np.float32))[None], self.rate, BANDS)[0].numpy()
        columns = np.linspace(0, mel.shape[1] - 1, ACROSS).round().astype(int)
        heat = (255 * colormaps["magma"](mel[::-1, columns])[:, :, :3]).astype(np.uint8)
        return np.concatenate([outline(clip), heat])

    def _player(self, clip: NDArray[Any]) -> str:
        file = io.BytesIO()
        Image.fromarray(self.tile(clip)).quantize(COLOURS).save(file, "PNG", optimize=True)
        picture, heard = base64_of(file.getvalue()), clip[:HEARD]
        part = f"the first {HEARD / self.rate:.2g} s of " if len(clip) > HEARD else ""
        words = escaped(f"{part}one of {self.words}")
        return (
            f'<img alt="{words}" src="data:image/png;base64,{picture}">'
            f'<audio controls preload="none" title="{words}" '
            f'src="data:audio/wav;base64,{base64_of(wav(heard, self.rate))}"></audio>'
        )

    def _write_wav(self, path: Path, batches: Chunks, n: int) -> None:
        with open(path, "wb") as file:
            file.write(start(n * (self.length + len(self._pause)), self.rate))
            for clip in self._with_pauses(batches):
                file.write(pcm(clip))

    def _write_flac(self, path: Path, batches: Chunks, n: int) -> None:
        library = needs("soundfile", extra="sound", why="a .flac needs soundfile")
        file: IO[bytes]
        with (
            open(path, "wb") as file,
            library.SoundFile(file, "w", self.rate, 1, "PCM_16", format="FLAC") as out,
        ):
            for clip in self._with_pauses(batches):
                out.write(np.clip(clip, -1, 1))

    def _with_pauses(self, batches: Chunks) -> Iterator[NDArray[np.float32]]:
        for raw in batches:
            for clip in raw:
                yield np.concatenate([np.asarray(clip, np.float32), self._pause])

    @property
    def _pause(self) -> NDArray[np.float32]:
        return np.zeros(round(PAUSE * self.rate), np.float32)


def outline(clip: NDArray[Any]) -> NDArray[np.uint8]:
    """A wave from its lowest to its highest sample in every column of pixels."""
    parts = np.array_split(np.clip(clip, -1, 1), ACROSS) if len(clip) >= ACROSS else [clip] * ACROSS
    low, high = (np.array([reach(part) for part in parts]) for reach in (np.min, np.max))
    rows = np.linspace(1, -1, WAVE)[:, None]
    half = 1 / (WAVE - 1)
    inked = (rows >= low - half) & (rows <= high + half)
    return np.where(inked[:, :, None], INK, 255).astype(np.uint8)


def base64_of(data: bytes) -> str:
    """Bytes as base64."""
    return base64.b64encode(data).decode("ascii")
