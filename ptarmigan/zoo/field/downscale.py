"""Leinonen, Nerini and Berne 2020, "Stochastic super-resolution for downscaling …", arXiv 2005.10374.

    ptarmigan train field.downscale --data rain
    ptarmigan predict runs/downscale coarse.nc --members 16 --out fine.nc

A generator makes an ensemble of fine fields of a coarse one, whose cells are eight times as wide. Noise
enters at every scale, as maps that are added to features. The discriminator sees fine fields and, once it has
come down to their resolution, the coarse ones. As in Harris et al. 2022 (arXiv 2204.02028), members are
trained to be a calibrated ensemble too, by the CRPS of a few of them (there of eight, as an alternative to
the error of their mean), here in its fair form (Ferro 2014), in the range of what networks see, from 0 to 1:

    L_G = −E[log D(G(c, z), c)] + λ E[1/m Σ_i |G(c, z_i) − x| − 1/(2 m (m − 1)) Σ_ij |G(c, z_i) − G(c, z_j)|]
    L_D = −E[log D(x, c)] − E[log(1 − D(G(c, z), c))] + γ/2 E[‖∇D(x, c)‖²]

Otherwise than published: means of blocks are kept by a last layer without weights (Harder et al. 2023, arXiv
2208.05424), so that an ensemble is wrong about the inside of a cell only; losses are non-saturating with R1
(Mescheder et al. 2018, arXiv 1801.04406, eq. 9), not WGAN-GP's; one time at once, and so no ConvGRU.
Cost and score: benchmarks/results/field.json
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn, between, every
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import R1, PenaltyInputs
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.field.conserve import Conserve
from ptarmigan.modalities.field.crps import fair_crps
from ptarmigan.modalities.field.source import Fields
from ptarmigan.modalities.field.space import FieldSpace
from ptarmigan.tasks.translate.translation import Translation, both
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

SLOPE = 0.2
"""Of leaky ReLUs."""
MAPS = 4
"""Maps of noise at every scale."""
FIRST = 0.1
"""What the default first weights of the last layer are multiplied by: the coarse field comes first."""
STEEP = 4.0
"""What differences of neighbouring cells are multiplied by in D, to be about as large as values."""


class Noisy(nn.Module):
    """A residual block of two convolutions, to whose features maps of noise are added.

    Args:
        width: channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.maps = nn.Conv2d(MAPS, width, 1, bias=False)
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))

    def forward(
        self, x: Float[Tensor, "n variable y x"], z: Float[Tensor, "n map y x"]
    ) -> Float[Tensor, "n variable y x"]:
        """The same shape."""
        inner = F.leaky_relu(self.first(F.leaky_relu(x + self.maps(z), SLOPE)), SLOPE)
        return x + torch.as_tensor(self.second(inner))


class DownscalingGenerator(nn.Module):
    """A coarse field and maps of noise to a fine field, of any size.

    Args:
        coarse: of the coarse field.
        fine: of the fine one.
        width: channels at the finest scale; doubled at each coarser one, up to fourfold.
    """

    def __init__(self, coarse: FieldSpace, fine: FieldSpace, width: int) -> None:
        super().__init__()
        self.factor = fine.height // coarse.height
        levels = self.factor.bit_length() - 1
        widths = [width * min(4, 2 ** (levels - i)) for i in range(levels + 1)]
        self.input = nn.Conv2d(coarse.shape[0], widths[0], 3, padding=1)
        self.blocks = nn.ModuleList(Noisy(w) for w in widths)
        self.ups = nn.ModuleList(nn.Conv2d(a, 4 * b, 3, padding=1) for a, b in pairwise(widths))
        self.output = nn.Conv2d(width, fine.shape[0], 3, padding=1)
        self.conserve = Conserve(fine, coarse)
        self.latent = sum(h * w for h, w in self.sides(coarse.height, coarse.width)) * MAPS
        with torch.no_grad():
            self.output.weight *= FIRST

    def sides(self, height: int, width: int) -> list[tuple[int, int]]:
        """The sides of the maps of noise, from the coarsest to the finest."""
        return [(height << level, width << level) for level in range(len(self.ups) + 1)]

    def maps(self, z: Float[Tensor, "n latent"], height: int, width: int) -> list[Tensor]:
        """Latents as maps of noise, for a coarse field of these sides."""
        sides = self.sides(height, width)
        parts = z.split([MAPS * h * w for h, w in sides], 1)
        return [part.view(-1, MAPS, h, w) for part, (h, w) in zip(parts, sides, strict=True)]

    def forward(
        self, c: Float[Tensor, "n variable h w"], z: Float[Tensor, "n latent"]
    ) -> Float[Tensor, "n variable y x"]:
        """Encoded fine fields."""
        maps = self.maps(z, *c.shape[-2:])
        x = self.blocks[0](self.input(c), maps[0])
        for up, block, z_map in zip(self.ups, self.blocks[1:], maps[1:], strict=True):
            x = block(F.pixel_shuffle(up(F.leaky_relu(x, SLOPE)), 2), z_map)
        smooth = F.interpolate(c, scale_factor=self.factor, mode="bilinear")
        return torch.as_tensor(self.conserve(smooth + self.output(F.leaky_relu(x, SLOPE)), c))


