"""FastGAN: Liu et al. 2021, "Towards faster and stabilized GAN training ...", arXiv 2101.04775.

    ptarmigan train image.fastgan --data ./photos --size 256 --flip

For as few as a hundred pictures of up to 512 pixels. Small feature maps say which channels of maps that are
sixteen times as tall and wide matter (skip-layer excitation, eq. 1 and 2):

    y = F(x_low) · x_high

The discriminator is made to look at the whole of a real picture, since small decoders must be able to
restore it from its last feature maps, and a random quarter of it from a quarter of the map before (eq. 4).
It scores patches of the picture and of a smaller one, with a hinge loss of random margins m ~ U(0.8, 1):

    L_D = E[max(0, m − D(x))] + E[max(0, m + D(G(z)))] + Σ |decoder(f) − T(x)|,    L_G = −E[D(G(z))]

All weights are spectrally normalised, and all pictures are augmented (DiffAugment: colour and translation).
Differences from the paper: what is restored is compared by pixels and their differences, not by LPIPS, which
is of a downloaded network; the small picture is the large one at half its sides (a quarter from 512 pixels
on), not an output of its own; and where pictures have fewer than 64 pixels a side, maps are excited by what
is fewer than four doublings smaller. In evaluation mode noise maps are fixed ones.
Cost and score: benchmarks/results/zoo.json
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.augment import Augment
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms
from ptarmigan.core.gan import GAN
from ptarmigan.core.optim import adams
from ptarmigan.core.precision import at_least_float32, without_autocast
from ptarmigan.core.transforms import color, translation
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.layers import Classes, initialise
from ptarmigan.nets.players import Generator
from ptarmigan.nets.pooling import Pool
from ptarmigan.nets.resample import Downsample
from ptarmigan.nets.sides import Sides, crop, doubled, halved, halvings
from ptarmigan.nets.spectral import spectral_norm
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

WIDTHS = (16, 8, 4, 2, 2, 1, 0.5, 0.25)
"""Channels of the generator's maps of 4, 8, … 512 pixels, over the width."""
SCORED = (16, 8, 4, 2, 1, 0.5)
"""Channels of the discriminator's maps of 8, 16, … 256 pixels, over the width."""
DECODED = (4, 2, 2, 1)
"""Channels of a decoder's maps, over its width."""
REACH, BACK = 4, 3
"""Doublings between a map and the one that it excites, in the generator and in the discriminator."""
CELLS, MARGIN = (4, 4), 0.8


def channels(factor: float, width: int) -> int:
    """At least one."""
    return max(1, int(factor * width))


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """A convolution without bias that keeps the sides, or halves them, rounded down."""
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=(kernel - 1) // 2, bias=False)


class Excitation(nn.Module):
    """A factor for every channel of a large map, of a small one (eq. 2).

    Args:
        inputs: channels of the small map.
        sides: its height and width.
        outputs: channels of the large map.
    """

    def __init__(self, inputs: int, sides: Sides, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            Pool(sides, CELLS),
            nn.Conv2d(inputs, outputs, CELLS, bias=False),
            nn.SiLU(),
            nn.Conv2d(outputs, outputs, 1, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, small: Tensor, large: Tensor) -> Float[Tensor, "batch channel height width"]:
        """``large``, each of whose channels has its factor."""
        return large * torch.as_tensor(self.layers(small))


class NoiseMap(nn.Module):
    """Adds noise to feature maps, with a learned gain that starts at 0; always the same in evaluation.

    Args:
        sides: height and width of the maps.
    """

    map: Tensor

    def __init__(self, sides: Sides) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(()))
        self.register_buffer("map", torch.randn(1, 1, *sides))

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channel height width"]:
        """One map of noise for all channels."""
        map = noise.normal(len(x), *self.map.shape[1:]) if self.training else self.map
        return x + self.gain.to(x.dtype) * map.to(x.dtype)


def gated(inputs: int, outputs: int, sides: Sides) -> list[nn.Module]:
    """A convolution, noise, batch norm, and gated linear units."""
    return [conv(inputs, 2 * outputs, 3), NoiseMap(sides), nn.BatchNorm2d(2 * outputs), nn.GLU(1)]


