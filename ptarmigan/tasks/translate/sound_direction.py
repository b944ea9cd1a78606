"""A trained translation of sounds of any length and number of channels, such as a vocoder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan.core import noise
from ptarmigan.core.inference import inference
from ptarmigan.modalities.sound.space import SoundSpace
from ptarmigan.tasks.translate.translation import Translation

Floats = NDArray[np.float32]

PIECES = 4
"""A long sound is translated in pieces of so many times the length of training."""
FADES = 8
"""A fade is so many times shorter than what pieces share."""


@dataclass(frozen=True)
class SoundDirection:
    """A trained translation of sounds.

    A long sound is translated in pieces that overlap by half of the length of training, where one fades into
    the next, so that there are no seams; and every channel by itself.

    Attributes:
        game: translates, in evaluation mode.
        given: the space of inputs.
        space: the space of outputs.
        precision: the dtype of autocast, or None.
    """

    game: Translation
    given: SoundSpace
    space: SoundSpace
    precision: torch.dtype | None = None

    def __call__(self, samples: Floats, *, seed: int = 0) -> Floats:
        """Translate a sound ``(length,)`` or ``(length, channels)`` at the rate of training.

        Args:
            samples: from -1 to 1; they are made as loud as those of training, and then as they were.
            seed: the random seed of the latent, where the game has one.
        """
        if samples.ndim == 2:
            return np.stack([self(channel, seed=seed) for channel in samples.T], 1)
        peak = float(np.abs(samples).max(initial=0)) or 1.0
        return self.in_pieces(samples / np.float32(peak), seed) * np.float32(peak)

    def in_pieces(self, samples: Floats, seed: int) -> Floats:
        """The same, in pieces that fade into one another where what they share is quietest.

        There nobody hears that a vocoder's phases, which the input does not say, differ from piece to piece.
        """
        least, whole = self.given.length, PIECES * self.given.length
        shared = least // 2
        out = np.zeros(len(samples), np.float32)
        for begin in range(0, max(1, len(samples) - shared), whole - shared):
            piece = samples[begin : begin + whole]
            made = self.piece(np.pad(piece, (0, max(0, least - len(piece)))), seed)[: len(piece)]
            places = np.arange(len(made), dtype=np.float32)
            width = max(1, shared // FADES)
            fade = np.clip((places - quietest(piece[:shared], width)) / width + 0.5, 0, 1) if begin else 1
            out[begin : begin + len(made)] = out[begin : begin + len(made)] * (1 - fade) + made * fade
        return out

    def piece(self, samples: Floats, seed: int) -> Floats:
        """The translation of a piece that is at least as long as those of training."""
        device = next(self.game.parameters()).device
        a = self.given.encode(samples[None]).to(device, torch.get_default_dtype())
        with inference(self.game, seed, "translate", samples=1, precision=self.precision):
            x = self.game.translate(a, noise.normal(1, self.game.latent))
        made = self.space.decode(x)[0]
        return np.pad(made, (0, max(0, len(samples) - len(made))))[: len(samples)].astype(np.float32)


def quietest(shared: Floats, width: int) -> int:
    """The middle of the quietest part of so many samples.

    It is not at the ends, of which networks see one side only.
    """
    power = np.convolve(np.square(shared, dtype=np.float64), np.ones(width), "same")
    first = len(shared) // 4
    return first + int(power[first : max(first + 1, len(shared) - first)].argmin())
