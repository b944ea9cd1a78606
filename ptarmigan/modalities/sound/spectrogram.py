"""Sounds as networks for pictures see them: log-magnitude spectrograms, heard again by Griffin-Lim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.source import Source
from ptarmigan.metrics.features import chunks
from ptarmigan.modalities.sound.audible import NEPERS, RANGE
from ptarmigan.modalities.sound.griffin_lim import griffin_lim
from ptarmigan.modalities.sound.mel import bands, spectrum
from ptarmigan.modalities.sound.space import BANDS, PARTS, SoundSpace

FLOOR = 1e-2
"""Added to a magnitude before its logarithm, some 75 dB below the loudest.

SpecGAN's is 1e-6, for recordings that are never silent. Where clips end with zeros that would be most of a
bin's deviation: what is silent and what is not, and hardly anything of what is heard.
"""
WIDEST = 3.0
"""Standard deviations at which a bin is clipped: SpecGAN's."""
KEPT = 100.0
"""The loudest a bin can become: e to the power of so much would be no number."""


@dataclass(frozen=True)
class SpectrogramSpace(SoundSpace):
    """The same clips, whose tensor is ``(n, 1, window // 2, frames)`` numbers from -1 to 1.

    As SpecGAN has it (Donahue et al. 2019, arXiv 1802.04208, section 3.2): the logarithm of the
    magnitude in every bin, less the bin's mean, over its standard deviation, clipped at three of these; the
    top bin is left out, and is its mean when sounds are made again. There zeros are added to the end alone,
    and ``FLOOR`` is lower.

    Attributes:
        window: samples of a frame, with a Hann window.
        hop: samples from one frame to the next.
        mean: of every bin's logarithm, over frames and training samples.
        deviation: the standard deviation.
        iterations: of Griffin-Lim.
    """

    window: int = 256
    hop: int = 128
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    iterations: int = 32

    layout = torch.channels_last
    half_precision = True
    probed = 128

    @classmethod
    def of(cls, source: Source, space: SoundSpace, window: int, hop: int, iterations: int) -> Self:
        """The spectrograms of a source's clips, by the mean and deviation of their bins."""
        plain = cls(space.rate, space.length, space.classes, window, hop, iterations=iterations)
        mean, deviation = moments(plain.logarithms(raw) for raw in chunks(source, np.arange(len(source))))
        return cls(space.rate, space.length, space.classes, window, hop, mean, deviation, iterations)

    @property
    def columns(self) -> int:
        """How many a clip has."""
        return -(-self.length // self.hop)

    @property
    def before(self) -> int:
        """Zeros before a clip: without any, its first samples, which few frames see, come back as a click."""
        return (self.window - self.hop) // 2

    @property
    def shape(self) -> tuple[int, ...]:
        """One channel, bins, frames."""
        return (1, self.window // 2, self.columns)

    def logarithms(self, raw: NDArray[Any]) -> Tensor:
        """Log-magnitudes ``(n, window // 2 + 1, frames)`` of clips, padded with zeros at both ends.

        In float64: in float32 the quiet bins would be another machine's rounding.
        """
        waves = torch.from_numpy(np.ascontiguousarray(raw, np.float64))
        after = (self.columns - 1) * self.hop + self.window - self.length - self.before
        return (spectrum(F.pad(waves, (self.before, after)), self.window, self.hop).abs() + FLOOR).log()

    def encode(self, raw: NDArray[Any]) -> Tensor:
        """``(n, length)`` to ``(n, 1, bins, frames)``."""
        mean, deviation = self._moments
        x = (self.logarithms(raw) - mean) / (WIDEST * deviation)
        return x[:, None, :-1].clamp(-1, 1).float()

    def decode(self, x: Tensor) -> NDArray[Any]:
        """Sounds with these magnitudes, by Griffin-Lim."""
        magnitudes = (self._decoded(x).exp() - FLOOR).clamp_min(0)
        waves = griffin_lim(magnitudes, self.window, self.hop, self.iterations)
        return waves[:, self.before : self.before + self.length].clamp(-1, 1).cpu().numpy()

    def decoded(self, x: Tensor) -> Tensor | None:
        """None: phases are searched."""
        return None

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """As of waveforms, but straight from the spectrogram."""
        weights = torch.from_numpy(bands(self.rate, self.window, BANDS)).float().to(x.device)
        mel = (weights @ self._decoded(x).exp()).clamp_min(1e-9).log()
        heard = (1 + (mel - mel.amax((1, 2), keepdim=True)) * (NEPERS / RANGE)).clamp_min(0)
        pooled = F.adaptive_avg_pool2d(heard[:, None], (BANDS, PARTS)).flatten(1)
        return pooled.cpu().double().numpy()

    def planes(self, x: Tensor) -> Tensor:
        """Bins over time."""
        return x[:, 0]

    def _decoded(self, x: Tensor) -> Tensor:
        """The log-magnitudes that a tensor stands for, with the top bin."""
        spread = x.detach().float().clamp(-1, 1)[:, 0]
        top = spread.new_zeros(len(spread), 1, spread.shape[2])
        mean, deviation = (each.float().to(spread.device) for each in self._moments)
        return (torch.cat([spread, top], 1) * WIDEST * deviation + mean).clamp_max(KEPT)

    @property
    def _moments(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the bins, ``(bins, 1)`` float64."""
        mean, deviation = (
            torch.tensor(each, dtype=torch.float64)[:, None] for each in (self.mean, self.deviation)
        )
        return mean, deviation


def moments(batches: Iterable[Tensor]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of every bin of batches ``(n, bins, frames)``; a constant bin has 1."""
    count, total, squares = 0, torch.zeros(()).double(), torch.zeros(()).double()
    for batch in batches:
        values = batch.double()
        count += values.shape[0] * values.shape[2]
        total, squares = total + values.sum((0, 2)), squares + values.square().sum((0, 2))
    mean = total / count
    deviation = (squares / count - mean.square()).clamp_min(0).sqrt()
    deviation = torch.where(deviation > 1e-6, deviation, torch.ones_like(deviation))
    return tuple(mean.tolist()), tuple(deviation.tolist())
