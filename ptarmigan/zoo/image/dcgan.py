"""DCGAN: Radford et al. 2016, "Unsupervised representation learning with deep ... GANs", arXiv 1511.06434.

    ptarmigan train image.dcgan --data digits

Convolutions in place of pooling and of hidden layers: a generator of transposed convolutions and ReLU, a
discriminator of strided ones and leaky ReLU, batch norm in both but for the generator's last layer and the
discriminator's first. The loss is the non-saturating one; learning rate and betas are the paper's.
Cost and score: after 4,574 steps, 30 s of one core, on digits:
Fréchet distance 10.9 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import non_saturating
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
    latent: int = 100,
    lr: float = 2e-4,
    training: Training = Training(),
) -> Run:
    """A DCGAN."""
    samples = training.open(data)
    shape = samples.shape
    generator, discriminator = DCGANGenerator(latent, shape, width), DCGANDiscriminator(shape, width)
    game = GAN(generator, discriminator, loss=non_saturating)
    return training.run(game, samples, adams(game, lr))


small = dict(width=4, latent=8, steps=4, batch=8)
