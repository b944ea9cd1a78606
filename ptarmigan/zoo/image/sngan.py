"""SNGAN: Miyato et al. 2018, "Spectral normalization for generative adversarial networks", arXiv 1802.05957.

    ptarmigan train image.sngan --data cifar10
    ptarmigan train image.sngan --data cifar10 --conditional

Every weight of the discriminator is divided by its largest singular value, W / σ(W), which bounds its
Lipschitz constant; residual networks, five discriminator steps, and the hinge loss:

    L_D = E[max(0, 1 − D(x))] + E[max(0, 1 + D(G(z)))],    L_G = −E[D(G(z))]

With --conditional, the class is in the generator's batch norm and in a projection in the discriminator
(Miyato and Koyama 2018, arXiv 1802.05637). Everything is the paper's for CIFAR-10 except for the number of
steps, 100,000 there (--steps).
Cost and score: after 58 steps, 30 s of one core, on digits:
Fréchet distance 35 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import hinge
from ptarmigan.core.optim import adams
from ptarmigan.core.schedule import linear
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.resnet import ResNetDiscriminator, ResNetGenerator
from ptarmigan.nets.spectral import spectral_norm
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


@configurable
def recipe(
    data: Images = Images(),
    *,
    conditional: bool = False,
    width: int = 128,
    latent: int = 128,
    lr: float = 2e-4,
    discriminator_steps: int = 5,
    training: Training = Training(),
) -> Run:
    """An SNGAN.

    Args:
        width: channels of the discriminator; the generator has twice as many.
        discriminator_steps: discriminator steps for one of the generator.

    Raises:
        ValueError: conditional, but the data has no classes.
    """
    samples = training.open(data)
    shape, classes = samples.shape, samples.require_classes() if conditional else 0
    generator = ResNetGenerator(latent, shape, 2 * width, classes)
    discriminator = spectral_norm(ResNetDiscriminator(shape, width, classes))
    game = GAN(generator, discriminator, loss=hinge, steps=discriminator_steps)
    return training.run(game, samples, adams(game, lr, (0.0, 0.9)), rate=linear(1.0, 0.0))


small = dict(conditional=True, width=8, latent=8, discriminator_steps=2, steps=4, batch=8)
