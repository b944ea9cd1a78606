"""MelGAN: Kumar et al. 2019, "MelGAN: Generative adversarial networks for ...", arXiv 1910.06711.

    ptarmigan train sound.melgan --data recordings.zip
    ptarmigan translate runs/melgan speech.wav

A vocoder, which makes sound of log-mel frames by transposed convolutions alone; after each, three dilated
blocks let a sample see many others. There is no distance of waves or spectra: three discriminators D_k, of a
wave and of the same at a half and at a quarter of its rate, and the distance of the maps of their layers, are
all that there is to learn from (equations 1 to 4):

    L_D = Σ_k E[max(0, 1 − D_k(x))] + E[max(0, 1 + D_k(x̂))]
    L_G = Σ_k −E[D_k(x̂)] + λ/3 Σ_k 4/5 Σ_l ‖D_k^l(x) − D_k^l(x̂)‖₁

with λ = 10, Adam at 1e-4 with betas of 0.5 and 0.9, weight norm, and segments of 8,192 samples at 22 kHz in
batches of 16. Published: ``--width 512 --discriminator-width 16``; the defaults are small, for a CPU. Strides
follow the rate: their product is the hop, as published 8, 8, 2 and 2.
Cost and score: benchmarks/results/sound.json
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.losses import hinge
from ptarmigan.core.optim import adams
from ptarmigan.modalities.sound.mel_space import MelSpace
from ptarmigan.modalities.sound.source import Mel, Sounds
from ptarmigan.nets.sides import mirror
from ptarmigan.nets.waves import Judged, Together, strides, upsampling, weight_norm
from ptarmigan.tasks.translate.vocoder import Vocoder, frames_of
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

STAGES = 4
"""Transposed convolutions, and strided ones of a discriminator."""
DILATIONS = (1, 3, 9)
"""Of the blocks after each."""
SCALES = 3
LEAK = 0.2
MOST = 64
"""Times the channels of a discriminator's first layer that the others have, at most."""

Places = Float[Tensor, "batch channel length"]
Others = Float[Tensor, "batch output longer"]


class Padded(nn.Module):
    """A convolution of a wave that is reflected at both ends."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int = 1) -> None:
        super().__init__()
        self.around = dilation * (kernel - 1) // 2
        self.layer = nn.Conv1d(inputs, outputs, kernel, dilation=dilation)

    def forward(self, x: Places) -> Others:
        """The same length."""
        return torch.as_tensor(self.layer(mirror(x[:, :, None], 3, self.around, self.around)[:, :, 0]))


class Dilated(nn.Module):
    """A dilated convolution and one of single samples, added to the input, which has one of its own."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.wide = Padded(width, width, 3, dilation)
        self.narrow, self.input = nn.Conv1d(width, width, 1), nn.Conv1d(width, width, 1)

    def forward(self, x: Places) -> Places:
        """The same shape."""
        added = self.narrow(F.leaky_relu(self.wide(F.leaky_relu(x, LEAK)), LEAK))
        return torch.add(self.input(x), added)


class MelGANGenerator(nn.Module):
    """Log-mel frames to sound.

    Args:
        space: of the log-mel frames.
        width: channels at the rate of frames, halved with every stride.
    """

    def __init__(self, space: MelSpace, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [Padded(space.count, width, 7)]
        for stride in strides(space.hop, STAGES):
            layers += [nn.LeakyReLU(LEAK), upsampling(width, stride)]
            width //= 2
            layers += (Dilated(width, dilation) for dilation in DILATIONS)
        self.layers = weight_norm(nn.Sequential(*layers, nn.LeakyReLU(LEAK), Padded(width, 1, 7), nn.Tanh()))

    def forward(self, mel: Places) -> Others:
        """A hop of samples for every frame."""
        return torch.as_tensor(self.layers(mel))


class MelGANDiscriminator(nn.Module):
    """Grouped convolutions of a wave, each of which sees a quarter as many places.

    Args:
        halvings: how often the rate is halved before.
        width: that of the first layer.
    """

    def __init__(self, halvings: int, width: int) -> None:
        super().__init__()
        self.halvings = halvings
        self.pool = nn.AvgPool1d(4, 2, 1, count_include_pad=False)
        layers: list[nn.Module] = [Padded(1, width, 15)]
        sizes = [width * min(4**i, MOST) for i in range(STAGES + 1)]
        for before, after in pairwise(sizes):
            groups = max(1, before // 4)
            layers.append(nn.Conv1d(before, after, 41, 4, 20, groups=groups))
        layers.append(nn.Conv1d(sizes[-1], width * MOST, 5, padding=2))
        self.layers, self.head = nn.ModuleList(layers), nn.Conv1d(width * MOST, 1, 3, padding=1)
        weight_norm(self)

    def forward(self, x: Places) -> Judged:
        """Scores at every place."""
        for _ in range(self.halvings):
            x = self.pool(x)
        maps = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), LEAK)
            maps.append(x)
        return Judged(self.head(x).flatten(1), maps)


@configurable
def recipe(
    data: Sounds = Sounds(),
    *,
    segment: int = 8_192,
    width: int = 128,
    discriminator_width: int = 4,
    features: float = 10.0,
    lr: float = 1e-4,
    training: Training = Training(batch=16, half_life=50_000.0),
) -> Run:
    """A MelGAN.

    Args:
        features: λ, of the distances of the discriminators' layers.
    """
    samples = training.open(data, segment=segment, mel=Mel())
    game = Vocoder(
        MelGANGenerator(frames_of(samples), width),
        Together([MelGANDiscriminator(i, discriminator_width) for i in range(SCALES)], [1.0] * SCALES),
        lambda made, x: {},
        loss=hinge,
        features=lambda distances: features / SCALES * 4 / (STAGES + 1) * distances.sum(),
    )
    return training.run(game, samples, adams(game, lr, (0.5, 0.9)))


small = dict(segment=1_024, width=16, discriminator_width=1, steps=4, batch=2)
