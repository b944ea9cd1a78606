"""SEGAN: Pascual, Bonafonte and Serrà 2017, "SEGAN: Speech enhancement generative ...", arXiv 1703.09452.

    ptarmigan train sound.segan --data recordings.zip
    ptarmigan translate runs/segan noisy.wav

Noise is taken out of a sound. G makes a clean wave of a noisy one a, and D tells pairs of a noisy and its
clean wave from pairs of a noisy and an enhanced one; besides, the enhanced wave is to be near the clean one
(equations 3 and 5):

    L_D = ½ E[(D(x, a) − 1)²] + ½ E[D(G(a, z), a)²],    L_G = ½ E[(D(G(a, z), a) − 1)²] + λ ‖G(a, z) − x‖₁

with λ = 100, on waves whose high frequencies are raised (x[n] − 0.95 x[n−1]). Published (``--network wave
--width 16 --discriminator-width 16 --length 16384 --batch 400 --lr 2e-4``), G is a U-Net of the wave: eleven
convolutions of 31 samples halve the length down to 8, z stands beside what is left, and transposed ones
double it again; RMSprop. D is its first half, with virtual batch norm. Transposed kernels are 32 wide here, a
multiple of their stride, so that they do not whistle. How often a length is halved, and so channels, follow
from it.

By default G is a ``mask``: a network over the frames of a short-time Fourier transform (ConvNeXt blocks, as
in ``sound.vocos``) says how much of every bin is kept, waves are as they are, the optimizer is Adam, and its
rate falls along a cosine. ``--adversarial 0`` leaves D out.
Cost and score: benchmarks/results/sound.json
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.losses import least_squares
from ptarmigan.core.optim import adam, rmsprop
from ptarmigan.core.schedule import cosine
from ptarmigan.data.blank import Blank
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.sound.audible import window_for
from ptarmigan.modalities.sound.mel import magnitude, overlapped, spectrum
from ptarmigan.modalities.sound.noisy import NoisySounds
from ptarmigan.nets.virtual import VirtualBatchNorm
from ptarmigan.nets.waves import FrameNetwork
from ptarmigan.tasks.translate.translation import Translation, both
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

EMPHASIS, MEMORY = 0.95, 256
"""The share of the last sample that is taken off each, and how many samples its inverse remembers."""
KERNEL, LEAST = 31, 8
"""Samples of a convolution, and how many are left in the middle of the U-Net, at least."""
LEAK = 0.3
QUIET = 1e-3
"""Added to magnitudes before their logarithm: some 90 dB below the loudest there can be."""
REFERENCE = 8
"""Pairs by whose statistics D is normalised."""

Waves = Float[Tensor, "batch channel length"]


class SEGAN(Translation):
    """A generator ``a, z -> x`` and a discriminator of pairs ``(x, a)``.

    Args:
        generator: G; has ``latent``, and ``seen``: what D and the distance look at of waves.
        discriminator: D; None leaves the adversary out.
        weight: λ.
        adversarial: the weight of the adversarial loss; 0 without D.
    """

    def __init__(
        self,
        generator: WaveGenerator | MaskGenerator,
        discriminator: nn.Module | None,
        weight: float,
        adversarial: float,
    ) -> None:
        super().__init__()
        self.generator, self.latent, self.seen = generator, generator.latent, generator.seen
        self.discriminator = discriminator or nn.Identity()
        self.weight, self.adversarial = weight, adversarial if discriminator is not None else 0.0

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator, where there is one, then the generator."""
        own = Turn(("generator",), self.generator_loss)
        return (Turn(("discriminator",), self.discriminator_loss), own) if self.adversarial else (own,)

    def discriminator_loss(self, batch: Batch) -> Terms:
        """L_D."""
        x, a = both(batch)
        real, fake = self.scores(torch.cat([x, self.made(a)]), torch.cat([a, a])).chunk(2)
        return {"discriminator": least_squares.discriminator(real, fake)}

    def generator_loss(self, batch: Batch) -> Terms:
        """L_G."""
        x, a = both(batch)
        made = self.made(a)
        terms = {"distance": self.weight * F.l1_loss(self.seen(made), self.seen(x))}
        if not self.adversarial:
            return terms
        return {"generator": self.adversarial * least_squares.generator(self.scores(made, a), None)} | terms

    def made(self, a: Tensor) -> Tensor:
        """G(a, z)."""
        return self.translate(a, noise.normal(len(a), self.latent).to(a))

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """Enhanced waves of any length."""
        return torch.as_tensor(self.generator(a, z))

    def scores(self, x: Tensor, a: Tensor) -> Tensor:
        """D(x, a)."""
        return torch.as_tensor(self.discriminator(self.seen(torch.cat([x, a], 1))))

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The scores of pairs; None without an adversary."""
        return self.scores(x, c) if self.adversarial and c is not None else None


def emphasised(x: Waves) -> Waves:
    """Waves less 0.95 of themselves a sample before."""
    return x - EMPHASIS * F.pad(x, (1, 0))[..., :-1]


def plain(x: Waves) -> Waves:
    """Waves as they are."""
    return x


def deemphasised(x: Waves) -> Waves:
    """The inverse, but for what is two millionths after 256 samples."""
    taps = EMPHASIS ** torch.arange(MEMORY - 1, -1, -1, dtype=x.dtype, device=x.device)
    return F.conv1d(F.pad(x, (MEMORY - 1, 0)), taps[None, None])


def channels(length: int, width: int) -> list[int]:
    """Of each layer that halves a length, down to 8 or a little more: 16, 32, 32, 64, … 512, 1,024 of 16,384.

    Raises:
        ValueError: the length cannot be halved.
    """
    stages = (length // LEAST).bit_length() - 1
    if stages < 1:
        raise ValueError(f"clips of {length} samples are too short: --length {2 * LEAST} or more")
    found = [width << (stage + 1) // 2 for stage in range(stages)]
    return [*found[:-1], width << (stages + 1) // 2]


class WaveGenerator(nn.Module):
    """A U-Net of the wave.

    Args:
        length: samples of a clip in training.
        width: of the first layer, in channels.

    Attributes:
        latent: the size of z, which is as large as what it stands beside.
    """

    seen = staticmethod(emphasised)

    def __init__(self, length: int, width: int) -> None:
        super().__init__()
        sizes = [1, *channels(length, width)]
        self.places = -(-length // 2 ** (len(sizes) - 1))
        self.latent = sizes[-1] * self.places
        self.down = nn.ModuleList(nn.Conv1d(a, b, KERNEL, 2, KERNEL // 2) for a, b in pairwise(sizes))
        self.up = nn.ModuleList(
            nn.ConvTranspose1d(2 * b, a, KERNEL + 1, 2, KERNEL // 2) for b, a in pairwise(sizes[::-1])
        )
        self.after_down = nn.ModuleList(nn.PReLU(b) for b in sizes[1:])
        self.after_up = nn.ModuleList(nn.PReLU(a) for a in sizes[-2:0:-1])

    def forward(self, a: Waves, z: Float[Tensor, "batch latent"]) -> Waves:
        """Waves as long as ``a``."""
        x = F.pad(emphasised(a), (0, -a.shape[2] % 2 ** len(self.down)))
        passed = []
        for layer, bend in zip(self.down, self.after_down, strict=True):
            x = bend(layer(x))
            passed.append(x)
        *_, last = passed
        beside = z.unflatten(1, (last.shape[1], self.places))
        # a longer wave has the same latent again and again
        passed[-1] = beside.repeat(1, 1, -(-last.shape[2] // self.places))[..., : last.shape[2]]
        for i, layer in enumerate(self.up):
            x = layer(torch.cat([x, passed[-1 - i]], 1))
            x = self.after_up[i](x) if i < len(self.after_up) else torch.tanh(x)
        return deemphasised(x)[..., : a.shape[2]]


class MaskGenerator(nn.Module):
    """What is kept of every bin of a short-time Fourier transform, from nothing to all.

    Args:
        rate: samples a second, which the window follows.
        width: channels.
        blocks: how many.
    """

    latent = 0
    seen = staticmethod(plain)

    def __init__(self, rate: int, width: int, blocks: int) -> None:
        super().__init__()
        self.window = window_for(rate)
        self.hop, bins = self.window // 4, self.window // 2 + 1
        self.network = FrameNetwork(bins, width, blocks, bins)

    def forward(self, a: Waves, z: Float[Tensor, "batch latent"]) -> Waves:
        """Waves as long as ``a``."""
        around = self.window - self.hop
        x = F.pad(a[:, 0], (around, around + -a.shape[2] % self.hop))
        seen = (magnitude(x, self.window, self.hop) + QUIET).log()
        mask = torch.sigmoid(self.network(seen))
        kept = overlapped(spectrum(x, self.window, self.hop) * mask, self.window, self.hop)
        return kept[:, None, around : around + a.shape[2]]


class PairDiscriminator(nn.Module):
    """The first half of the U-Net, of a wave and the noisy one, and a score; with virtual batch norm.

    Args:
        reference: encoded pairs ``(8, 2, length)``, by whose statistics all are normalised.
        width: its own, in channels of the first layer.
    """

    reference: Tensor

    def __init__(self, reference: Tensor, width: int) -> None:
        super().__init__()
        sizes = [2, *channels(reference.shape[2], width)]
        self.layers = nn.ModuleList(nn.Conv1d(a, b, KERNEL, 2, KERNEL // 2) for a, b in pairwise(sizes))
        self.norms = nn.ModuleList(VirtualBatchNorm(b, len(reference)) for b in sizes[1:])
        self.places = nn.Conv1d(sizes[-1], 1, 1)
        self.head = nn.Linear(-(-reference.shape[2] // 2 ** len(self.layers)), 1)
        self.register_buffer("reference", reference)

    def forward(self, pairs: Waves) -> Float[Tensor, "batch"]:
        """Scores."""
        x = torch.cat([self.reference.to(pairs), pairs])
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = F.leaky_relu(norm(layer(x)), LEAK)
        return torch.as_tensor(self.head(self.places(x)[:, 0]))[len(self.reference) :, 0]


def reference(samples: Samples, seen: Callable[[Tensor], Tensor]) -> Tensor:
    """Pairs of real clean and noisy waves as D sees them: the first of the data; zeros where none are."""
    given, space = samples.require_condition(), samples.space
    if isinstance(samples.source, Blank):
        return torch.zeros(REFERENCE, 2, space.shape[1])
    rows = np.arange(REFERENCE) % len(samples)
    x, a = space.encode(samples.source.read(rows)), given.space.encode(given.source.read(rows))
    return seen(torch.cat([x, a], 1).to(torch.get_default_dtype()))


@configurable
def recipe(
    data: NoisySounds = NoisySounds(),
    *,
    network: Literal["mask", "wave"] = "mask",
    width: int = 128,
    blocks: int = 4,
    discriminator_width: int = 4,
    weight: float = 100.0,
    adversarial: float = 1.0,
    lr: float = 1e-3,
    training: Training = Training(batch=8, half_life=10_000.0),
) -> Run:
    """A SEGAN.

    Args:
        network: a mask of the spectrum, or the published U-Net of the wave.
        width: channels of the mask's network, or of the U-Net's first layer, 16 as published.
        blocks: of the mask's network.
        weight: λ, of the distance to the clean wave.
        adversarial: the weight of the adversarial loss; 0 leaves the adversary out.
    """
    samples = training.open(data)
    space = samples.space
    wave = network == "wave"
    generator = WaveGenerator(space.length, width) if wave else MaskGenerator(space.rate, width, blocks)
    discriminator = None
    if adversarial:
        discriminator = PairDiscriminator(reference(samples, generator.seen), discriminator_width)
    game = SEGAN(generator, discriminator, weight, adversarial)
    players = {"generator": generator} | ({"discriminator": discriminator} if discriminator else {})
    optimizers = {name: rmsprop(each, lr) if wave else adam(each, lr) for name, each in players.items()}
    return training.run(game, samples, optimizers, rate=1.0 if wave else cosine(1.0, 0.0))


small = dict(length=512, network="wave", width=2, discriminator_width=1, steps=4, batch=4)
