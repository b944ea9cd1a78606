"""DVD-GAN-FP: Clark et al. 2019, "Adversarial video generation on complex datasets", arXiv 1907.06571.

    ptarmigan train video.next --data shapes --length 8

Frames a are given, and those that follow are made. The former are encoded, down to a quarter of their sides;
a convolutional GRU (Ballas et al. 2016, arXiv 1511.06432) goes on from there, driven by noise, a state a
frame, and frames are decoded from its states beside what was encoded,

    h_t = ConvGRU(z, h_{t−1}),    x(t) = D(h_t, E(a)).

Two discriminators (section 3.1): a spatial one sees one frame in full, a temporal one all frames, those given
too, of half the sides. The loss is the hinge,

    L_D = E[max(0, 1 − D(x, a))] + E[max(0, 1 + D(G(a, z), a))],
    L_G = −E[D(G(a, z), a)] + λ E[|x − G(a, z)|],

with a distance of pixels as in Mathieu et al. 2016 (arXiv 1511.05440), which DVD-GAN has not: it teaches what
stands still from few clips and steps. Published, networks are residual, with class-conditional batch norm and
spectral norm, and took many TPUs; here they are small, with R1 at every eighth step (Mescheder
et al. 2018, arXiv 1801.04406).
Cost and score: benchmarks/results/video.json
"""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn, between, every
from ptarmigan.core.losses import hinge
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import R1, PenaltyInputs
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.video.nets import VideoDiscriminator, chosen_frames
from ptarmigan.modalities.video.source import Videos
from ptarmigan.modalities.video.space import VideoSpace
from ptarmigan.nets.dcgan import DCGANDiscriminator
from ptarmigan.nets.layers import initialise
from ptarmigan.tasks.translate.translation import Translation, both
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class ConvGRU(nn.Module):
    """A GRU whose states are maps: Ballas et al. 2016, arXiv 1511.06432, equations 3 to 6."""

    def __init__(self, inputs: int, states: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(inputs + states, 2 * states, 3, padding=1)
        self.new = nn.Conv2d(inputs + states, states, 3, padding=1)

    def forward(
        self, x: Float[Tensor, "batch input height width"], h: Float[Tensor, "batch state height width"]
    ) -> Float[Tensor, "batch state height width"]:
        """The next state."""
        update, reset = torch.sigmoid(self.gates(torch.cat([x, h], 1))).chunk(2, 1)
        new = torch.tanh(self.new(torch.cat([x, reset * h], 1)))
        following: Tensor = (1 - update) * h + update * new
        return following


class NextFrames(nn.Module):
    """An encoder of the frames given, a ConvGRU of those that follow, and a decoder of each.

    Args:
        given: the space of frames before.
        space: that of those to be made.
        width: channels at full size; four times as many at a quarter of the sides.
        latent: the size of z, which is the same at all places.
    """

    def __init__(self, given: VideoSpace, space: VideoSpace, width: int, latent: int) -> None:
        super().__init__()
        self.frames, self.latent, channels = space.frames_each, latent, space.channels
        self.full = nn.Conv2d(channels * given.frames_each, width, 3, padding=1)
        self.middle = nn.Conv2d(width, 2 * width, 4, 2, 1)
        self.quarter = nn.Conv2d(2 * width, 4 * width, 4, 2, 1)
        self.cell = ConvGRU(latent, 4 * width)
        self.up = nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1)
        self.again = nn.ConvTranspose2d(4 * width, width, 4, 2, 1)
        self.last = nn.Conv2d(2 * width, channels, 3, padding=1)
        initialise(self, partial(nn.init.kaiming_normal_, a=0.2))
        initialise(self.last, partial(nn.init.normal_, std=0.02))

    def forward(
        self, a: Float[Tensor, "batch channel given height width"], z: Float[Tensor, "batch latent"]
    ) -> Float[Tensor, "batch channel frame height width"]:
        """The frames that follow, in [-1, 1]."""
        x = a.transpose(1, 2).flatten(1, 2)
        height, width = x.shape[2:]
        x = F.pad(x, (0, -width % 4, 0, -height % 4), mode="replicate")
        full = F.leaky_relu(self.full(x), 0.2)
        half = F.leaky_relu(self.middle(full), 0.2)
        h = torch.tanh(self.quarter(half))
        noisy = z[:, :, None, None].expand(-1, -1, *h.shape[2:])
        frames = []
        for _ in range(self.frames):
            h = self.cell(noisy, h)
            y = F.leaky_relu(self.up(h), 0.2)
            y = F.leaky_relu(self.again(torch.cat([y, half], 1)), 0.2)
            frames.append(torch.tanh(self.last(torch.cat([y, full], 1)))[:, :, :height, :width])
        return torch.stack(frames, 2)


