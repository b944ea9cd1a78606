"""How like real series others are: two published scores, three that order in time decides, and trivial sets.

The published ones are those of TimeGAN (Yoon et al. 2019, "Time-series generative adversarial networks").
Both are known to be fooled: windows of stocks whose steps are shuffled, and the draws of one Gaussian, score
better than most generators. So autocorrelation, cross-correlation and spectrum stand beside them, the sliced
Wasserstein distance, and those two sets.

Series are raw, as ``SeriesSpace`` has them: ``(n, length, channels)``, NaN after the end of one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.optim import Adam
from ptarmigan.metrics.distance import sliced_wasserstein
from ptarmigan.modalities.series.space import SeriesSpace

Floats = NDArray[np.float64]

TOLD, FORETOLD = 2_000, 5_000
"""Steps for which the networks of the two scores are trained."""
BATCH = 128
TEST = 0.2


class Reader(nn.Module):
    """A recurrent network (GRU) that says one number at every step.

    Args:
        channels: of the series it reads.
        hidden: the size of its state.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.gru = nn.GRU(channels, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, length, channels)`` to ``(n, length)``."""
        said: Tensor = self.out(self.gru(x)[0]).squeeze(2)
        return said


def discriminative_score(real: Floats, fake: Floats, *, steps: int = TOLD, seed: int = 0) -> float:
    """How far above ½ is the accuracy with which a network tells series apart: 0 where it cannot.

    As TimeGAN has it: a GRU of half as many units as there are channels, four fifths of either set to learn
    from, the rest to be told.

    Args:
        real: real series.
        fake: others; as many of either are looked at.
        steps: of the network's training, with 128 series of either set each.
        seed: the random seed of the split, the network and its batches.
    """
    a, b = scaled(real, fake)
    n = min(len(a), len(b))
    rng = np.random.default_rng(noise.key(seed, "discriminative"))
    cut = round(n * (1 - TEST))
    a, b = (x[torch.from_numpy(rng.permutation(len(x))[:n])] for x in (a, b))

    def loss(reader: Reader) -> Tensor:
        rows = torch.from_numpy(rng.integers(0, cut, (2, min(BATCH, cut))))
        said = reader(torch.cat([a[rows[0]], b[rows[1]]]))[:, -1]
        is_real = (torch.arange(len(said)) < len(rows[0])).to(said)
        return F.binary_cross_entropy_with_logits(said, is_real)

    reader = fit_reader(a.shape[2], max(1, a.shape[2] // 2), loss, steps, seed)
    with torch.no_grad():
        right = torch.cat([reader(a[cut:])[:, -1] > 0, reader(b[cut:])[:, -1] <= 0])
    return abs(float(right.double().mean()) - 0.5)


def predictive_score(real: Floats, fake: Floats, *, steps: int = FORETOLD, seed: int = 0) -> float:
    """The mean absolute error, on real series, of a network that learnt from others to foretell.

    As TimeGAN has it: a GRU reads all channels but the last and foretells the last one at the next step;
    numbers are on a scale from 0 to 1. What real series score is as good as can be.

    Args:
        real: real series; the error is on all of them.
        fake: those to learn from.
        steps: of the network's training, with 128 series each.
        seed: the random seed of the network and its batches.
    """
    a, b = scaled(real, fake)
    channels = len(SeriesSpace.of(real).low)
    rng = np.random.default_rng(noise.key(seed, "predictive"))

    def error(reader: Reader, x: Tensor) -> Tensor:
        seen, next_one = x[:, :-1], x[:, 1:, channels - 1]
        if channels > 1:
            seen = torch.cat([seen[:, :, : channels - 1], seen[:, :, channels:]], 2)
        off = (torch.sigmoid(reader(seen)) - next_one).abs()
        lasts = x[:, 1:, -1] if x.shape[2] > channels else torch.ones_like(off)
        return (off * lasts).sum() / lasts.sum()

    def loss(reader: Reader) -> Tensor:
        return error(reader, b[torch.from_numpy(rng.integers(0, len(b), min(BATCH, len(b))))])

    inputs = a.shape[2] - (channels > 1)
    reader = fit_reader(inputs, max(1, channels // 2), loss, steps, seed)
    with torch.no_grad():
        return float(error(reader, a))


def fit_reader(channels: int, hidden: int, loss: Callable[[Reader], Tensor], steps: int, seed: int) -> Reader:
    """A reader that went down a loss, by Adam at its usual rate."""
    with noise.isolated():
        noise.seed_torch(noise.key(seed, "reader"))
        reader = Reader(channels, hidden).float()
    adam = Adam(reader.parameters(), 1e-3)
    for _ in range(steps):
        adam.zero_grad()
        loss(reader).backward()
        adam.step()
    return reader.eval()


def autocorrelation_error(real: Floats, fake: Floats) -> float:
    """The mean absolute difference of two sets' autocorrelations, over lags and channels."""
    return mean_absolute_difference(autocorrelation(real), autocorrelation(fake))


