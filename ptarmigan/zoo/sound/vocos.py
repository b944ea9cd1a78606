"""Vocos: Siuzdak 2024, "Vocos: Closing the gap between time-domain and Fourier-based ...", arXiv 2306.00814.

    ptarmigan train sound.vocos --data recordings.zip
    ptarmigan translate runs/vocos speech.wav

A vocoder, which makes sound of log-mel frames. Earlier ones upsample frames to samples by transposed
convolutions; here the network stays at the rate of frames and says of each the magnitudes and phases of a
Fourier transform, whose inverse is the sound. That takes a fraction of the work, the right shape for a CPU:

    x̂ = ISTFT(exp(m) (cos p + i sin p)),    (m, p) = G(mel)    (section 3.1)

G is a convolution, ConvNeXt blocks (Liu et al. 2022, arXiv 2201.03545) and a linear layer. D are the periods
of HiFi-GAN (Kong et al. 2020, arXiv 2010.05646: a wave folded into 2, 3, 5, 7 and 11 columns) and magnitudes
at several resolutions (Jang et al. 2021, arXiv 2106.07889). Hinge losses, the distance of the features of D's
layers, and of log-mel frames (equations 3 to 5):

    L_D = Σ_k E[max(0, 1 − D_k(x))] + E[max(0, 1 + D_k(x̂))]
    L_G = Σ_k E[max(0, 1 − D_k(x̂))] + Σ_k,l ‖D_k^l(x) − D_k^l(x̂)‖₁ / l + λ ‖mel(x) − mel(x̂)‖₁

with λ = 45, the D of resolutions weighted by 0.1, AdamW at 2e-4 with betas of 0.9 and 0.999, along a cosine,
and segments of 16,384 samples at 24 kHz in batches of 16. Published: ``--width 512 --blocks 8
--discriminator-width 32 --segment 16384``; the defaults are small, for a CPU. Windows, hops and bands follow
the rate.
Cost and score: benchmarks/results/sound.json
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import hinge
from ptarmigan.core.optim import adamw
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.sound.mel import FrontEnd, magnitude, overlapped
from ptarmigan.modalities.sound.mel_space import MelSpace
from ptarmigan.modalities.sound.source import Mel, Sounds
from ptarmigan.nets.sides import mirror
from ptarmigan.tasks.translate.translation import Translation, both
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

PERIODS = (2, 3, 5, 7, 11)
RESOLUTIONS = (2.0, 1.0, 0.5)
"""Windows of the discriminators of magnitudes, in windows of the mel frames; hops are a quarter."""
LOUDEST = 1e2
"""The largest magnitude of a bin: Vocos's."""
SLOPE = 0.1


class Judged(NamedTuple):
    """Scores of a discriminator, and its maps."""

    scores: Tensor
    maps: list[Tensor]


class Block(nn.Module):
    """ConvNeXt's block over time: a depthwise convolution, a norm, and two linear layers, added to the input.

    Args:
        width: channels.
        scale: of what is added, at the start.
    """

    def __init__(self, width: int, scale: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.Sequential(nn.Linear(width, 3 * width), nn.GELU(), nn.Linear(3 * width, width))
        self.scale = nn.Parameter(torch.full((width,), scale))

    def forward(self, x: Float[Tensor, "batch channel frame"]) -> Float[Tensor, "batch channel frame"]:
        """The same number of frames."""
        added = self.scale * self.layers(self.norm(self.depthwise(x).transpose(1, 2)))
        return torch.add(x, added.transpose(1, 2))


class VocosGenerator(nn.Module):
    """Log-mel frames to sound.

    Args:
        space: of the frames.
        width: channels.
        blocks: how many.
    """

    def __init__(self, space: MelSpace, width: int, blocks: int) -> None:
        super().__init__()
        self.window, self.hop = space.window, space.hop
        self.input = nn.Conv1d(space.count, width, 7, padding=3)
        self.first, self.last = nn.LayerNorm(width), nn.LayerNorm(width)
        self.blocks = nn.Sequential(*(Block(width, 1 / blocks) for _ in range(blocks)))
        self.head = nn.Linear(width, space.window + 2)

    def forward(self, mel: Float[Tensor, "batch band frame"]) -> Float[Tensor, "batch 1 length"]:
        """As many samples as frames times the hop."""
        x = self.first(self.input(mel).transpose(1, 2)).transpose(1, 2)
        said = self.head(self.last(self.blocks(x).transpose(1, 2))).transpose(1, 2)
        with torch.autocast(mel.device.type, enabled=False):
            size, phase = said.to(torch.promote_types(said.dtype, torch.float32)).chunk(2, 1)
            spectrum = torch.polar(size.exp().clamp_max(LOUDEST), phase)
            waves = overlapped(spectrum, self.window, self.hop)
        around = (self.window - self.hop) // 2
        return waves[:, None, around : around + mel.shape[2] * self.hop]


class PeriodDiscriminator(nn.Module):
    """A wave folded into rows of ``period`` samples, each column looked at by itself.

    Args:
        period: samples of a row.
        width: channels of the first layer; four times as many after it, as published: 32, 128, 512, 1,024.
    """

    def __init__(self, period: int, width: int) -> None:
        super().__init__()
        self.period = period
        channels = (1, width, 4 * width, 16 * width, 32 * width)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, (5, 1), (3, 1), (2, 0)) for a, b in pairwise(channels))
        self.layers.append(nn.Conv2d(channels[-1], channels[-1], (5, 1), 1, (2, 0)))
        self.head = nn.Conv2d(channels[-1], 1, (3, 1), 1, (1, 0))

    def forward(self, x: Float[Tensor, "batch 1 length"]) -> Judged:
        """Scores at every place of every column."""
        padded = mirror(x[:, :, None], 3, 0, -x.shape[2] % self.period)[:, :, 0]
        return through(self.layers, self.head, padded.unflatten(2, (-1, self.period)))