class SpatialTemporal(nn.Module):
    """D_S of single frames, and D_T of all frames, also those given, at half the sides."""

    def __init__(self, given: VideoSpace, space: VideoSpace, width: int) -> None:
        super().__init__()
        channels, length = space.channels, given.frames_each + space.frames_each
        smaller = max(8, space.height // 2), max(8, space.width // 2)
        self.smaller = smaller
        self.spatial = DCGANDiscriminator((channels, space.height, space.width), width, norm=nn.Identity)
        initialise(self.spatial, partial(nn.init.kaiming_normal_, a=0.2))
        self.temporal = VideoDiscriminator((channels, length, *smaller), width)

    def forward(
        self,
        whole: Float[Tensor, "batch channel all height width"],
        frame: Float[Tensor, "batch channel height width"],
    ) -> Float[Tensor, "batch 2"]:
        """Both scores, of clips that begin with the frames given, and of one of the frames that do not."""
        small = F.adaptive_avg_pool3d(whole, (whole.shape[2], *self.smaller))
        return torch.stack([self.spatial(frame), self.temporal(small)], 1)


class Next(Translation):
    """A generator of the next frames against a spatial and a temporal discriminator.

    Args:
        generator: G.
        discriminator: D_S and D_T.
        weight: λ, of the distance of pixels.
        gamma: γ, of R1.
        lazy: that is added at every n-th step.
    """

    generator: NextFrames

    def __init__(
        self, generator: NextFrames, discriminator: SpatialTemporal, *, weight: float, gamma: float, lazy: int
    ) -> None:
        super().__init__()
        self.generator, self.discriminator, self.latent = generator, discriminator, generator.latent
        self.weight, self.gamma, self.lazy = weight, gamma, lazy

    def turns(self) -> tuple[Turn, ...]:
        """The discriminators, now and then with the penalty, then the generator."""
        who = ("discriminator",)
        return (
            Turn(who, self.discriminator_loss, when=between(self.lazy)),
            Turn(who, self.penalised_loss, when=every(self.lazy)),
            Turn(("generator",), self.generator_loss),
        )

    def made(self, batch: Batch) -> Tensor:
        """G(a, z)."""
        x, a = both(batch)
        return self.translate(a, noise.normal(len(x), self.latent))

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """G(a, z)."""
        return torch.as_tensor(self.generator(a, z))

    def scores(self, x: Tensor, a: Tensor, u: Tensor) -> Tensor:
        """The scores of frames after those given; ``u`` chooses the single frames."""
        return torch.as_tensor(self.discriminator(torch.cat([a, x], 2), chosen_frames(x, u)))

    def discriminator_loss(self, batch: Batch) -> Terms:
        """The hinge of real and of generated frames."""
        x, a = both(batch)
        u = noise.uniform(len(x))
        return {
            "discriminator": hinge.discriminator(self.scores(x, a, u), self.scores(self.made(batch), a, u))
        }

    def penalised_loss(self, batch: Batch) -> Terms:
        """The same, and R1 at real frames."""
        x, a = both(batch)
        u, made = noise.uniform(len(x)), self.made(batch)
        real, fake = self.scores(x, a, u), self.scores(made, a, u)
        inputs = PenaltyInputs(lambda y: self.scores(y, a, u), x, made, real, fake, self.progress)
        return {
            "discriminator": hinge.discriminator(real, fake),
            "r1": self.lazy * R1(self.gamma)(inputs),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[D(G(a, z), a)] + λ E[|x − G(a, z)|]."""
        x, a = both(batch)
        made = self.made(batch)
        scores = self.scores(made, a, noise.uniform(len(x)))
        return {"generator": hinge.generator(scores, None), "pixels": self.weight * F.l1_loss(made, x)}

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The mean of both scores of frames after those given."""
        return None if c is None else self.scores(x, c, torch.zeros(len(x))).mean(1)


@configurable
def recipe(
    data: Videos = Videos(length=8),
    *,
    given: int = 4,
    width: int = 8,
    latent: int = 8,
    lr: float = 5e-4,
    gamma: float = 1.0,
    lazy: int = 8,
    weight: float = 10.0,
    training: Training = Training(batch=16, half_life=20_000.0),
) -> Run:
    """A generator of the frames that follow.

    Args:
        given: K, frames that are given; as many as ``length`` are made.
        gamma: γ, of the penalty R1.
        weight: λ, of the distance of pixels.

    Raises:
        ValueError: no frame is given.
    """
    if given < 1:
        raise ValueError(f"--given {given}: at least one frame is given")
    samples = training.open(data, given=given)
    before = samples.require_inputs()
    assert isinstance(before, VideoSpace)
    game = Next(
        NextFrames(before, samples.space, width, latent),
        SpatialTemporal(before, samples.space, width),
        weight=weight,
        gamma=gamma,
        lazy=lazy,
    )
    return training.run(game, samples, adams(game, lr, (0.0, 0.99)), rate=cosine(1.0, 0.1))


small = dict(size="8", length=4, given=2, width=2, latent=2, lazy=2, steps=4, batch=4)