class DownscalingDiscriminator(nn.Module):
    """Fine fields, differences, and, once there are as few cells, the coarse ones: to scores of patches.

    Args:
        coarse: of the coarse field.
        fine: of the fine one.
        width: channels of the first layer; doubled as sides halve, up to fourfold.
    """

    def __init__(self, coarse: FieldSpace, fine: FieldSpace, width: int) -> None:
        super().__init__()
        levels = (fine.height // coarse.height).bit_length() - 1
        widths = [3 * fine.shape[0], *(width * min(4, 2**i) for i in range(levels))]
        self.downs = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise(widths))
        self.joined = nn.Conv2d(widths[-1] + coarse.shape[0], widths[-1], 3, padding=1)
        self.score = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(
        self, x: Float[Tensor, "n variable y x"], c: Float[Tensor, "n variable h w"]
    ) -> Float[Tensor, "n h w"]:
        """Raw scores of patches."""
        down, across = F.pad(x.diff(dim=2), (0, 0, 1, 0)), F.pad(x.diff(dim=3), (1, 0))
        x = torch.cat([x, STEEP * down, STEEP * across], 1)
        for layer in self.downs:
            x = F.leaky_relu(layer(x), SLOPE)
        x = F.leaky_relu(self.joined(torch.cat([x, c], 1)), SLOPE)
        scores: Tensor = self.score(x).squeeze(1)
        return scores


class Downscaling(Translation):
    """A generator ``(c, z) -> x`` and a discriminator ``(x, c) -> scores`` of patches.

    Args:
        generator: G.
        discriminator: D.
        members: m, of which the CRPS is taken.
        weight: λ, of the CRPS.
        penalty: R1.
        lazy: it is added at every so-manieth step.
    """

    def __init__(
        self,
        generator: DownscalingGenerator,
        discriminator: nn.Module,
        *,
        members: int,
        weight: float,
        penalty: R1,
        lazy: int,
    ) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.latent = generator.latent
        self.members, self.weight, self.penalty, self.lazy = members, weight, penalty, lazy

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, then the generator."""
        who = ("discriminator",)
        return (
            Turn(who, self.discriminator_loss, when=between(self.lazy)),
            Turn(who, self.penalised_loss, when=every(self.lazy)),
            Turn(("generator",), self.generator_loss),
        )

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """G(c, z)."""
        return torch.as_tensor(self.generator(a, z))

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−E[log D(x, c)] − E[log(1 − D(G(c, z), c))]."""
        x, c = both(batch)
        fake = self.translate(c, noise.normal(len(c), self.latent))
        real_scores, fake_scores = self.discriminator(x, c), self.discriminator(fake, c)
        return {"discriminator": non_saturating.discriminator(real_scores, fake_scores)}

    def penalised_loss(self, batch: Batch) -> Terms:
        """The same with R1, times ``lazy``."""
        x, c = both(batch)
        fake = self.translate(c, noise.normal(len(c), self.latent))

        def discriminator(sample: Tensor) -> Tensor:
            return torch.as_tensor(self.discriminator(sample, c))

        scores = discriminator(x), discriminator(fake)
        inputs = PenaltyInputs(discriminator, x, fake, *scores, self.progress)
        loss = non_saturating.discriminator(*scores)
        return {"discriminator": loss, self.penalty.name: self.lazy * self.penalty(inputs)}

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[log D(G(c, z), c)] + λ CRPS."""
        x, c = both(batch)
        z = noise.normal(len(c), self.members * self.latent).view(-1, self.latent)
        repeated = c.repeat_interleave(self.members, 0)
        fake = self.translate(repeated, z)
        members = fake.unflatten(0, (len(c), self.members))
        return {
            "generator": non_saturating.generator(self.discriminator(fake, repeated), None),
            "crps": self.weight * fair_crps(members, x).mean() / 2,  # the range of encoded values is 2
        }

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of patches, given the coarse field."""
        return torch.as_tensor(self.discriminator(x, c)).mean((1, 2))


@configurable
def recipe(
    data: Fields = Fields(),
    *,
    factor: int = 8,
    members: int = 2,
    width: int = 16,
    discriminator_width: int = 16,
    lr: float = 1e-3,
    gamma: float = 0.1,
    lazy: int = 8,
    weight: float = 50.0,
    training: Training = Training(batch=16, steps=10_000, half_life=20_000.0),
) -> Run:
    """Downscaling.

    Args:
        factor: fine cells along the side of a coarse one: a power of two.
        members: m, of which the CRPS is taken.
        width: channels of G at the finest scale; doubled at each coarser one, up to fourfold.
        discriminator_width: channels of D at half the sides; doubled as sides halve, up to fourfold.
        gamma: γ, of R1.
        weight: λ, of the CRPS.
    """
    if factor < 2 or factor & (factor - 1):
        raise ValueError(f"--factor {factor}: it is a power of two, such as 8")
    if members < 2:
        raise ValueError(f"--members {members}: an ensemble has two members or more")
    samples = training.open(data, coarse=factor)
    fine, coarse = samples.space, samples.require_inputs()
    assert isinstance(coarse, FieldSpace)
    generator = DownscalingGenerator(coarse, fine, width)
    discriminator = DownscalingDiscriminator(coarse, fine, discriminator_width)
    game = Downscaling(generator, discriminator, members=members, weight=weight, penalty=R1(gamma), lazy=lazy)
    return training.run(game, samples, adams(game, lr, (0.0, 0.99)), rate=cosine(1.0, 0.1))


small = dict(
    size=16, transform="standard", factor=2, width=4, discriminator_width=4, lazy=2, steps=4, batch=4
)
