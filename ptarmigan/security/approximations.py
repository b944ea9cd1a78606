"""What happens to pictures on their way, differentiably, so that a watermark learns to outlast it.

Functions of images ``(n, channels, height, width)`` in [-1, 1]; how strong each is, is drawn from ``rng``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ptarmigan.core.resample import resampled

BLOCK = 8
LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
"""The table of ITU-T T.81, annex K; the one of colours is 99 but for a corner."""
CHROMINANCE = {(0, 0): 17, (0, 1): 18, (1, 0): 18, (0, 2): 24, (2, 0): 24, (1, 1): 21, (1, 2): 26, (2, 1): 26}
TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))

Rng = np.random.Generator
Change = Callable[[Tensor, Rng], Tensor]


def jpeg(x: Tensor, rng: Rng) -> Tensor:
    """JPEG of a quality of 40 to 95; rounding has the gradient of not rounding."""
    quality = float(rng.uniform(40, 95))
    scale = (50 / quality if quality < 50 else 2 - quality / 50) or 0.02
    height, width = x.shape[2:]
    padded = F.pad(x, (0, -width % (2 * BLOCK), 0, -height % (2 * BLOCK)), mode="replicate") * 127.5
    if x.shape[1] == 1:
        planes = _quantised(padded, _table(LUMINANCE, scale, x))
    else:
        matrix = torch.tensor(TO_YCC).to(x)
        ycc = torch.einsum("dc,nchw->ndhw", matrix, padded)
        bright = _quantised(ycc[:, :1], _table(LUMINANCE, scale, x))
        colours = [[CHROMINANCE.get((i, j), 99) for j in range(BLOCK)] for i in range(BLOCK)]
        small = _quantised(F.avg_pool2d(ycc[:, 1:], 2), _table(colours, scale, x))
        both = torch.cat([bright, F.interpolate(small, scale_factor=2, mode="bilinear")], 1)
        planes = torch.einsum("cd,ndhw->nchw", torch.linalg.inv(matrix), both)
    return (planes[:, :, :height, :width] / 127.5).clamp(-1, 1)


def _table(rows: object, scale: float, x: Tensor) -> Tensor:
    return (torch.tensor(rows).to(x) * scale).round().clamp(1, 255)


def _quantised(planes: Tensor, table: Tensor) -> Tensor:
    """Planes whose blocks' cosine transforms are rounded to multiples of a table."""
    i = torch.arange(BLOCK).to(planes)
    basis = torch.cos((2 * i + 1) * i[:, None] * math.pi / (2 * BLOCK)) * math.sqrt(2 / BLOCK)
    basis[0] /= math.sqrt(2)
    n, c, h, w = planes.shape
    blocks = planes.reshape(n, c, h // BLOCK, BLOCK, w // BLOCK, BLOCK).transpose(3, 4)
    found = basis @ blocks @ basis.T / table
    rounded = found + (found.round() - found).detach()
    back = basis.T @ (rounded * table) @ basis
    return back.transpose(3, 4).reshape(n, c, h, w)


def crop(x: Tensor, rng: Rng) -> Tensor:
    """A part of 85 to 100 % of both sides, resized to the whole."""
    share = float(rng.uniform(0.85, 1))
    at = (1 - share) * rng.uniform(-1, 1, 2)
    return _placed(x, share, float(at[0]), float(at[1]))


def _placed(x: Tensor, share: float, right: float, down: float) -> Tensor:
    matrix = torch.tensor([[share, 0, right], [0, abs(share), down]]).to(x).expand(len(x), 2, 3)
    return resampled(x, F.affine_grid(matrix, list(x.shape), align_corners=False))


def resize(x: Tensor, rng: Rng) -> Tensor:
    """Down to 50 to 90 % of both sides, and up again."""
    share, (height, width) = rng.uniform(0.5, 0.9), x.shape[2:]
    size = max(1, round(height * share)), max(1, round(width * share))
    small = F.interpolate(x, size, mode="bilinear", antialias=True)
    return F.interpolate(small, (height, width), mode="bilinear")


def blur(x: Tensor, rng: Rng) -> Tensor:
    """A Gaussian blur of 0.3 to 1 pixels."""
    sigma = float(rng.uniform(0.3, 1))
    at = torch.arange(-3, 4).to(x)
    line = torch.exp(-at.square() / (2 * sigma**2))
    kernel = torch.outer(line, line) / line.sum() ** 2
    padded = F.pad(x, (3, 3, 3, 3), mode="replicate")
    return F.conv2d(padded, kernel.expand(x.shape[1], 1, 7, 7), groups=x.shape[1])


def noise(x: Tensor, rng: Rng) -> Tensor:
    """White noise of a standard deviation of up to 5 % of the range."""
    drawn = torch.from_numpy(rng.normal(0, rng.uniform(0, 0.1), tuple(x.shape))).to(x)
    return (x + drawn).clamp(-1, 1)


def brightness(x: Tensor, rng: Rng) -> Tensor:
    """All light times 0.7 to 1.3."""
    return ((x + 1) * float(rng.uniform(0.7, 1.3)) - 1).clamp(-1, 1)


def flip(x: Tensor, rng: Rng) -> Tensor:
    """Left is right."""
    return x.flip(3)


def nothing(x: Tensor, rng: Rng) -> Tensor:
    """As it is, but for eight bits."""
    rounded = ((x + 1) * 127.5).round() / 127.5 - 1
    return x + (rounded - x).detach()


CHANGES: tuple[Change, ...] = (nothing, jpeg, jpeg, crop, resize, blur, noise, brightness, flip)
"""JPEG twice: it is what happens most."""


def some_changes(x: Tensor, rng: Rng) -> Tensor:
    """Each quarter of a batch changed in another way."""
    parts = x.split(max(1, len(x) // 4))
    return torch.cat([CHANGES[rng.integers(len(CHANGES))](part, rng) for part in parts])