def autocorrelation(series: Floats) -> Floats:
    """The mean over series of each one's autocorrelation about its own mean, ``(lags, channels)``.

    Lags go from 1 to the length less 2. A channel that is constant in a series does not count there.
    """
    x = centred(series)
    power = (x**2).sum(1)
    length = x.shape[1]
    # by the Fourier transform, as a long series has many lags; a channel at a time, for the memory
    spectra = (np.abs(np.fft.rfft(one, 2 * length, axis=1)) ** 2 for one in np.moveaxis(x, 2, 0))
    lags = slice(1, max(2, length - 1))
    together = np.stack([np.fft.irfft(found, axis=1)[:, lags].T for found in spectra], 2)
    return mean_where(together, power > 0, power)


def cross_correlation_error(real: Floats, fake: Floats) -> float:
    """The mean absolute difference of two sets' correlations between channels, over pairs of these.

    Correlations are over the steps of a series, and then averaged over series. 0 where there is one channel.
    """
    upper = np.triu_indices(real.shape[2], 1)
    return (
        mean_absolute_difference(correlation(real)[upper], correlation(fake)[upper]) if len(upper[0]) else 0.0
    )


def correlation(series: Floats) -> Floats:
    """The mean over series of the correlations between their channels, ``(channels, channels)``."""
    x = centred(series)
    together = np.einsum("nti,ntj->nij", x, x)
    power = np.einsum("nii->ni", together)
    both = power[:, :, None] * power[:, None, :]
    found: Floats = mean_where(together[None], both > 0, np.sqrt(both))[0]
    return found


def spectrum_distance(real: Floats, fake: Floats) -> float:
    """The total variation between two sets' mean spectra, averaged over channels: from 0 to 1.

    The spectrum of a series is its power at every frequency above 0, as a share of all its power.
    """
    return float(mean_absolute_difference(spectrum(real), spectrum(fake)) * (real.shape[1] // 2) / 2)


def spectrum(series: Floats) -> Floats:
    """The mean over series of each one's spectrum, ``(frequencies, channels)``."""
    power = (np.abs(np.fft.rfft(centred(series), axis=1)) ** 2)[:, 1:]
    total = power.sum(1)
    return mean_where(power.swapaxes(0, 1), total > 0, total)


def sliced_distance(real: Floats, fake: Floats) -> float:
    """The sliced Wasserstein distance between whole series, every channel on a scale from 0 to 1."""
    a, b = scaled(real, fake)
    return sliced_wasserstein(b.flatten(1).numpy(), a.flatten(1).numpy())


def gaussian(real: Floats, n: int, seed: int = 0) -> Floats:
    """``n`` series from a Gaussian with the mean and the covariance of real ones, all steps in one vector.

    Series that end early are taken to go on as the mean does.
    """
    rng = np.random.default_rng(noise.key(seed, "gaussian"))
    flat = real.reshape(len(real), -1)
    centre = np.nanmean(flat, 0)
    root = np.linalg.qr(np.nan_to_num(flat - centre), mode="r") / np.sqrt(len(real))
    drawn: Floats = centre + rng.standard_normal((n, len(root))) @ root
    return drawn.reshape(n, *real.shape[1:])


def shuffled(real: Floats, seed: int = 0) -> Floats:
    """Real series with their steps in an order of chance, all channels of a step together."""
    rng = np.random.default_rng(noise.key(seed, "shuffled"))
    lasts = ~np.isnan(real[:, :, :1])
    order = np.argsort(np.where(lasts[:, :, 0], rng.random(real.shape[:2]), np.inf), axis=1)
    return np.take_along_axis(real, order[:, :, None], 1)


def scaled(real: Floats, fake: Floats) -> tuple[Tensor, Tensor]:
    """Both sets on the scale of the real one.

    Raises:
        ValueError: they are of different lengths or channels, or too few.
    """
    if real.ndim != 3 or real.shape[1:] != fake.shape[1:]:
        raise ValueError(f"series of shape {real.shape[1:]} are not compared with those of {fake.shape[1:]}")
    if min(len(real), len(fake)) < 5:
        raise ValueError("a score of series needs 5 of either set at least")
    space = SeriesSpace.of(np.concatenate([real[:1] * np.nan, real]) if np.isnan(fake).any() else real)
    return space.encode(real), space.encode(fake)


def centred(series: Floats) -> Floats:
    """Every series less its own mean, 0 after its end."""
    off: Floats = np.nan_to_num(series - np.nanmean(series, 1, keepdims=True))
    return off


def mean_where(parts: Floats, known: NDArray[np.bool_], wholes: Floats) -> Floats:
    """The mean of ``parts / wholes`` ``(k, n, ...)`` over the ``n`` that are known."""
    shares = np.where(known, parts / np.where(known, wholes, 1.0), 0.0)
    mean: Floats = shares.sum(1) / np.maximum(known.sum(0), 1)
    return mean


def mean_absolute_difference(a: Floats, b: Floats) -> float:
    """The mean absolute difference."""
    return float(np.abs(a - b).mean())
