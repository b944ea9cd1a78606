"""WaveGAN: Donahue, McAuley and Puckette 2019, "Adversarial audio synthesis", arXiv 1802.04208.

    ptarmigan train sound.wavegan --data recordings.zip --conditional

DCGAN with its filters flattened: transposed convolutions over time, 25 samples wide with a stride of 4, from
16 samples to 16,384, a second at 16 kHz (table 3). A clip of another length begins with as many samples as
strides of 4 lead from to at least as many as it has, and is cut. Such filters draw lines at fixed phases of
their strides, by which D would know what is generated; so between its layers (table 4) D shuffles phases: it
moves its maps of every clip by −n to n samples, drawn anew for each layer, and fills up by reflection
(section 3.3, n = 2). The authors' code moves all clips of a batch alike; here each has a shift of its own, so
that the shards of a batch are the whole batch.

The loss is WGAN-GP's (Gulrajani et al. 2017, arXiv 1704.00028), at points x̂ between real and generated clips,

    L_D = E[D(x̃)] − E[D(x)] + λ E[(‖∇D(x̂)‖ − 1)²],    L_G = −E[D(x̃)],

with 5 steps of D for one of G, Adam with 1e-4 and betas of 0.5 and 0.9; published with a batch of 64, a width
of 64 and z uniform in [−1, 1] (``--width 64``, which is days of a GPU). ``--loss r1`` is the non-saturating
loss with a zero-centred penalty at every eighth step (Mescheder et al. 2018, arXiv 1801.04406), three times
as many steps a minute. A class is embedded next to z, and projected on in D (Miyato and Koyama 2018, arXiv
1802.05637).
Cost and score: benchmarks/results/sound.json
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import non_saturating, wasserstein
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import R1, GradientPenalty
from ptarmigan.modalities.sound.source import Sounds
from ptarmigan.nets.layers import Classes, ClassInput, Head, initialise
from ptarmigan.nets.players import Discriminator, Generator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

KERNEL, STRIDE = 25, 4
AROUND, AFTER = 11, 1
"""Zeros around a transposed convolution, and after it, so that it is four times as long."""
SHORTEST = 16
"""Samples at which G begins, or somewhat more."""


def lengths(length: int) -> list[int]:
    """Samples between the layers of G, from the shortest up; the last are as many as a clip has, or more."""
    stages = 1
    while length > SHORTEST * STRIDE**stages:
        stages += 1
    first = -(-length // STRIDE**stages)
    return [first * STRIDE**stage for stage in range(stages + 1)]


class WaveGANGenerator(Generator):
    """A linear layer, and transposed convolutions with ReLU (table 3).

    Args:
        latent: the size of ``z``.
        length: samples of a clip.
        width: channels before the last layer; twice as many before the one before it, and so on.
        classes: how many; 0 for no condition.
    """

    def __init__(self, latent: int, length: int, width: int, classes: int = 0) -> None:
        super().__init__()
        self.latent, self.length = latent, length
        between = lengths(length)
        channels = [width * 2**i for i in reversed(range(len(between) - 1))] + [1]
        self.input = ClassInput(latent, classes)
        layers: list[nn.Module] = [
            nn.Linear(self.input.size, channels[0] * between[0]),
            nn.Unflatten(1, (channels[0], between[0])),
        ]
        for before, after in pairwise(channels):
            layers += [nn.ReLU(), nn.ConvTranspose1d(before, after, KERNEL, STRIDE, AROUND, AFTER)]
        self.layers = nn.Sequential(*layers)

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch 1 length"]:
        """Clips in [-1, 1]."""
        return torch.tanh(self.layers(self.input(z, c))[:, :, : self.length])


class WaveGANDiscriminator(Discriminator):
    """Strided convolutions with leaky ReLU, and phases shuffled between them (table 4).

    Args:
        length: samples of a clip.
        width: channels after the first layer; doubled at each.
        classes: how many; 0 for no condition.
        shuffle: n, samples by which maps are moved at most; 0 for none.
    """

    def __init__(self, length: int, width: int, classes: int = 0, shuffle: int = 2) -> None:
        super().__init__()
        between = lengths(length)
        self.length, self.shuffle = between[-1], shuffle
        channels = [1] + [width * 2**i for i in range(len(between) - 1)]
        self.layers = nn.ModuleList(
            nn.Conv1d(before, after, KERNEL, STRIDE, AROUND) for before, after in pairwise(channels)
        )
        self.feature_size = channels[-1] * between[0]
        self.head = Head(self.feature_size, classes)

    def features(
        self, x: Float[Tensor, "batch 1 length"], c: Classes | None = None
    ) -> Float[Tensor, "batch feature"]:
        """The last layer, flattened; ``c`` is ignored."""
        x = F.pad(x, (0, self.length - x.shape[2]))
        for number, layer in enumerate(self.layers):
            x = F.leaky_relu(layer(F.pad(x, (0, 1))), 0.2)
            if self.shuffle and number + 1 < len(self.layers):
                x = shuffled(x, self.shuffle)
        return x.flatten(1)

    def forward(
        self, x: Float[Tensor, "batch 1 length"], c: Classes | None = None
    ) -> Float[Tensor, " batch"]:
        """Raw scores."""
        scores: Tensor = self.head(self.features(x), c)
        return scores


def shuffled(x: Float[Tensor, "batch channel length"], most: int) -> Float[Tensor, "batch channel length"]:
    """Maps, each clip's moved by −most to most samples, and filled up by reflection at the edge."""
    n, channels, length = x.shape
    shifts = (noise.uniform(n).to(x.device) * (2 * most + 1)).long() - most
    places = torch.arange(length, device=x.device) + shifts[:, None]
    last = length - 1
    places = last - (last - places.abs()).abs()
    return x.gather(2, places[:, None].expand(n, channels, length))


