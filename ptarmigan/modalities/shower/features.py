"""What physicists look at in a shower: energies, centres, widths, depth, sparsity; in torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ptarmigan.modalities.shower.geometry import Layer, parts

MM = 100.0
"""Lengths are in units of 10 cm."""
NONE, FLAT = 1e-9, 1e-6
"""GeV in a layer that count as nothing, and the smallest square of a width."""


class ShowerFeatures(nn.Module):
    """High-level features, as in the CaloChallenge (arXiv 2410.21611) and CaloGAN (arXiv 1705.02355).

    Of a shower: the logarithm of the incident energy, the response (deposited over incident energy), mean and
    standard deviation of the layer that energy is in. Of every layer: its share of the incident energy, and
    the logarithm of that; centre and width along x and y; the share of cells that are hit; and how far the
    hottest cell is above the second.

    Args:
        layers: of the calorimeter.
        threshold: energies of a cell, in GeV, up to which it is not hit.
        smooth: the share of hit cells is e²/(e² + threshold²), which has a gradient.
    """

    moments: Tensor

    def __init__(self, layers: tuple[Layer, ...], threshold: float, *, smooth: bool = False) -> None:
        super().__init__()
        self.parts, self.threshold, self.smooth = parts(layers), threshold, smooth
        moments = torch.zeros(5 * len(layers), self.parts[-1].stop)
        for i, (layer, part) in enumerate(zip(layers, self.parts, strict=True)):
            x, y = torch.from_numpy(layer.centres / MM).T
            block = torch.stack([torch.ones_like(x), x, y, x.square(), y.square()])
            moments[5 * i : 5 * i + 5, part] = block.float()
        self.register_buffer("moments", moments.T.contiguous(), persistent=False)

    @property
    def names(self) -> tuple[str, ...]:
        """What the features are called."""
        shower = ("log energy", "response", "depth", "depth width")
        each = ("share", "log share", "x", "y", "width x", "width y", "sparsity", "contrast")
        return (*shower, *(f"{name} {i}" for name in each for i in range(len(self.parts))))

    def forward(self, energy: Tensor, cells: Tensor) -> Tensor:
        """Features ``(n, 4 + 8 · layers)`` of incident energies ``(n,)`` and cells ``(n, cells)``, in GeV."""
        found = (cells @ self.moments.to(cells.dtype)).unflatten(1, (-1, 5))
        total = found[..., 0]
        x, y, x2, y2 = (found[..., 1:] / (total[..., None] + NONE)).unbind(2)
        widths = [(s - m.square()).clamp(min=FLAT).sqrt() for s, m in ((x2, x), (y2, y))]
        share = total / energy[:, None]
        number = torch.arange(len(self.parts), device=cells.device, dtype=cells.dtype)
        weights = total / (total.sum(1, keepdim=True) + NONE)
        depth = weights @ number
        spread = (weights @ number.square() - depth.square()).clamp(min=FLAT).sqrt()
        shower = torch.stack([energy.log10(), share.sum(1), depth, spread], 1)
        logarithms = (share + 1e-5).log10()
        hit, contrast = self.hit(cells), self.contrast(cells)
        return torch.cat([shower, share, logarithms, x, y, *widths, hit, contrast], 1)

    def hit(self, cells: Tensor) -> Tensor:
        """The share of cells that are hit, of every layer."""
        if self.smooth:
            squared = (cells / self.threshold).square()
            found = squared / (squared + 1)
        else:
            found = (cells > self.threshold).to(cells.dtype)
        return torch.stack([found[:, part].mean(1) for part in self.parts], 1)

    def contrast(self, cells: Tensor) -> Tensor:
        """(E₁ − E₂)/(E₁ + E₂) of the two hottest cells of every layer."""
        top = torch.stack([cells[:, part].topk(2, 1).values for part in self.parts], 1)
        return (top[..., 0] - top[..., 1]) / (top.sum(2) + NONE)
