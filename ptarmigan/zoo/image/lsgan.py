"""LSGAN: Mao et al. 2017, "Least squares generative adversarial networks", arXiv 1611.04076.

    ptarmigan train image.lsgan --data fashion-mnist

Squared distances to the labels instead of their cross-entropy:

    L_D = ½ E[(D(x) − 1)²] + ½ E[D(G(z))²]
    L_G = ½ E[(D(G(z)) − 1)²]    (eq. 9)

The gradient of a generated sample does not vanish where the discriminator rejects it with confidence.
Networks are DCGAN's; those of the paper, for 112×112 pixels, have stride-1 layers in between.
Cost and score: after 2,709 steps, 30 s of one core, on digits:
Fréchet distance 16.2 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import least_squares
from ptarmigan.core.optim import adams
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


@configurable
def recipe(
    data: Images = Images(),
    *,
    width: int = 64,
    latent: int = 1024,
    lr: float = 2e-4,
    training: Training = Training(),
) -> Run:
    """An LSGAN."""
    samples = training.open(data)
    shape = samples.shape
    generator, discriminator = DCGANGenerator(latent, shape, width), DCGANDiscriminator(shape, width)
    game = GAN(generator, discriminator, loss=least_squares)
    return training.run(game, samples, adams(game, lr))


small = dict(width=4, latent=8, steps=4, batch=8)
