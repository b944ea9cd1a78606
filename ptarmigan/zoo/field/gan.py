"""A GAN for fields: Radford et al. 2016, "Unsupervised representation learning with …", arXiv 1511.06434.

    ptarmigan train field.gan --data rain
    ptarmigan train field.gan --data era5.nc --variable u10,v10 --transform standard

Patches of any variables, each with a transform of its own, are channels of a picture for DCGAN's networks.
What the eye of a forecaster misses first is fine structure, so the discriminator also sees the differences
between neighbouring cells ∂x, whose spectrum rises where that of a field falls, as channels of their own:

    L_D = −E[log D(x, ∂x)] − E[log(1 − D(G(z), ∂G(z)))] + γ/2 E[‖∇D‖²],    L_G = −E[log D(G(z), ∂G(z))]

with zero-centred penalties on real and on generated fields (Mescheder et al. 2018, arXiv 1801.04406,
equations 9 and 10) at every eighth step, and the standard deviation within a batch (Karras et al. 2018, arXiv
1710.10196).
Values of logarithmic variables between nothing and their threshold do not occur in data, and are decoded as
the nearer of the two. There is no tanh at the end: rain may be heavier than what was seen.
Cost and score: benchmarks/results/field.json
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import R1, R2
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.field.source import Fields
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.nets.layers import Classes
from ptarmigan.nets.players import Generator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

HIDDEN = 128
"""Units before the scores, where the standard deviation within a batch is seen."""
STEEP = 4.0
"""What differences of neighbours are multiplied by, to be about as large as values."""


class FieldGenerator(Generator):
    """DCGAN's generator, without a bound on values.

    Args:
        latent: numbers in z.
        shape: of encoded fields.
        width: channels of the layer before the last.
    """

    def __init__(self, latent: int, shape: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.latent = latent
        self.network = DCGANGenerator(latent, shape, width)

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch variable y x"]:
        """Encoded fields."""
        return self.network.pre_activation(z)


class SlopeDiscriminator(nn.Module):
    """DCGAN's discriminator of fields and of the differences of neighbouring cells.

    Args:
        shape: of encoded fields.
        width: channels after the first convolution.
    """

    def __init__(self, shape: tuple[int, ...], width: int) -> None:
        super().__init__()
        channels, *sides = shape
        self.network = DCGANDiscriminator((3 * channels, *sides), width, norm=nn.Identity, hidden=HIDDEN)

    def forward(
        self, x: Float[Tensor, "batch variable y x"], c: Classes | None = None
    ) -> Float[Tensor, " batch"]:
        """Raw scores."""
        down = F.pad(STEEP * x.diff(dim=2), (0, 0, 1, 0))
        across = F.pad(STEEP * x.diff(dim=3), (1, 0))
        scores: Tensor = self.network(torch.cat([x, down, across], 1))
        return scores


@configurable
def recipe(
    data: Fields = Fields(),
    *,
    width: int = 16,
    latent: int = 64,
    lr: float = 1e-3,
    gamma: float = 0.1,
    lazy: int = 8,
    training: Training = Training(batch=32, half_life=50_000.0),
) -> Run:
    """A GAN of patches of fields.

    Args:
        width: channels of the layer next to the field; doubled as sides halve.
        gamma: γ, of the penalties R1 and R2.
    """
    samples = training.open(data)
    game = GAN(
        FieldGenerator(latent, samples.shape, width),
        SlopeDiscriminator(samples.shape, width),
        loss=non_saturating,
        penalties=(R1(gamma), R2(gamma)),
        lazy=lazy,
    )
    return training.run(game, samples, adams(game, lr, (0.0, 0.99)), rate=cosine(1.0, 0.1))


small = dict(size=16, width=4, latent=8, lazy=2, steps=4, batch=8)