class FastGANGenerator(Generator):
    """Maps of doubled sides, every second one by two convolutions, and excited by much smaller ones.

    Args:
        latent: the size of ``z``.
        shape: channels, height, width.
        width: of the maps of 128 pixels.

    Raises:
        ValueError: the shorter side has fewer than 8 pixels, or 1,024 or more.
    """

    def __init__(self, latent: int, shape: tuple[int, ...], width: int = 64) -> None:
        super().__init__()
        colours, height, across = shape
        self.latent, self.sides = latent, (height, across)
        stages = halvings(self.sides)
        if stages >= len(WIDTHS):
            words = f"not {height}x{across}: shrink them with --size"
            raise ValueError(f"FastGAN is for images of less than 1,024 pixels a side, {words}")
        start = halved(self.sides, stages)
        grids = [doubled(start, i) for i in range(stages + 1)]
        widths = [channels(factor, width) for factor in WIDTHS[: stages + 1]]
        self.start = nn.Sequential(
            nn.ConvTranspose2d(latent, 2 * widths[0], start, bias=False),
            nn.BatchNorm2d(2 * widths[0]),
            nn.GLU(1),
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Upsample(scale_factor=2),
                *gated(widths[i], widths[i + 1], grids[i + 1]),
                *(gated(widths[i + 1], widths[i + 1], grids[i + 1]) if i % 2 == 0 else ()),
            )
            for i in range(stages)
        )
        self.reach = min(REACH, stages)
        self.excitations = nn.ModuleList(
            Excitation(widths[i], grids[i], widths[i + self.reach]) for i in range(stages + 1 - self.reach)
        )
        self.out = conv(widths[-1], colours, 3)
        initialise(self, partial(nn.init.normal_, std=0.02))

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel height width"]:
        """Images in [-1, 1]; ``c`` is ignored."""
        unit = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        maps = [self.start(unit[:, :, None, None])]
        for i, block in enumerate(self.blocks, start=1 - self.reach):
            larger = block(maps[-1])
            maps.append(self.excitations[i](maps[i], larger) if i >= 0 else larger)
        return torch.tanh(self.out(crop(maps[-1], self.sides)))