LOSSES = {
    "wgan_gp": (wasserstein, (0.5, 0.9)),
    "r1": (non_saturating, (0.0, 0.99)),
}
"""Losses, and the betas of Adam that go with them."""


@configurable
def recipe(
    data: Sounds = Sounds(),
    *,
    conditional: bool = False,
    loss: Literal["wgan_gp", "r1"] = "wgan_gp",
    width: int = 16,
    latent: int = 100,
    shuffle: int = 2,
    lr: float = 1e-4,
    weight: float = 10.0,
    critic_steps: int = 5,
    gamma: float = 1.0,
    lazy: int = 8,
    training: Training = Training(batch=32, half_life=50_000.0),
) -> Run:
    """A WaveGAN.

    Args:
        loss: WGAN-GP's, as published, or the non-saturating one with R1.
        width: channels of the layers next to the waveform, d in the paper; doubled at each stride.
        shuffle: n, of the phase shuffle; 0 for none.
        gamma: γ, of the penalty R1.
        lazy: that penalty is added at every n-th step.
    """
    samples = training.open(data)
    length, classes = samples.shape[1], samples.require_classes() if conditional else 0
    generator = WaveGANGenerator(latent, length, width, classes)
    discriminator = WaveGANDiscriminator(length, width, classes, shuffle)
    for network in (generator, discriminator):
        initialise(network, partial(nn.init.kaiming_normal_, a=0.2))
    function, betas = LOSSES[loss]
    if loss == "wgan_gp":
        penalties = (GradientPenalty(weight),)
        game = GAN(generator, discriminator, loss=function, penalties=penalties, steps=critic_steps)
    else:
        game = GAN(generator, discriminator, loss=function, penalties=(R1(gamma),), lazy=lazy)
    return training.run(game, samples, adams(game, lr, betas))


small = dict(conditional=True, length=512, width=2, latent=8, critic_steps=2, steps=4, batch=8)
