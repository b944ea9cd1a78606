"""The similarity of two images, and the diversity of a generator's samples by it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ptarmigan.core.noise import key
from ptarmigan.core.precision import without_autocast
from ptarmigan.data.permutation import Indices
from ptarmigan.metrics.estimate import Estimate, mean_of
from ptarmigan.metrics.raw import unit

WINDOW, SIGMA = 11, 1.5
"""The side of the Gaussian window and its standard deviation, in pixels."""
LUMINANCE, CONTRAST = 0.01**2, 0.03**2
"""The constants C₁ and C₂, for images in [0, 1]."""
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""The weights of the scales, the finest first (Wang et al. 2003)."""
PAIRS = 1_000
VALUES = 2**22
"""Numbers of images that are compared at a time, at most."""


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """The structural similarity of each image of ``a`` to its partner in ``b``: 1 where they are equal.

    Wang et al. 2004, "Image quality assessment: from error visibility to structural similarity": the mean
    over the channels and over all positions where a Gaussian window of 11 × 11 pixels, standard deviation
    1.5, lies inside the image, as in the authors' own code. (torchmetrics 1.9 also counts positions at the
    border, with reflection padding: its map is the same inside, its mean is not.)

    Args:
        a: images in [0, 1], of shape (n, channels, height, width).
        b: the same.

    Returns:
        One number per pair, at most 1, of shape (n,), float32.

    Raises:
        ValueError: there are no images, shapes differ, a side is below 11 pixels, or a number lies outside
            [0, 1].
    """
    a, b = _pair(a, b)
    with without_autocast(a):
        return _compared(a, b)[0]


def ms_ssim(a: Tensor, b: Tensor) -> Tensor:
    """The multi-scale structural similarity, with images halved from one scale to the next: 1 where equal.

    Wang, Simoncelli and Bovik 2003, "Multiscale structural similarity for image quality assessment". It has
    five scales where the shorter side has 176 pixels; smaller images have as many as the window of 11 pixels
    permits, with weights scaled to a sum of 1 (see ``scales``), so that only numbers of images of similar
    size are comparable. Negative terms count as 0.

    Args:
        a: images in [0, 1], of shape (n, channels, height, width).
        b: the same.

    Returns:
        One number per pair, from 0 to 1, of shape (n,), float32.

    Raises:
        ValueError: as ``ssim``.
    """
    a, b = _pair(a, b)
    weights = WEIGHTS[: scales(a.shape[2], a.shape[3])]
    out = torch.ones(len(a), device=a.device)
    with without_autocast(a):
        for i, weight in enumerate(weights, 1):
            whole, structure = _compared(a, b)
            # luminance is compared at the coarsest scale only
            term = whole if i == len(weights) else structure
            out *= term.relu() ** (weight / sum(weights))
            a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    return out


