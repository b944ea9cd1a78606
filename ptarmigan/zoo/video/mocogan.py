"""MoCoGAN: Tulyakov et al. 2018, "MoCoGAN: Decomposing motion and content", arXiv 1707.04993.

    ptarmigan train video.mocogan --data shapes

A clip is a path in the latents of pictures (section 3.1): its content z_C is the same in all frames, its
motion a sequence of states of a GRU that is driven by noise, and its category, where there are classes, tells
the GRU what to do,

    h_0 ~ N(0, I),    z_M(t) = GRU([e(t), c], z_M(t − 1)),    x(t) = G(z_C, c, z_M(t)),    e(t) ~ N(0, I).

One discriminator of pictures sees one frame of each clip, one of clips sees all frames (eq. 5); the latter
also tells the category of clips, which G makes easy (section 3.3):

    max_{G,R} min_{D_I,D_V}  F(D_I, D_V, G, R) + λ L_I(G, Q),    L_I = E[log Q(c | G(z))].

Published (``--loss published --width 64 --lr 2e-4``), of 16 frames of 64 × 64: batch norm in all networks,
Adam with betas .5 and .999 and a weight decay of 1e-5, z_C of 50 numbers, h and e of 10, λ = 1. By default
D_I and D_V have no norm, but zero-centred penalties at every eighth step (R1 and R2: Mescheder et al. 2018,
arXiv 1801.04406) and the standard deviation within a batch, and rates fall along a cosine, as in
``image.r1gan``. The category also learns from real clips, as in ACGAN. z is all that is random: content, h_0
and every e(t).
Cost and score: benchmarks/results/video.json
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn, between, every
from ptarmigan.core.gan import TwoPlayerGame
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adam, adamw
from ptarmigan.core.penalties import R1, R2, PenaltyInputs
from ptarmigan.core.precision import at_least_float32
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.video.nets import Shape, VideoDiscriminator, as_clips, chosen_frames
from ptarmigan.modalities.video.source import Videos
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.nets.layers import Classes, required
from ptarmigan.nets.players import Generator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

HIDDEN = 128
"""Units before the scores, where the deviation within a batch is seen."""


class MoCoGANGenerator(Generator):
    """A GRU of motion, and a DCGAN's generator of frames.

    Args:
        shape: channels, frames, height, width.
        content: the size of z_C.
        motion: the size of h and e.
        width: channels before the last layer.
        classes: categories; 0 for none.
    """

    def __init__(self, shape: Shape, content: int, motion: int, width: int, classes: int = 0) -> None:
        super().__init__()
        channels, self.frames, *sides = shape
        self.content, self.motion, self.classes = content, motion, classes
        self.latent = content + motion * (1 + self.frames)
        self.cell = nn.GRUCell(motion + classes, motion)
        self.pictures = DCGANGenerator(content + classes + motion, (channels, *sides), width)

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel frame height width"]:
        """Clips in [-1, 1]."""
        content, first, steps = z.split([self.content, self.motion, self.motion * self.frames], 1)
        category = F.one_hot(required(c), self.classes).to(z) if self.classes else z[:, :0]
        states = self.motions(first, steps.unflatten(1, (self.frames, -1)), category)
        still = torch.cat([content, category], 1)[:, None].expand(-1, self.frames, -1)
        return as_clips(self.pictures(torch.cat([still, states], 2).flatten(0, 1)), self.frames)

    def motions(
        self,
        state: Float[Tensor, "batch motion"],
        steps: Float[Tensor, "batch frame motion"],
        category: Float[Tensor, "batch class"],
    ) -> Float[Tensor, "batch frame motion"]:
        """z_M(t) for all t."""
        found = []
        for step in steps.unbind(1):
            state = self.cell(torch.cat([step, category], 1), state)
            found.append(state)
        return torch.stack(found, 1)


class Both(nn.Module):
    """D_I of frames, D_V of clips, and Q, the category of clips.

    Args:
        pictures: D_I.
        clips: D_V.
        classes: categories; 0 for none.
    """

    def __init__(self, pictures: DCGANDiscriminator, clips: VideoDiscriminator, classes: int) -> None:
        super().__init__()
        self.pictures, self.clips = pictures, clips
        self.category = nn.Linear(clips.feature_size, classes) if classes else None

    def forward(
        self, x: Float[Tensor, "batch channel frame height width"], u: Float[Tensor, " batch"]
    ) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"], Tensor | None]:
        """The score of the frame that ``u`` chooses, that of the clip, and logits of its category."""
        features = self.clips.features(x)
        logits = None if self.category is None else at_least_float32(self.category(features))
        return self.pictures(chosen_frames(x, u)), self.clips.head(features), logits


class MoCoGAN(TwoPlayerGame):
    """A generator of clips against a discriminator of their frames and one of all of them.

    Args:
        generator: of clips.
        discriminator: both of them.
        gamma: γ, of R1 and R2 of either; 0 for none.
        lazy: these are added at every n-th step.
        weight: λ, of the category.
    """

    discriminator: Both

    def __init__(
        self, generator: MoCoGANGenerator, discriminator: Both, *, gamma: float, lazy: int, weight: float
    ) -> None:
        super().__init__(generator, discriminator)
        self.gamma, self.lazy, self.weight = gamma, lazy if gamma else 1, weight

    def turns(self) -> tuple[Turn, ...]:
        """The discriminators, now and then with penalties, then the generator."""
        turns = [Turn(("generator",), self.generator_loss, reads=False)]
        if self.gamma:
            turns.insert(0, Turn(("discriminator",), self.penalised_loss, when=every(self.lazy)))
        if self.lazy > 1 or not self.gamma:
            when = between(self.lazy) if self.gamma else every(1)
            turns.insert(0, Turn(("discriminator",), self.discriminator_loss, when=when))
        return tuple(turns)

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−F, and the error of the category of real and of generated clips."""
        return self.scored(batch, self.fake(batch), noise.uniform(len(batch.x)))

    def scored(self, batch: Batch, fake: Tensor, u: Tensor) -> Terms:
        """What both discriminators and Q minimise, given generated clips and which frames are looked at."""
        real_picture, real_clip, real_logits = self.discriminator(batch.x, u)
        fake_picture, fake_clip, fake_logits = self.discriminator(fake, u)
        terms = {
            "pictures": non_saturating.discriminator(real_picture, fake_picture),
            "clips": non_saturating.discriminator(real_clip, fake_clip),
        }
        if real_logits is not None and fake_logits is not None:
            c = required(batch.c)
            terms["category"] = self.weight * (
                F.cross_entropy(real_logits, c) + F.cross_entropy(fake_logits, c)
            )
        return terms

    def penalised_loss(self, batch: Batch) -> Terms:
        """The same with the penalties of both discriminators."""
        fake, u = self.fake(batch), noise.uniform(len(batch.x))
        terms = self.scored(batch, fake, u)
        frames = chosen_frames(batch.x, u), chosen_frames(fake, u)
        for kind, network, real, made in (
            ("pictures", self.discriminator.pictures, *frames),
            ("clips", self.discriminator.clips, batch.x, fake),
        ):
            inputs = PenaltyInputs(network, real, made, real[:, 0], made[:, 0], self.progress)
            penalty = R1(self.gamma)(inputs) + R2(self.gamma)(inputs)
            terms[f"penalty_{kind}"] = self.lazy * penalty
        return terms

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[log D_I] − E[log D_V] − λ E[log Q(c | G(z))]."""
        picture, clip, logits = self.discriminator(self.fake(batch), noise.uniform(len(batch.x)))
        terms = {
            "generator_pictures": non_saturating.generator(picture, None),
            "generator_clips": non_saturating.generator(clip, None),
        }
        if logits is not None:
            terms["generator_category"] = self.weight * F.cross_entropy(logits, required(batch.c))
        return terms

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor | None:
        """The scores of clips by D_V."""
        return torch.as_tensor(self.discriminator.clips(x))


@configurable
def recipe(
    data: Videos = Videos(),
    *,
    conditional: bool = True,
    loss: Literal["r1", "published"] = "r1",
    width: int = 16,
    content: int = 50,
    motion: int = 10,
    lr: float = 1e-3,
    gamma: float = 1.0,
    lazy: int = 8,
    weight: float = 1.0,
    training: Training = Training(batch=16, half_life=20_000.0),
) -> Run:
    """A MoCoGAN.

    Args:
        conditional: categories are the classes, where there are such.
        loss: with penalties and a falling rate, or as published.
        content: the size of z_C.
        motion: the size of the GRU's state and of its noise.
        gamma: γ, of the penalties R1 and R2 of both discriminators.
        weight: λ, of the category.
    """
    samples = training.open(data)
    (channels, _, *sides), published = samples.shape, loss == "published"
    classes = len(samples.space.classes) if conditional else 0
    generator = MoCoGANGenerator(samples.shape, content, motion, width, classes)
    if published:
        pictures = DCGANDiscriminator((channels, *sides), width)
        clips = VideoDiscriminator(samples.shape, width, norm=nn.BatchNorm3d)
    else:
        pictures = DCGANDiscriminator((channels, *sides), width, norm=nn.Identity, hidden=HIDDEN)
        clips = VideoDiscriminator(samples.shape, width, hidden=HIDDEN)
    game = MoCoGAN(
        generator,
        Both(pictures, clips, classes),
        gamma=0.0 if published else gamma,
        lazy=lazy,
        weight=weight,
    )
    players = {player: game.get_submodule(player) for player in ("discriminator", "generator")}
    if published:
        decayed = {
            player: adamw(held, lr, (0.5, 0.999), weight_decay=1e-5) for player, held in players.items()
        }
        return training.run(game, samples, decayed)
    plain = {player: adam(held, lr, (0.0, 0.99)) for player, held in players.items()}
    return training.run(game, samples, plain, rate=cosine(1.0, 0.1))


small = dict(size="8", length=4, width=2, content=3, motion=2, lazy=2, steps=4, batch=4)
