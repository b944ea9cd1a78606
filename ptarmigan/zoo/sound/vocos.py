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

    L_D = 1/K Σ_k E[max(0, 1 − D_k(x))] + E[max(0, 1 + D_k(x̂))]
    L_G = 1/K Σ_k E[max(0, 1 − D_k(x̂))] + 1/KL Σ_k,l ‖D_k^l(x) − D_k^l(x̂)‖₁ + λ ‖mel(x) − mel(x̂)‖₁

with λ = 45, the D of resolutions weighted by 0.1, AdamW at 2e-4 with betas of 0.9 and 0.999, along a cosine,
and segments of 16,384 samples at 24 kHz in batches of 16. Published: ``--width 512 --blocks 8
--discriminator-width 32 --segment 16384``; the defaults are small, for a CPU. Windows, hops and bands follow
the rate.
Cost and score: benchmarks/results/sound.json
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.optim import adamw
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.sound.mel import of_frames
from ptarmigan.modalities.sound.mel_space import MelSpace
from ptarmigan.modalities.sound.nets import periods_and_resolutions
from ptarmigan.modalities.sound.source import Mel, Sounds
from ptarmigan.nets.waves import Block
from ptarmigan.tasks.translate.vocoder import HINGES, Vocoder, frames_of, mel_distance
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

LOUDEST = 1e2
"""The largest magnitude of a bin: Vocos's."""


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
            return of_frames(spectrum, self.window, self.hop)


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
        blocks: of the generator, whose channels are the width.
        share: the weight of the discriminators of resolutions.
        weight: λ, of the distance of log-mel frames.
    """
    samples = training.open(data, segment=segment, mel=Mel())
    given = frames_of(samples)
    generator = VocosGenerator(given, width, blocks)
    discriminator = periods_and_resolutions(given.window, discriminator_width, share)
    near = mel_distance(given.front, weight)
    game = Vocoder(generator, discriminator, near, loss=HINGES, features=torch.mean)
    optimizers = {
        "discriminator": adamw(discriminator, lr, (0.9, 0.999)),
        "generator": adamw(generator, lr, (0.9, 0.999)),
    }
    return training.run(game, samples, optimizers, rate=cosine(1.0, 0.0))


small = dict(segment=1_024, width=8, blocks=1, discriminator_width=1, steps=4, batch=4)