def activated(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """A convolution, batch norm, and leaky ReLU."""
    return [conv(inputs, outputs, kernel, stride), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]


class Halving(nn.Module):
    """Half the sides, rounded down: the mean of two convolutions and of one after a mean of pixels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.main = nn.Sequential(*activated(inputs, outputs, 4, 2), *activated(outputs, outputs, 3))
        self.direct = nn.Sequential(nn.AvgPool2d(2), *activated(inputs, outputs, 1))

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channels lower narrower"]:
        """Half as tall and wide."""
        return (torch.as_tensor(self.main(x)) + torch.as_tensor(self.direct(x))) / 2


class Decoder(nn.Sequential):
    """Maps to images.

    Args:
        inputs: channels of the maps.
        colours: channels of the images.
        width: of the layers.
        times: how often sides are doubled.
    """

    def __init__(self, inputs: int, colours: int, width: int, times: int) -> None:
        sizes = [inputs, *(channels(factor, width) for factor in DECODED[:times])]
        layers: list[nn.Module] = []
        for a, b in pairwise(sizes):
            layers += [nn.Upsample(scale_factor=2), conv(a, 2 * b, 3), nn.BatchNorm2d(2 * b), nn.GLU(1)]
        super().__init__(*layers, conv(sizes[-1], colours, 3), nn.Tanh())


class FastGANDiscriminator(nn.Module):
    """Scores of the patches of an image and of a smaller one, and decoders of the maps before them.

    Args:
        shape: channels, height, width.
        width: of the maps of 128 pixels.
    """

    def __init__(self, shape: tuple[int, ...], width: int = 64) -> None:
        super().__init__()
        colours, height, across = shape
        self.sides: Sides = (height, across)
        total = halvings(self.sides, smallest=8)
        large = min(total, len(SCORED) - 1)
        grids = [floored(self.sides, total - large + i) for i in range(large + 1)]
        widths = [channels(SCORED[large - i], width) for i in range(large + 1)]
        self.extract = stem(colours, widths[0], total - large)
        self.blocks = nn.ModuleList(Halving(a, b) for a, b in pairwise(widths))
        self.reach = min(BACK, large)
        self.excitations = nn.ModuleList(
            Excitation(widths[i], grids[i], widths[i + self.reach]) for i in range(large + 1 - self.reach)
        )
        self.head = nn.Sequential(
            *activated(widths[-1], widths[-1], 1), nn.Conv2d(widths[-1], 1, 4, bias=False)
        )
        shrinkings = max(1, total - len(DECODED))
        self.shrink = nn.Sequential(*(Downsample(halved(self.sides, i)) for i in range(shrinkings)))
        small = total - shrinkings
        narrow = [channels(SCORED[2 + small - i], width) for i in range(min(1, small), small + 1)]
        self.small = nn.Sequential(
            stem(colours, narrow[0], min(1, small)), *(Halving(a, b) for a, b in pairwise(narrow))
        )
        self.small_head = nn.Conv2d(narrow[-1], 1, 4, bias=False)
        decoder = partial(Decoder, colours=colours, width=width // 2, times=small)
        self.whole, self.part, self.small_whole = map(decoder, (widths[-1], widths[-2], narrow[-1]))
        self.quarter = (grids[-2][0] // 2, grids[-2][1] // 2)
        self.target = Pool(self.sides, doubled(grids[-1], small))
        lower = floored(halved(self.sides, shrinkings), small)
        self.small_target = Pool(self.sides, doubled(lower, small))
        self.part_target = Pool(floored(self.sides, 1), doubled(self.quarter, small))
        initialise(self, partial(nn.init.normal_, std=0.02))

    def maps(self, x: Float[Tensor, "batch channel height width"]) -> tuple[Tensor, Tensor, Tensor]:
        """The last but one and the last map of the image, and the last of the smaller one."""
        maps = [self.extract(x)]
        for i, block in enumerate(self.blocks, start=1 - self.reach):
            lower = block(maps[-1])
            maps.append(self.excitations[i](maps[i], lower) if i >= 0 else lower)
        return maps[-2], maps[-1], self.small(self.shrink(x))

    def scores(self, maps: Sequence[Tensor]) -> Float[Tensor, "batch patch"]:
        """Raw scores of all patches, given the maps."""
        return torch.cat([self.head(maps[1]).flatten(1), self.small_head(maps[2]).flatten(1)], 1)

    def restoration(self, maps: Sequence[Tensor], x: Tensor) -> Float[Tensor, ""]:
        """How far decoded maps are from the image, and a random quarter of one from that of the image."""
        lower, right = noise.shared(2) > 0
        part = quarter(maps[0], self.quarter, lower, right)
        target = quarter(x, floored(self.sides, 1), lower, right)
        return (
            apart(self.whole(maps[1]), self.target(x))
            + apart(self.small_whole(maps[2]), self.small_target(x))
            + apart(self.part(part), self.part_target(target))
        )

    def forward(
        self, x: Float[Tensor, "batch channel height width"], c: Classes | None = None
    ) -> Float[Tensor, "batch patch"]:
        """Raw scores of all patches; ``c`` is ignored."""
        return self.scores(self.maps(x))


def floored(sides: Sides, times: int) -> Sides:
    """The sides after ``times`` halvings, each rounded down."""
    return sides[0] >> times, sides[1] >> times


def stem(colours: int, width: int, times: int) -> nn.Module:
    """The first layer, which halves the sides where ``times`` is 1."""
    return nn.Sequential(conv(colours, width, 4 if times else 3, 1 + times), nn.LeakyReLU(0.2))


def quarter(x: Tensor, sides: Sides, lower: Tensor, right: Tensor) -> Tensor:
    """One of the four corners of maps, of the given sides."""
    height, width = sides
    rows = torch.where(lower, x[:, :, -height:], x[:, :, :height])
    return torch.where(right, rows[..., -width:], rows[..., :width])


def apart(found: Tensor, wanted: Tensor) -> Float[Tensor, ""]:
    """The mean absolute difference of pixels, and of the differences of neighbours."""
    with without_autocast(found):
        error = at_least_float32(found) - at_least_float32(wanted)
        return error.abs().mean() + sum(error.diff(dim=dim).abs().mean() for dim in (2, 3))


class FastGAN(GAN):
    """Hinge losses with random margins, and decoders of real images.

    Args:
        generator: G.
        discriminator: D, and its decoders.
    """

    discriminator: FastGANDiscriminator

    def __init__(self, generator: Generator, discriminator: FastGANDiscriminator) -> None:
        super().__init__(generator, discriminator, augment=Augment(color, translation))

    def discriminator_loss(self, batch: Batch) -> Terms:
        """The hinge loss of all patches, and what decoders lack of real images."""
        real, fake = self.augmented(batch.x), self.augmented(self.fake(batch))
        maps = self.discriminator.maps(real)
        real_scores, fake_scores = self.discriminator.scores(maps), self.discriminator(fake)
        return {
            "discriminator": short(real_scores) + short(-fake_scores),
            "restoration": self.discriminator.restoration(maps, real),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[D(G(z))]."""
        return {"generator": -at_least_float32(self.score(self.fake(batch), batch.c)).mean()}

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """The mean score of an image's patches."""
        return torch.as_tensor(self.discriminator(x)).mean(1)


def short(scores: Float[Tensor, "batch patch"]) -> Float[Tensor, ""]:
    """E[max(0, m − scores)], with a margin for every patch."""
    margins = MARGIN + (1 - MARGIN) * noise.uniform(*scores.shape).to(scores.device)
    return (margins - at_least_float32(scores)).relu().mean()


@configurable
def recipe(
    data: Images = Images(),
    *,
    width: int = 64,
    latent: int = 256,
    lr: float = 2e-4,
    training: Training = Training(steps=50_000, batch=8, half_life=5_500.0),
) -> Run:
    """A FastGAN.

    Args:
        width: channels of maps of 128 pixels; smaller ones have up to sixteen times as many.
    """
    samples = training.open(data)
    game = FastGAN(
        spectral_norm(FastGANGenerator(latent, samples.shape, width)),
        spectral_norm(FastGANDiscriminator(samples.shape, width)),
    )
    return training.run(game, samples, adams(game, lr, (0.5, 0.999)))


small = dict(width=4, latent=8, steps=4, batch=8)
