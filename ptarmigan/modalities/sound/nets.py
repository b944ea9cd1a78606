"""Discriminators of sounds by their spectra, and together with those of waves."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.modalities.sound.mel import magnitude
from ptarmigan.nets.waves import PERIODS, Judged, PeriodDiscriminator, Together, through, weight_norm

RESOLUTIONS = (2.0, 1.0, 0.5)
"""Windows of the discriminators of magnitudes, in windows of the mel frames; hops are a quarter."""


class ResolutionDiscriminator(nn.Module):
    """The magnitudes of a short-time Fourier transform as a picture: Jang et al. 2021, arXiv 2106.07889.

    Args:
        window: samples of a frame; a hop is a quarter of it.
        width: channels.
    """

    def __init__(self, window: int, width: int) -> None:
        super().__init__()
        self.window = window
        self.layers = nn.ModuleList(
            [
                nn.Conv2d(1, width, (3, 9), padding=(1, 4)),
                *(nn.Conv2d(width, width, (3, 9), (1, 2), (1, 4)) for _ in range(3)),
                nn.Conv2d(width, width, 3, padding=1),
            ]
        )
        self.head = nn.Conv2d(width, 1, 3, padding=1)
        weight_norm(self)

    def forward(self, x: Float[Tensor, "batch 1 length"]) -> Judged:
        """Scores at every place of the picture, which is time by frequency."""
        seen = magnitude(x[:, 0], self.window, self.window // 4).transpose(1, 2)
        return through(self.layers, self.head, seen[:, None])


def periods_and_resolutions(window: int, width: int, share: float) -> Together:
    """Discriminators at five periods and of magnitudes at three resolutions: those of Vocos.

    Args:
        window: of the mel frames, in samples.
        width: channels of their first layers.
        share: the weight of those of magnitudes beside the others.
    """
    windows = [round(size * window) for size in RESOLUTIONS]
    return Together(
        [
            *(PeriodDiscriminator(period, width) for period in PERIODS),
            *(ResolutionDiscriminator(window, width) for window in windows),
        ],
        [1 / len(PERIODS)] * len(PERIODS) + [share / len(windows)] * len(windows),
    )
