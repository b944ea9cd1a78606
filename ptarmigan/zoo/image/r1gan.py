"""Mescheder et al. 2018, "Which training methods for GANs do actually converge?", arXiv 1801.04406.

    ptarmigan train image.r1gan --data fashion-mnist

Zero-centred gradient penalties on real and on generated samples:

    L_D = −E[log D(x)] − E[log(1 − D(G(z)))] + γ/2 E[‖∇D(x)‖²] + γ/2 E[‖∇D(G(z))‖²]    (R1: eq. 9, R2: eq. 10)

Networks are DCGAN's, with no normalisation in the discriminator; the penalties are lazy (Karras et al. 2020,
arXiv 1912.04958), every eighth step. The discriminator ends with the standard deviation over the samples of a
batch, and a hidden layer (Karras et al. 2018, arXiv 1710.10196). A small network at a high rate, decayed
along a cosine, learns most per second on a CPU, with a low-dimensional z, as the intrinsic dimension of
images is low (Pope et al. 2021, arXiv 2104.08894).
Cost and score: after 3,783 steps, 30 s of one core, on digits:
Fréchet distance 7.1 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import nn

from ptarmigan.core.augment import augmentation
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import non_saturating, relativistic
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import R1, R2, ApproximateR1, ApproximateR2, Penalty
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.chain import Chain, ZeroMean
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

STAGES = 3
"""Doublings of the generator up to 47 pixels, for which the learning rate is tuned."""
HIDDEN = 128
"""Units before the discriminator's scores."""
CHAINED = 20.0
"""λ of CHAIN."""
LOSSES = {"non_saturating": non_saturating, "relativistic": relativistic}
PENALTIES: dict[str, Callable[[float], tuple[Penalty, ...]]] = {
    "exact": lambda gamma: (R1(gamma), R2(gamma)),
    "approximate": lambda gamma: (ApproximateR1(gamma), ApproximateR2(gamma)),
}


@configurable
def recipe(
    data: Images = Images(),
    *,
    conditional: bool = False,
    loss: Literal["non_saturating", "relativistic"] = "non_saturating",
    width: int = 32,
    latent: int = 16,
    lr: float = 2e-3,
    gamma: float = 1.0,
    lazy: int = 8,
    gradient: Literal["exact", "approximate"] = "exact",
    augment: Literal["none", "diffaugment", "ada"] = "none",
    alike: bool = False,
    chain: bool = False,
    joint: bool = False,
    training: Training = Training(half_life=200_000.0),
) -> Run:
    """A GAN with gradient penalties.

    Args:
        loss: of both players.
        lr: Adam's learning rate at the start, for images of up to 47 pixels; halved for every doubling of
            the sides, since deeper networks diverge with it. A tenth of that at the end.
        gamma: γ, of the penalties.
        gradient: of the penalties: exact, or a finite difference, which needs no second derivatives and so is
            cheap enough for every step.
        augment: how images are augmented for the discriminator, where they are few: DiffAugment (Zhao et al.
            2020) or ADA (Karras et al. 2020), whose probability grows as the discriminator overfits.
        alike: augment a real image and the generated one beside it alike.
        chain: normalise the discriminator's features by CHAIN, where images are few (Ni and Koniusz 2024).
        joint: real and generated images share the discriminator's forward pass.
    """
    samples = training.open(data)
    shape, classes = samples.shape, samples.require_classes() if conditional else 0
    generator = DCGANGenerator(latent, shape, width, classes)
    norm = Chain if chain else nn.Identity
    discriminator = DCGANDiscriminator(shape, width, classes, norm=norm, hidden=HIDDEN)
    means = (ZeroMean(CHAINED, discriminator),) if chain else ()
    game = GAN(
        generator,
        discriminator,
        loss=LOSSES[loss],
        penalties=(*PENALTIES[gradient](gamma), *means),
        lazy=lazy,
        augment=augmentation(augment, training.batch),
        alike=alike,
        joint=joint,
    )
    lr /= 2 ** max(0, generator.stages - STAGES)
    return training.run(game, samples, adams(game, lr, (0.0, 0.99)), rate=cosine(1.0, 0.1))


small = dict(conditional=True, width=4, latent=8, lazy=2, augment="ada", steps=4, batch=8)