def scales(height: int, width: int) -> int:
    """The number of scales at which ``ms_ssim`` compares images of that size, from 0 (too small) to 5."""
    return min(len(WEIGHTS), (min(height, width) // WINDOW).bit_length())


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """The peak signal-to-noise ratio of each image of ``a`` against its partner in ``b``, in decibels.

    Ten times the logarithm of 1 over the mean squared difference; infinite where images are equal.

    Args:
        a: images in [0, 1], of shape (n, channels, height, width).
        b: the same.

    Returns:
        One number per pair, of shape (n,), float32.

    Raises:
        ValueError: there are no images, shapes differ, or a number lies outside [0, 1].
    """
    _checked(a, b)
    error = (a.double() - b.double()).square().mean((1, 2, 3))
    return (-10 * error.log10()).float()


def ms_ssim_diversity(
    raw: NDArray[Any], labels: Indices | None = None, *, pairs: int = PAIRS, seed: int = 0
) -> Estimate:
    """The mean MS-SSIM of random pairs of images: the lower, the more diverse they are; 1 in a collapse.

    Odena, Olah and Shlens 2017, "Conditional image synthesis with auxiliary classifier GANs", arXiv
    1610.09585, section 4.2, with 100 pairs for every class. It is only meaningful in comparison with the same
    number of real images. No image is in two pairs, so that the pairs are independent; where images are few,
    so are the pairs. With labels both images of a pair are of one class, and classes alternate.

    Args:
        raw: images, ``(n, height, width, channels)`` uint8 or uint16.
        labels: the class of each, of shape (n,), or None.
        pairs: the number of pairs, at most.
        seed: the random seed.

    Raises:
        ValueError: the array holds no images, they are below 11 pixels, or no class has two of them.
    """
    if raw.ndim != 4 or raw.dtype not in (np.uint8, np.uint16):
        raise ValueError(
            f"pairs are made of images (n, height, width, channels) of uint8 or uint16, not {raw.dtype} "
            f"of shape {raw.shape}"
        )
    labels = np.zeros(len(raw), np.int64) if labels is None else np.asarray(labels)
    if labels.shape != raw.shape[:1]:
        raise ValueError(f"labels of shape {labels.shape} do not fit {len(raw)} images")
    chosen = _pairs(labels, pairs, seed)
    rows = max(1, VALUES // math.prod(raw.shape[1:]))
    found = [
        ms_ssim(*(unit(raw[chosen[start : start + rows, side]]) for side in (0, 1))).numpy()
        for start in range(0, len(chosen), rows)
    ]
    return mean_of(np.concatenate(found), seed=seed)


def _pairs(labels: NDArray[Any], pairs: int, seed: int) -> Indices:
    """Disjoint pairs of indices, of shape (pairs, 2), each of one class; classes alternate."""
    if pairs < 1:
        raise ValueError(f"there is no mean of {pairs} pairs: at least 1 is needed")
    rng = np.random.default_rng(key(seed, "pairs"))
    found = [np.empty((0, 3), np.int64)]
    for label in np.unique(labels):
        mine = rng.permutation(np.flatnonzero(labels == label))
        half = len(mine) // 2
        found.append(np.stack([np.arange(half), mine[:half], mine[half : 2 * half]], axis=1))
    table = np.concatenate(found)
    if len(table) == 0:
        raise ValueError(f"there is no pair among {len(labels)} images: two of one class are needed")
    turn = np.argsort(table[:, 0], kind="stable")[:pairs]
    return table[turn, 1:]


def _compared(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """For every pair, the mean of luminance × structure, which is SSIM, and the mean of structure alone."""
    rows, columns = (_window(side).to(a.device) for side in a.shape[2:])

    def local(x: Tensor) -> Tensor:
        return rows @ x @ columns.T

    x, y = local(a), local(b)
    xx, yy, xy = local(a * a) - x * x, local(b * b) - y * y, local(a * b) - x * y
    structure = (2 * xy + CONTRAST) / (xx + yy + CONTRAST)
    luminance = (2 * x * y + LUMINANCE) / (x * x + y * y + LUMINANCE)
    return (luminance * structure).mean((1, 2, 3)), structure.mean((1, 2, 3))


def _window(side: int) -> Tensor:
    """The Gaussian window at every position, one per row: a product is faster than a convolution here."""
    place = torch.arange(side) - torch.arange(side - WINDOW + 1)[:, None] - WINDOW // 2
    weights = torch.exp(-place.double().square() / (2 * SIGMA**2)) * (place.abs() <= WINDOW // 2)
    return (weights / weights.sum(1, keepdim=True)).float()


def _pair(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    _checked(a, b)
    if scales(a.shape[2], a.shape[3]) == 0:
        raise ValueError(
            f"images of {a.shape[2]} × {a.shape[3]} are too small to compare: their window has "
            f"{WINDOW} × {WINDOW} pixels"
        )
    return a.float(), b.float()


def _checked(a: Tensor, b: Tensor) -> None:
    if a.shape != b.shape:
        raise ValueError(f"images of shape {tuple(a.shape)} cannot be compared with {tuple(b.shape)}")
    if a.dim() != 4 or a.numel() == 0:
        raise ValueError(f"images have the shape (n, channels, height, width), not {tuple(a.shape)}")
    for x in (a, b):
        low, high = x.min().item(), x.max().item()
        if not (low >= 0 and high <= 1):  # NaN too
            raise ValueError(f"images to compare lie in [0, 1]: these go from {low:.4g} to {high:.4g}")