class ResolutionDiscriminator(nn.Module):
    """The magnitudes of a short-time Fourier transform as a picture.

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

    def forward(self, x: Float[Tensor, "batch 1 length"]) -> Judged:
        """Scores at every place of the picture, which is time by frequency."""
        seen = magnitude(x[:, 0], self.window, self.window // 4).transpose(1, 2)
        return through(self.layers, self.head, seen[:, None])


def through(layers: nn.ModuleList, head: nn.Module, x: Tensor) -> Judged:
    """A picture through layers with leaky ReLU, whose maps are kept."""
    maps = []
    for layer in layers:
        x = F.leaky_relu(layer(x), SLOPE)
        maps.append(x)
    return Judged(head(x).flatten(1), maps)


class WaveDiscriminators(nn.Module):
    """All of them, and how much each counts.

    Args:
        window: of the mel frames.
        width: channels of the first layers.
        share: the weight of those of resolutions.
    """

    def __init__(self, window: int, width: int, share: float) -> None:
        super().__init__()
        periods = [PeriodDiscriminator(period, width) for period in PERIODS]
        resolutions = [ResolutionDiscriminator(round(size * window), width) for size in RESOLUTIONS]
        self.each = nn.ModuleList([*periods, *resolutions])
        self.weights = (*(1.0 for _ in periods), *(share for _ in resolutions))

    def forward(self, x: Float[Tensor, "batch 1 length"]) -> list[Judged]:
        """Scores and maps of each."""
        return [each(x) for each in self.each]


class Vocoder(Translation):
    """A generator ``mel -> x`` against discriminators of waves.

    Args:
        generator: G.
        discriminator: all D.
        front: the frames of which the distance is measured.
        weight: λ.
    """

    def __init__(
        self, generator: nn.Module, discriminator: WaveDiscriminators, front: FrontEnd, weight: float
    ) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.front, self.weight, self.shares = front, weight, discriminator.weights

    def turns(self) -> tuple[Turn, ...]:
        """The discriminators, then the generator."""
        return (
            Turn(("discriminator",), self.discriminator_loss),
            Turn(("generator",), self.generator_loss),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """Σ_k E[max(0, 1 − D_k(x))] + E[max(0, 1 + D_k(x̂))]."""
        x, mel = both(batch)
        pairs = zip(self.discriminator(x), self.discriminator(self.generator(mel)), strict=True)
        losses = [hinge.discriminator(real.scores, fake.scores) for real, fake in pairs]
        return {"discriminator": self.weighted(losses)}

    def generator_loss(self, batch: Batch) -> Terms:
        """Σ_k E[max(0, 1 − D_k(x̂))], the distances of maps, and λ ‖mel(x) − mel(x̂)‖₁."""
        x, mel = both(batch)
        made = self.generator(mel)
        pairs = list(zip(self.discriminator(x), self.discriminator(made), strict=True))
        return {
            "generator": self.weighted([(1 - fake.scores).relu().mean() for _, fake in pairs]),
            "features": self.weighted([far(real.maps, fake.maps) for real, fake in pairs]),
            "mel": self.weight * F.l1_loss(self.front(made[:, 0]), self.front(x[:, 0])),
        }

    def weighted(self, losses: list[Tensor]) -> Tensor:
        """A sum over discriminators."""
        return torch.stack([w * loss for w, loss in zip(self.shares, losses, strict=True)]).sum()

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean score of all discriminators."""
        return torch.stack([found.scores.mean(1) for found in self.discriminator(x)]).mean(0)


def far(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """The mean distance of maps."""
    return torch.stack([F.l1_loss(b, a) for a, b in zip(real, fake, strict=True)]).mean()


@configurable
def recipe(
    data: Sounds = Sounds(),
    *,
    segment: int = 8_192,
    width: int = 128,
    blocks: int = 4,
    discriminator_width: int = 4,
    share: float = 0.1,
    weight: float = 45.0,
    lr: float = 5e-4,
    training: Training = Training(batch=16, half_life=50_000.0),
) -> Run:
    """A Vocos.

    Args:
        segment: samples that recordings are cut into, unless there is a --length.
        width: channels of the generator.
        blocks: of the generator.
        discriminator_width: channels of the first layers of the discriminators, 32 as published.
        share: the weight of the discriminators of resolutions.
        weight: λ, of the distance of log-mel frames.
    """
    samples = training.open(data, segment=segment, mel=Mel())
    given = samples.require_inputs()
    assert isinstance(given, MelSpace)
    generator = VocosGenerator(given, width, blocks)
    discriminator = WaveDiscriminators(given.window, discriminator_width, share)
    game = Vocoder(generator, discriminator, given.front, weight)
    optimizers = {
        "discriminator": adamw(discriminator, lr, (0.9, 0.999)),
        "generator": adamw(generator, lr, (0.9, 0.999)),
    }
    return training.run(game, samples, optimizers, rate=cosine(1.0, 0.0))


small = dict(segment=2_048, width=8, blocks=2, discriminator_width=2, steps=4, batch=4)
