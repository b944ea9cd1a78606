"""Trivial sets of sounds, which a GAN should be better than, and others that copy real ones and bound it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.permutation import Indices, permute
from ptarmigan.data.source import ArraySource
from ptarmigan.metrics.view import Set
from ptarmigan.modalities.sound.audible import window_for
from ptarmigan.modalities.sound.griffin_lim import griffin_lim
from ptarmigan.modalities.sound.space import SoundSpace
from ptarmigan.modalities.sound.spectrogram import FLOOR, SpectrogramSpace

Floats = NDArray[np.float32]
Baseline = Callable[[Set, int], ArraySource]

COMPONENTS = 60
"""Principal components of a class's spectrograms in which it is a Gaussian."""
ITERATIONS = 60
TRAINING, GRIFFIN_LIM = "training clips", "Griffin-Lim of training clips"
BOUNDS = (TRAINING, GRIFFIN_LIM)
"""Copies of real sounds, which need not be beaten."""
WORDS = (
    f"training clips, and the same by Griffin-Lim from their magnitudes; a Gaussian of up to {COMPONENTS} "
    "components for every class's spectrograms; clips played backwards; noise that is as loud as they are"
)


def baselines(space: SoundSpace) -> Mapping[str, Baseline]:
    """The sets by name, each a function of training clips and a number, with the classes of its clips."""
    window = min(window_for(space.rate), 1 << (space.length.bit_length() - 1))
    plain = SpectrogramSpace(space.rate, space.length, space.classes, window, window // 2)

    def copied(change: Callable[[Floats], Floats]) -> Baseline:
        def make(train: Set, n: int) -> ArraySource:
            rows = some(train, n)
            return labelled(change(train.read(rows)), train, rows)

        return make

    return {
        TRAINING: copied(lambda raw: raw),
        GRIFFIN_LIM: copied(lambda raw: again(plain.logarithms(raw), plain)),
        "a Gaussian a class": lambda train, n: gaussians(train, n, plain),
        "backwards": copied(lambda raw: np.ascontiguousarray(raw[:, ::-1])),
        "noise under an envelope": copied(enveloped),
    }


def some(train: Set, n: int) -> Indices:
    """``n`` of the training clips; all in turn where they are fewer."""
    return permute(np.arange(n) % len(train), len(train), "sound baselines")


def labelled(raw: Floats, train: Set, rows: Indices) -> ArraySource:
    """Clips with the classes of the training clips at ``rows``."""
    return ArraySource(raw, None if train.labels is None else train.labels[rows], train.classes or None)


def again(logarithms: torch.Tensor, space: SpectrogramSpace) -> Floats:
    """The sounds that have these log-magnitudes, as loud as can be."""
    waves = griffin_lim((logarithms.exp() - FLOOR).clamp_min(0), space.window, space.hop, ITERATIONS)
    clips = waves[:, space.before : space.before + space.length]
    return np.asarray((clips / clips.abs().amax(1, keepdim=True).clamp_min(1e-6)).numpy(), np.float32)


def gaussians(train: Set, n: int, space: SpectrogramSpace) -> ArraySource:
    """Clips of a Gaussian in the principal components of every class's log-spectrograms."""
    rows = some(train, n)
    classes = np.zeros(len(train), np.int64) if train.labels is None else train.labels
    out = np.empty((n, space.length), np.float32)
    for c in np.unique(classes[rows]):
        mine = np.flatnonzero(classes[rows] == c)
        logarithms = space.logarithms(train.read(np.flatnonzero(classes == c)))
        flat = logarithms.flatten(1).double().numpy()
        drawn = gaussian(flat, len(mine), int(c))
        out[mine] = again(torch.from_numpy(drawn).float().view(len(mine), *logarithms.shape[1:]), space)
    return labelled(out, train, rows)


def gaussian(flat: NDArray[np.float64], n: int, c: int) -> NDArray[np.float64]:
    """``n`` samples of a Gaussian in the first principal components of rows, within the rows' range."""
    mean = flat.mean(0)
    _, sizes, axes = np.linalg.svd(flat - mean, full_matrices=False)
    k = min(COMPONENTS, len(sizes))
    scale = sizes[:k] / max(1, len(flat) - 1) ** 0.5
    normal = np.random.default_rng(key("sound", "gaussian", c)).standard_normal((n, k))
    made: NDArray[np.float64] = np.clip(mean + (normal * scale) @ axes[:k], flat.min(), flat.max())
    return made


def enveloped(raw: Floats) -> Floats:
    """White noise that is as loud as every clip at every time, in parts of about 16 ms."""
    from scipy.ndimage import uniform_filter1d

    width = max(8, raw.shape[1] // 64)
    envelope = np.sqrt(uniform_filter1d(raw.astype(np.float64) ** 2, width, axis=1).clip(0))
    noise = np.random.default_rng(key("sound", "noise")).standard_normal(raw.shape) * envelope
    return np.asarray(noise / np.abs(noise).max(1, keepdims=True).clip(1e-6), np.float32)
