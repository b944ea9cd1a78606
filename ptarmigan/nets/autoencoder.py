"""BEGAN's networks: Berthelot et al. 2017, arXiv 1703.10717, for any sides."""

from __future__ import annotations

import math

from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.nets.layers import Classes, initialise
from ptarmigan.nets.sides import crop, halved, halvings


def convolutions(inputs: int, outputs: int) -> list[nn.Module]:
    """Two 3×3 convolutions, each followed by an exponential linear unit."""
    first = nn.Conv2d(inputs, outputs, 3, padding=1)
    return [first, nn.ELU(), nn.Conv2d(outputs, outputs, 3, padding=1), nn.ELU()]


class BEGANGenerator(nn.Module):
    """The decoder: a linear start of 8 pixels or more, convolutions, repetition of pixels.

    Args:
        latent: the size of ``z``.
        shape: channels, height, width.
        width: channels everywhere inside.
    """

    def __init__(self, latent: int, shape: tuple[int, ...], width: int = 64) -> None:
        super().__init__()
        channels, height, across = shape
        self.latent, self.sides = latent, (height, across)
        stages = halvings(self.sides, smallest=8)
        start = (width, *halved(self.sides, stages))
        layers: list[nn.Module] = [nn.Linear(latent, math.prod(start)), nn.Unflatten(1, start)]
        for _ in range(stages):
            layers += [*convolutions(width, width), nn.Upsample(scale_factor=2)]
        layers += [*convolutions(width, width), nn.Conv2d(width, channels, 3, padding=1)]
        self.layers = nn.Sequential(*layers)
        # With torch's own weights hardly any of z is left after this many layers, and BEGAN collapses.
        initialise(self, nn.init.xavier_uniform_)

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """Images, not bounded; ``c`` is not looked at."""
        return crop(self.layers(z), self.sides)


class AutoencoderDiscriminator(nn.Module):
    """An autoencoder: ``forward`` returns the reconstruction, whose error the game plays for, and no score.

    Args:
        shape: channels, height, width.
        width: channels at the image's sides; the encoder has as many more at every halving.
        hidden: the size of the code between encoder and decoder.

    Attributes:
        feature_size: the size of the code.
    """

    def __init__(self, shape: tuple[int, ...], width: int = 64, hidden: int = 64) -> None:
        super().__init__()
        channels, height, across = shape
        stages = halvings((height, across), smallest=8)
        lower, narrower = halved((height, across), stages)
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1), nn.ELU()]
        for i in range(1, stages + 1):
            layers += convolutions(i * width, i * width)
            layers += [nn.Conv2d(i * width, (i + 1) * width, 3, 2, 1), nn.ELU()]
        last = (stages + 1) * width
        layers += [*convolutions(last, last), nn.Flatten(), nn.Linear(last * lower * narrower, hidden)]
        self.encoder = nn.Sequential(*layers)
        initialise(self.encoder, nn.init.xavier_uniform_)
        self.decoder = BEGANGenerator(hidden, shape, width)
        self.feature_size = hidden

    def features(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, "batch feature"]:
        """The code; ``c`` is not looked at."""
        code: Tensor = self.encoder(x)
        return code

    def forward(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """The reconstruction of ``x``."""
        reconstruction: Tensor = self.decoder(self.features(x, c))
        return reconstruction
