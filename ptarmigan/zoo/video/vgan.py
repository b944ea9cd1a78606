"""VGAN: Vondrick, Pirsiavash and Torralba 2016, "Generating videos with scene dynamics", arXiv 1609.02612.

    ptarmigan train video.vgan --data shapes

What moves is generated in front of a background that does not (eq. 3): a foreground f and a mask m by
transposed convolutions over time and space, a background b by a DCGAN's, one picture for all frames,

    G(z) = m(z) ⊙ f(z) + (1 − m(z)) ⊙ b(z),

so a camera has to stand still. D looks at all frames at once, by convolutions over time and space. The mask
is kept sparse, as else everything would be foreground:

    L_D = −E[log D(x)] − E[log(1 − D(G(z)))],    L_G = −E[log D(G(z))] + λ E[m(z)].

Published (``--loss published --width 64 --latent 100 --lr 2e-4 --batch 64``), of 32 frames of 64 × 64: batch
norm in both networks, Adam with betas .5 and .999, λ = .1. There D wins within some hundred steps where clips
are few. So by default it has no norm, but zero-centred penalties at every eighth step (R1 and R2: Mescheder
et al. 2018, arXiv 1801.04406) and the standard deviation within a batch, and rates fall along a cosine, as in
``image.r1gan``. A class is embedded next to z, and projected on in D (Miyato and Koyama 2018, arXiv
1802.05637).
Cost and score: benchmarks/results/video.json
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms
from ptarmigan.core.gan import GAN
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import R1, R2
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.video.nets import Shape, Upwards, VideoDiscriminator, cropped
from ptarmigan.modalities.video.source import Videos
from ptarmigan.nets.dcgan import DCGANGenerator
from ptarmigan.nets.layers import Classes, ClassInput
from ptarmigan.nets.players import Generator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

HIDDEN = 128
"""Units before the scores, where the deviation within a batch is seen."""
MASKED = -2.0
"""What the mask is before its sigmoid at the start, about: most of a clip is background."""


class VGANGenerator(Generator):
    """A foreground and a mask that move, and a background that does not.

    Args:
        latent: the size of ``z``.
        shape: channels, frames, height, width.
        width: channels before the last layers.
        classes: how many; 0 for no condition.
    """

    def __init__(self, latent: int, shape: Shape, width: int, classes: int = 0) -> None:
        super().__init__()
        channels, _, *sides = shape
        self.latent, self.shape = latent, shape
        self.input = ClassInput(latent, classes)
        self.foreground = Upwards(self.input.size, (channels + 1, *shape[1:]), width)
        self.background = DCGANGenerator(self.input.size, (channels, *sides), width)
        last = self.foreground[-1]
        assert isinstance(last, nn.ConvTranspose3d)
        assert last.bias is not None
        with torch.no_grad():
            last.bias[-1] = MASKED

    def parts(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> tuple[
        Float[Tensor, "batch 1 frame height width"],
        Float[Tensor, "batch channel frame height width"],
        Float[Tensor, "batch channel 1 height width"],
    ]:
        """Mask, foreground and background."""
        code = self.input(z, c)
        moving = cropped(self.foreground(code), self.shape)
        return torch.sigmoid(moving[:, -1:]), torch.tanh(moving[:, :-1]), self.background(code)[:, :, None]

    def forward(
        self, z: Float[Tensor, "batch latent"], c: Classes | None = None
    ) -> Float[Tensor, "batch channel frame height width"]:
        """Clips in [-1, 1]."""
        return composed(*self.parts(z, c))


def composed(mask: Tensor, foreground: Tensor, background: Tensor) -> Tensor:
    """The foreground where the mask is 1, the background where it is 0."""
    return mask * foreground + (1 - mask) * background


class VGAN(GAN):
    """A GAN whose generator's mask is kept sparse.

    Args:
        generator: of clips.
        discriminator: of clips.
        sparsity: λ.
        **more: of ``GAN``.
    """

    generator: VGANGenerator

    def __init__(
        self, generator: VGANGenerator, discriminator: VideoDiscriminator, *, sparsity: float, **more: Any
    ) -> None:
        super().__init__(generator, discriminator, **more)
        self.sparsity = sparsity

    def generator_loss(self, batch: Batch) -> Terms:
        """−E[log D(G(z))] + λ E[m(z)]."""
        mask, *layers = self.generator.parts(noise.normal(len(batch.x), self.latent), batch.c)
        scores = self.score(composed(mask, *layers), batch.c)
        return {"generator": self.loss.generator(scores, None), "mask": self.sparsity * mask.mean()}


@configurable
def recipe(
    data: Videos = Videos(),
    *,
    conditional: bool = False,
    loss: Literal["r1", "published"] = "r1",
    width: int = 16,
    latent: int = 64,
    lr: float = 1e-3,
    gamma: float = 0.1,
    lazy: int = 8,
    sparsity: float = 0.1,
    training: Training = Training(batch=16, half_life=20_000.0),
) -> Run:
    """A VGAN.

    Args:
        loss: with penalties and a falling rate, or as published.
        gamma: γ, of the penalties R1 and R2.
        sparsity: λ, of the mask.
    """
    samples = training.open(data)
    classes = samples.require_classes() if conditional else 0
    generator = VGANGenerator(latent, samples.shape, width, classes)
    if loss == "published":
        discriminator = VideoDiscriminator(samples.shape, width, classes, norm=nn.BatchNorm3d)
        game = VGAN(generator, discriminator, sparsity=sparsity)
        return training.run(game, samples, adams(game, lr))
    discriminator = VideoDiscriminator(samples.shape, width, classes, hidden=HIDDEN)
    penalties = (R1(gamma), R2(gamma))
    game = VGAN(generator, discriminator, sparsity=sparsity, penalties=penalties, lazy=lazy)
    return training.run(game, samples, adams(game, lr, (0.0, 0.99)), rate=cosine(1.0, 0.1))


small = dict(conditional=True, size="8", length=4, width=2, latent=4, lazy=2, steps=4, batch=4)
