"""How many of the 1,000 modes of Stacked MNIST samples fall into, and how evenly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices
from ptarmigan.metrics.estimate import Estimate, subsampled
from ptarmigan.metrics.features import CHUNK, ClassifierFeatures
from ptarmigan.metrics.modes import kl
from ptarmigan.modalities.image.classifier import learn
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.stacked import Stacked

SAMPLES = 26_000
"""How many VEEGAN and PacGAN judge; Unrolled GAN 25,600 (Metz et al. 2017, arXiv 1611.02163)."""
TIMES = 50


@dataclass(frozen=True)
class StackedModes:
    """What ``stacked_modes`` found.

    Attributes:
        found: modes with at least one sample.
        total: modes there are.
        reverse_kl: KL(samples over the modes ‖ uniform) in nats, from 0 to the logarithm of ``total``.
        against_real: the same against how often the real digits come, which is not quite evenly.
    """

    found: Estimate
    total: int
    reverse_kl: Estimate
    against_real: Estimate


def stacked_modes(predicted: Indices, frequencies: NDArray[Any]) -> StackedModes:
    """Count the modes as VEEGAN and PacGAN do: every sample is in one, and one sample finds it.

    Srivastava et al. 2017, arXiv 1705.07761; Lin et al. 2018, arXiv 1712.04086, section 4.2.
    Numbers of other counts of samples do not compare: a generator that has every mode as often as it should
    measures a divergence of about (modes - 1) / 2n, which is 0.019 of 26,000 samples and 0.25 of 2,000.

    Args:
        predicted: the class of every channel, of shape (n, channels); see ``predicted_classes``.
        frequencies: how often each class is among the real digits, of shape (classes,): those of ``Stacked``.

    Raises:
        ValueError: there are no samples, or a class is none of these.
    """
    base = len(frequencies)
    if np.min(frequencies) <= 0:
        raise ValueError(
            f"class {int(np.argmin(frequencies))} has no real digit, so its modes are not to be found"
        )
    if predicted.ndim != 2 or 0 in predicted.shape:
        raise ValueError(f"modes need the classes of channels (samples, channels), not {predicted.shape}")
    unknown = predicted[(predicted < 0) | (predicted >= base)]
    if len(unknown):
        raise ValueError(f"a channel was classified as class {unknown[0]}: there are {base} classes, from 0")
    total = base ** predicted.shape[1]
    number = predicted @ (base ** np.arange(predicted.shape[1])[::-1])
    uniform, real = np.full(total, 1 / total), _stacks(frequencies, predicted.shape[1])

    def of(statistic: Callable[[NDArray[np.float64]], float]) -> Estimate:
        def value(chosen: Indices | slice) -> float:
            counts = np.bincount(number[chosen], minlength=total)
            return statistic(counts / counts.sum())

        return Estimate(value(slice(None)), subsampled(value, len(number), TIMES, 0))

    return StackedModes(
        found=of(lambda share: float((share > 0).sum())),
        total=total,
        reverse_kl=of(lambda share: kl(share, uniform)),
        against_real=of(lambda share: kl(share, real)),
    )


def predicted_classes(raw: NDArray[Any], digits: ClassifierFeatures) -> Indices:
    """The class of every channel of raw images, of shape (n, channels).

    Args:
        raw: ``(n, height, width, channels)``.
        digits: tells images of one channel; see ``learn_digits``.

    Raises:
        ValueError: these are no images.
    """
    if raw.ndim != 4 or 0 in raw.shape:
        raise ValueError(f"channels are predicted of images (n, height, width, channels), not {raw.shape}")
    out = np.empty((len(raw), raw.shape[3]), np.int64)
    for start in range(0, len(raw), CHUNK):
        rows = slice(start, start + CHUNK)
        for channel in range(raw.shape[3]):
            probable = digits.probabilities(digits(raw[rows, :, :, channel, None]))
            out[rows, channel] = probable.argmax(axis=1)
    return out


def learn_digits(stacks: Stacked, space: ImageSpace, cache: Path | None = None) -> ClassifierFeatures:
    """The classifier of the digits that ``stacks`` are made of, which should be those for training.

    Args:
        stacks: real ones.
        space: what they are.
        cache: where it is kept; as ``learn`` has it.
    """
    single = ImageSpace(space.height, space.width, 1, space.bits, stacks.digits.classes)
    return learn(stacks.digits, single, cache)


def _stacks(frequencies: NDArray[Any], channels: int) -> NDArray[np.float64]:
    """The probability of every stack of independent digits."""
    digit = np.asarray(frequencies, np.float64) / np.sum(frequencies)
    out = np.ones(1)
    for _ in range(channels):
        out = np.outer(out, digit).ravel()
    return out
