"""cGAN: Mirza and Osindero 2014, "Conditional generative adversarial nets", arXiv 1411.1784.

    ptarmigan train image.cgan --data digits

The GAN of multilayer perceptrons in which both networks are given the class y:

    min_G max_D V(D, G) = E[log D(x | y)] + E[log(1 − D(G(z | y)))]

An embedding of the class is concatenated to the latent, and to the image. The generator minimises the
non-saturating loss. Where the paper has maxout and SGD with a decaying rate and growing momentum, here are
leaky ReLU and Adam.
Cost and score: after 1,770 steps, 30 s of one core, on digits:
Fréchet distance 57.8 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adams
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.mlp import MLPDiscriminator, MLPGenerator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


@configurable
def recipe(
    data: Images = Images(),
    *,
    width: int = 256,
    dropout: float = 0.5,
    latent: int = 100,
    lr: float = 2e-4,
    training: Training = Training(batch=100),
) -> Run:
    """A conditional GAN.

    Args:
        width: of the narrowest hidden layer; the next ones have twice and four times as many units.
        dropout: the probability, in every hidden layer of the discriminator.

    Raises:
        ValueError: the data has no classes.
    """
    samples = training.open(data)
    shape, classes = samples.shape, samples.require_classes()
    hidden = (width, 2 * width, 4 * width)
    generator = MLPGenerator(latent, shape, hidden, classes)
    discriminator = MLPDiscriminator(shape, hidden[::-1], classes, dropout=dropout)
    game = GAN(generator, discriminator, loss=non_saturating)
    return training.run(game, samples, adams(game, lr))


small = dict(width=8, latent=8, steps=4, batch=8)
