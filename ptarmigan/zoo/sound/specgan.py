"""SpecGAN: Donahue, McAuley and Puckette 2019, "Adversarial audio synthesis", arXiv 1802.04208.

    ptarmigan train sound.specgan --data recordings.zip --conditional

A GAN for pictures learns sounds as pictures: the logarithm of the magnitude of a short-time Fourier transform
X (a Hann window of 256 samples every 128), standardised bin by bin and clipped at three standard deviations,

    x = clip((log(|X| + ε) − μ) / (3σ), −1, 1),

without its top bin, 128 × 128 for a second at 16 kHz; generated ones become sounds by Griffin and Lim's
iteration. ε is 1e-6 there, and 1e-2 here: silence after a clip would else be most of σ. At twice the rate
the window is twice as long, and at least 256 samples. Networks are DCGAN's (Radford et al. 2016, arXiv
1511.06434).

Published, the loss is WGAN-GP's (``--loss wgan_gp --width 64 --latent 100 --lr 1e-4``),

    L_D = E[D(x̃)] − E[D(x)] + λ E[(‖∇D(x̂)‖ − 1)²],    L_G = −E[D(x̃)],

with 5 steps of D for one of G, λ = 10 and z uniform. By default it is the non-saturating one with
zero-centred penalties at every eighth step and the deviation within a batch, as in ``image.r1gan``, which
learns more per second; z is normal. A class is embedded next to z in G, and projected on in D (Miyato and
Koyama 2018, arXiv 1802.05637). Kernels are 4 wide, not 5: a multiple of their stride, so that G draws no
lattice.
Cost and score: benchmarks/results/sound.json
"""

from __future__ import annotations

from functools import partial
from typing import Literal

from torch import nn

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import non_saturating, wasserstein
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import R1, R2, GradientPenalty
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.sound.source import Sounds, Spectrogram
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.nets.layers import initialise
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

HIDDEN = 128
"""Units before the scores, where the deviation within a batch is seen."""


@configurable
def recipe(
    data: Sounds = Sounds(),
    *,
    conditional: bool = False,
    loss: Literal["r1", "wgan_gp"] = "r1",
    width: int = 16,
    latent: int = 64,
    lr: float = 1e-3,
    gamma: float = 0.1,
    lazy: int = 8,
    weight: float = 10.0,
    critic_steps: int = 5,
    iterations: int = 32,
    training: Training = Training(batch=32, half_life=50_000.0),
) -> Run:
    """A SpecGAN.

    Args:
        loss: the non-saturating one with R1 and R2, or WGAN-GP's.
        width: channels of the layer next to the spectrogram; doubled as sides halve.
        gamma: γ, of the penalties R1 and R2.
        iterations: of Griffin-Lim.
    """
    samples = training.open(data, spectrogram=Spectrogram(iterations=iterations))
    shape, classes = samples.shape, samples.require_classes() if conditional else 0
    published = loss == "wgan_gp"
    norm = nn.Identity if published else nn.BatchNorm2d
    generator = DCGANGenerator(latent, shape, width, classes, norm=norm)
    hidden = 0 if published else HIDDEN
    discriminator = DCGANDiscriminator(shape, width, classes, norm=nn.Identity, hidden=hidden)
    # weights as small as DCGAN's would hardly let anything through so few channels
    initialise(discriminator, partial(nn.init.kaiming_normal_, a=0.2))
    if published:
        penalties = (GradientPenalty(weight),)
        game = GAN(generator, discriminator, loss=wasserstein, penalties=penalties, steps=critic_steps)
        return training.run(game, samples, adams(game, lr, (0.5, 0.9)))
    game = GAN(generator, discriminator, loss=non_saturating, penalties=(R1(gamma), R2(gamma)), lazy=lazy)
    return training.run(game, samples, adams(game, lr, (0.0, 0.99)), rate=cosine(1.0, 0.1))


small = dict(conditional=True, width=4, latent=8, lazy=2, iterations=2, steps=4, batch=8)
