"""The azimuthal spectrum of images, differentiably: Durall et al. 2020, "Watch your up-convolution".

arXiv 2003.01826. Their published regulariser computes spectra in NumPy, so that no gradient reaches a
generator; this is torch throughout.
"""

from __future__ import annotations

import torch
from torch import Tensor


def profile(x: Tensor) -> Tensor:
    """The logarithm of the power at each whole frequency, averaged over directions.

    Args:
        x: images ``(n, channels, height, width)``.

    Returns:
        ``(n, frequencies)``, from the mean brightness to half of the smaller side; in units of the logarithm.
    """
    power = torch.fft.fft2(x.mean(1), norm="ortho").abs().square()
    height, width = x.shape[2:]
    down, right = (torch.fft.fftfreq(side, 1 / side, device=x.device) for side in (height, width))
    short = min(height, width)
    radius = torch.hypot(down[:, None] * short / height, right * short / width).round().long()
    several = short // 2 + 1
    inside = radius < several
    ring = torch.nn.functional.one_hot(radius[inside], several).to(power)
    return torch.as_tensor((power[:, inside] @ ring / ring.sum(0) + 1e-8).log())
