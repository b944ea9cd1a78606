"""HiFi-GAN: Kong, Kim and Bae 2020, "HiFi-GAN: Generative adversarial networks for ...", arXiv 2010.05646.

    ptarmigan train sound.hifigan --data recordings.zip
    ptarmigan translate runs/hifigan speech.wav

A vocoder, which makes sound of log-mel frames by transposed convolutions. After each, blocks of several
widths and dilations are added up, so that patterns of many lengths are seen at once. Discriminators D_k look
at a wave folded at five periods, and at three rates; losses are least squares, the distances of the features
of their layers, and of log-mel frames (equations 1 to 6):

    L_D = Σ_k E[(D_k(x) − 1)²] + E[D_k(x̂)²]
    L_G = Σ_k E[(D_k(x̂) − 1)²] + λ_fm Σ_k,l ‖D_k^l(x) − D_k^l(x̂)‖₁ + λ_mel ‖mel(x) − mel(x̂)‖₁

with λ_fm = 2, λ_mel = 45, AdamW at 2e-4 with betas of 0.8 and 0.99, whose rate falls by a thousandth an
epoch, and segments of 8,192 samples at 22 kHz in batches of 16. Published: V1 ``--version 1 --width 512`` and
V3 ``--width 256``, both with ``--discriminator-width 32``; V1's 2.5 million steps are two weeks of two GPUs.
The defaults are a small V3, for a CPU. Strides follow the rate: their product is the hop, and kernels are
twice as wide. Frames of the input end at 8 kHz, those of the loss are of the full band.
Cost and score: benchmarks/results/sound.json
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.losses import Loss, least_squares
from ptarmigan.core.optim import adamw
from ptarmigan.modalities.sound.mel_space import MelSpace
from ptarmigan.modalities.sound.source import Mel, Sounds
from ptarmigan.nets.waves import (
    PERIODS,
    SLOPE,
    PeriodDiscriminator,
    ScaleDiscriminator,
    Together,
    strides,
    upsampling,
    weight_norm,
)
from ptarmigan.tasks.translate.vocoder import Vocoder, frames_of, mel_distance
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

STAGES = {1: 4, 3: 3}
"""Transposed convolutions of each version."""
BLOCKS = {
    1: ((3, ((1, 1), (3, 1), (5, 1))), (7, ((1, 1), (3, 1), (5, 1))), (11, ((1, 1), (3, 1), (5, 1)))),
    3: ((3, ((1,), (2,))), (5, ((2,), (6,))), (7, ((3,), (12,)))),
}
"""Kernels of the blocks after each, and dilations of the convolutions of every sum in them."""
SCALES = 3
HIGHEST = 8_000.0
"""Hertz that the frames of the input reach."""
FALL = 0.999
"""Of the learning rate, an epoch."""
SPREAD = 0.01
"""The standard deviation of the generator's first weights."""
LOSS = Loss(
    lambda real, fake: 2 * least_squares.discriminator(real, fake),
    lambda fake, real: 2 * least_squares.generator(fake, real),
)
"""Without the ½ that stands in the least squares of others."""


class ResidualBlock(nn.Module):
    """Dilated convolutions with leaky ReLU, each few added to their input.

    Args:
        width: channels.
        kernel: of all.
        dilations: of those that are added together, for each sum.
    """

    def __init__(self, width: int, kernel: int, dilations: tuple[tuple[int, ...], ...]) -> None:
        super().__init__()
        self.sums = nn.ModuleList(
            nn.ModuleList(
                nn.Conv1d(width, width, kernel, dilation=d, padding=d * (kernel - 1) // 2) for d in each
            )
            for each in dilations
        )

    def forward(self, x: Float[Tensor, "batch channel length"]) -> Float[Tensor, "batch channel length"]:
        """The same shape."""
        for each in self.sums:
            added = x
            for layer in each.children():
                added = layer(F.leaky_relu(added, SLOPE))
            x = x + added
        return x


class HiFiGANGenerator(nn.Module):
    """Log-mel frames to sound.

    Args:
        space: of the frames.
        width: channels before the first transposed convolution; halved at each.
        version: 1, or the small 3.
    """

    def __init__(self, space: MelSpace, width: int, version: int) -> None:
        super().__init__()
        self.input = nn.Conv1d(space.count, width, 7, padding=3)
        stages = []
        for stride in strides(space.hop, STAGES[version]):
            up = upsampling(width, stride)
            width //= 2
            blocks = [ResidualBlock(width, kernel, dilations) for kernel, dilations in BLOCKS[version]]
            stages.append(nn.ModuleList([up, nn.ModuleList(blocks)]))
        self.stages = nn.ModuleList(stages)
        self.output = nn.Conv1d(width, 1, 7, padding=3)
        for layer in self.stages.modules():
            if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
                nn.init.normal_(layer.weight, std=SPREAD)
        weight_norm(self)

    def forward(self, mel: Float[Tensor, "batch band frame"]) -> Float[Tensor, "batch 1 length"]:
        """As many samples as frames times the hop."""
        x = self.input(mel)
        for up, blocks in (stage.children() for stage in self.stages):
            x = up(F.leaky_relu(x, SLOPE))
            x = torch.stack([block(x) for block in blocks.children()]).mean(0)
        return torch.tanh(self.output(F.leaky_relu(x)))


@configurable
def recipe(
    data: Sounds = Sounds(),
    *,
    segment: int = 8_192,
    version: Literal[1, 3] = 3,
    width: int = 64,
    discriminator_width: int = 4,
    features: float = 2.0,
    weight: float = 45.0,
    lr: float = 2e-4,
    training: Training = Training(batch=16, half_life=50_000.0),
) -> Run:
    """A HiFi-GAN.

    Args:
        version: 1, of four stages and larger blocks, or the small 3.
        width: channels of the generator before its first stage.
        features: λ_fm, of the distances of the discriminators' layers.
        weight: λ_mel, of the distance of log-mel frames.
    """
    samples = training.open(data, segment=segment, mel=Mel(high=HIGHEST))
    given = frames_of(samples)
    generator = HiFiGANGenerator(given, width, version)
    each: list[nn.Module] = [PeriodDiscriminator(period, discriminator_width) for period in PERIODS]
    each += [ScaleDiscriminator(i, discriminator_width, spectral=i == 0) for i in range(SCALES)]
    game = Vocoder(
        generator,
        Together(each, [1.0] * len(each)),
        mel_distance(replace(given.front, high=0.0), weight),
        loss=LOSS,
        features=lambda distances: features * distances.sum(),
    )
    epochs = training.steps * training.batch / max(1, len(samples))
    optimizers = {
        "discriminator": adamw(game.discriminator, lr, (0.8, 0.99)),
        "generator": adamw(generator, lr, (0.8, 0.99)),
    }
    return training.run(game, samples, optimizers, rate=lambda progress: FALL ** (epochs * progress))


small = dict(segment=1_024, width=16, discriminator_width=1, steps=4, batch=4)
