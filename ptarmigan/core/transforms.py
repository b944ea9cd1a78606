"""Differentiable transforms of images, each applied with a probability.

A transform is a function ``(x, p) -> x`` of images ``(batch, 1 to 4 channels, height, width)`` in [-1, 1]
that applies each of its changes to each image with probability ``p``, and leaves the others bit for bit as
they were. With 2 or 4 channels the last is alpha, which is transformed with the image but not in colour.
``color``, ``translation`` and ``cutout`` are DiffAugment's; ``blit``, ``warp`` and ``tint`` are the ``bgc``
pipeline of ADA. All are twice differentiable.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.resample import resampled

Probability: TypeAlias = float | Tensor
Transform: TypeAlias = Callable[[Tensor, Probability], Tensor]


def color(x: Tensor, p: Probability = 1.0) -> Tensor:
    """Brightness ± 0.5, saturation × U[0, 2], contrast × U[0.5, 1.5] (Zhao et al. 2020, arXiv 2006.10738)."""
    x, alpha = _without_alpha(x)
    brightness = _chosen(x, p, _uniform(x, -0.5, 0.5), 0)
    saturation = _chosen(x, p, _uniform(x, 0, 2), 1)
    contrast = _chosen(x, p, _uniform(x, 0.5, 1.5), 1)
    y = x + brightness
    y = torch.lerp(y.mean(1, keepdim=True), y, saturation)
    y = torch.lerp(y.mean((1, 2, 3), keepdim=True), y, contrast)
    return torch.cat([y, alpha], 1)


def translation(x: Tensor, p: Probability = 1.0) -> Tensor:
    """Shift by up to an eighth of the size, padded with 0 (Zhao et al. 2020, arXiv 2006.10738)."""
    happens = _happens(x, p).flatten()
    for dim in (2, 3):
        x = _shifted(x, dim, _steps(x, dim) * happens, _zeros)
    return x


def cutout(x: Tensor, p: Probability = 1.0) -> Tensor:
    """Set a rectangle of half the size, at a random place, to 0 (Zhao et al. 2020, arXiv 2006.10738)."""
    rows, columns = _cut(x, 2), _cut(x, 3)
    return x.masked_fill(rows & columns & _happens(x, p), 0)


def blit(x: Tensor, p: Probability) -> Tensor:
    """Pixel blitting: flips, rotations by 90° (where square), and shifts by up to an eighth of the size.

    Karras et al. 2020, arXiv 2006.06676, appendix B. Shifts are padded with the image's reflection.
    """
    x = torch.where(_happens(x, p) & (_uniform(x, 0, 1) < 0.5), x.flip(3), x)
    if x.shape[2] == x.shape[3]:
        quarters = _chosen(x, p, _uniform(x, 0, 4).floor(), 0)
        x = torch.where((quarters == 1) | (quarters == 3), x.transpose(2, 3), x)
        x = torch.where((quarters == 1) | (quarters == 2), x.flip(2), x)
        x = torch.where((quarters == 2) | (quarters == 3), x.flip(3), x)
    happens = _happens(x, p).flatten()
    for dim in (2, 3):
        x = _shifted(x, dim, _steps(x, dim) * happens, _reflected)
    return x


def warp(x: Tensor, p: Probability) -> Tensor:
    """Geometry: scaling, rotation, anisotropic scaling, rotation and translation, with reflection padding.

    Karras et al. 2020, arXiv 2006.06676, appendix B: scales 2^N(0, 0.2²), any angle, translations of
    N(0, 0.125²) of the image. The paper resamples through a wavelet filter; here it is bilinear, for speed on
    a CPU.
    """
    size = _exponent(x, p, 0.2)
    # One rotation or the other happens with probability p, as in the paper.
    first, second = (_chosen(x, 1 - (1 - p) ** 0.5, _uniform(x, -math.pi, math.pi), 0) for _ in range(2))
    stretch = _exponent(x, p, 0.2)
    move = _chosen(x, p, 0.125 * _normal(x, 2), 0).flatten(1)
    # The grid takes the inverse transform, from output pixels to input pixels. All these changes are as
    # likely as their inverses, so only the order of the matrices is reversed.
    back = _scale(size, size) @ _turn(first) @ _scale(stretch, -stretch) @ _turn(second)
    pixels = x.new_tensor([x.shape[3], x.shape[2]])
    back = back * pixels / pixels[:, None]  # from pixels to the grid's [-1, 1] in both directions
    theta = torch.cat([back, back @ (2 * move[:, :, None])], 2)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    changed = (torch.cat([size, stretch, first, second], 1).flatten(1) != 0).any(1) | (move != 0).any(1)
    return torch.where(changed.view(-1, 1, 1, 1), resampled(x, grid), x)


def tint(x: Tensor, p: Probability) -> Tensor:
    """Colour: brightness, contrast, luma flip, hue and saturation; the last two with 3 or 4 channels only.

    Karras et al. 2020, arXiv 2006.06676, appendix B: N(0, 0.2²), 2^N(0, 0.5²), yes or no, any angle and
    2^N(0, 1).
    """
    x, alpha = _without_alpha(x)
    k = x.shape[1]
    eye = torch.eye(k, dtype=x.dtype, device=x.device)
    grey = torch.full_like(eye, 1 / k)  # projects a colour on the axis of greys
    brightness = _chosen(x, p, 0.2 * _normal(x), 0)
    contrast = _exponent(x, p, 0.5).flatten(2).exp2()
    inverted = _chosen(x, p, _uniform(x, 0, 2).floor(), 0).flatten(2)
    matrix = contrast * (eye - 2 * inverted * grey)
    if k == 3:
        angle = _chosen(x, p, _uniform(x, -math.pi, math.pi), 0).flatten(2)
        cross = x.new_tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / 3**0.5
        hue = eye + (angle.cos() - 1) * (eye - grey) + angle.sin() * cross  # Rodrigues, about that axis
        saturation = eye + (_exponent(x, p, 1.0).flatten(2).exp2() - 1) * (eye - grey)
        matrix = saturation @ hue @ matrix
    y = x + brightness
    # Not a matrix product over pixels: on a GPU that may round to TF32.
    y = torch.stack([matrix[:, :, i, None, None] * y[:, i, None] for i in range(k)]).sum(0)
    return torch.cat([y, alpha], 1)


BGC: tuple[Transform, ...] = (blit, warp, tint)


def _uniform(x: Tensor, low: float, high: float) -> Tensor:
    """A number for every image, ``(batch, 1, 1, 1)``."""
    return low + (high - low) * noise.uniform(len(x), 1, 1, 1).to(x)


def _normal(x: Tensor, numbers: int = 1) -> Tensor:
    """Standard normal numbers for every image, ``(batch, numbers, 1, 1)``."""
    return noise.normal(len(x), numbers, 1, 1).to(x)


def _happens(x: Tensor, p: Probability) -> Tensor:
    """Which images are changed, ``(batch, 1, 1, 1)``: each with probability ``p``."""
    return noise.uniform(len(x), 1, 1, 1).to(x.device) < p


def _chosen(x: Tensor, p: Probability, value: Tensor, otherwise: float) -> Tensor:
    """``value`` for the images that are changed, ``otherwise`` for the rest."""
    return torch.where(_happens(x, p), value, otherwise)


def _exponent(x: Tensor, p: Probability, deviation: float) -> Tensor:
    """The logarithm to base 2 of a factor, ``(batch, 1, 1, 1)``."""
    return _chosen(x, p, deviation * _normal(x), 0)


def _without_alpha(x: Tensor) -> tuple[Tensor, Tensor]:
    """The coloured channels and, in 2 and 4 channels, alpha (else no channel)."""
    colours = {1: 1, 2: 1, 3: 3, 4: 3}.get(x.shape[1])
    if colours is None:
        raise ValueError(f"colours can be changed in images of 1 to 4 channels, not {x.shape[1]}")
    return x[:, :colours], x[:, colours:]


def _steps(x: Tensor, dim: int) -> Tensor:
    """A whole number of pixels for every image, up to an eighth of the size either way, ``(batch,)``."""
    reach = int(x.shape[dim] / 8 + 0.5)
    return (_uniform(x, 0, 2 * reach + 1).floor() - reach).flatten().long()


Border: TypeAlias = Callable[[Tensor, int], tuple[Tensor, Tensor | None]]


def _zeros(source: Tensor, size: int) -> tuple[Tensor, Tensor | None]:
    """Pixels from beyond the border are 0."""
    return source.clamp(0, size - 1), (source >= 0) & (source < size)


def _reflected(source: Tensor, size: int) -> tuple[Tensor, Tensor | None]:
    """Pixels from beyond the border are those as far on this side of it."""
    inside = torch.where(source < 0, -1 - source, source)
    return torch.where(inside >= size, 2 * size - 1 - inside, inside), None


def _shifted(x: Tensor, dim: int, by: Tensor, border: Border) -> Tensor:
    """Every image shifted by ``by`` pixels, ``(batch,)``, along ``dim``."""
    size = x.shape[dim]
    shape = [len(x), 1, size, 1] if dim == 2 else [len(x), 1, 1, size]
    source, inside = border(torch.arange(size, device=x.device) - by[:, None], size)
    y = x.gather(dim, source.view(shape).expand_as(x))
    return y if inside is None else y * inside.view(shape)


def _cut(x: Tensor, dim: int) -> Tensor:
    """Which rows (``dim`` 2) or columns (3) lie within half the size around a random centre."""
    size = x.shape[dim]
    half = (size + 1) // 2
    start = _uniform(x, 0, size + 1 - half % 2).floor() - half // 2
    places = torch.arange(size, device=x.device).view([1, 1, size, 1] if dim == 2 else [1, 1, 1, size])
    return (places >= start) & (places < start + half)


def _scale(x: Tensor, y: Tensor) -> Tensor:
    """Matrices ``(batch, 2, 2)`` that scale by powers of 2."""
    return torch.stack([x.flatten(), y.flatten()], 1).exp2().diag_embed()


def _turn(angle: Tensor) -> Tensor:
    """Matrices ``(batch, 2, 2)`` that rotate by ``angle``."""
    cos, sin = angle.flatten().cos(), angle.flatten().sin()
    return torch.stack([cos, -sin, sin, cos], 1).view(-1, 2, 2)
