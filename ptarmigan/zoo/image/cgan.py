"""cGAN: Mirza and Osindero 2014, "Conditional generative adversarial nets", arXiv 1411.1784.

    ptarmigan train image.cgan --data digits

The GAN of fully connected networks, in which both players are also told the class: a learned vector of it
stands beside the latent and beside the image. Where the paper has maxout and SGD with a decaying rate and
growing momentum, here are leaky ReLU and Adam.
Cost and score: after 1,770 steps, 30 s of one core, on digits:
Fréchet distance 57.8 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adam
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.mlp import MLPDiscriminator, MLPGenerator
from ptarmigan.training.run import Run


def recipe(
    data: Images = Images(),
    *,
    width: int = 256,
    dropout: float = 0.5,
    latent: int = 100,
    lr: float = 2e-4,
    half_life: float = 10_000.0,
    steps: int = 20_000,
    batch: int = 100,
    seed: int = 0,
) -> Run:
    """A conditional GAN.

    Args:
        data: the images, with classes.
        width: of the narrowest hidden layer; the next ones have twice and four times as many units.
        dropout: the probability, in every hidden layer of the discriminator.
        latent: the size of z.
        lr: Adam's learning rate.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a step.
        seed: names every random choice.

    Raises:
        ValueError: the data has no classes.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape, classes = samples.space.shape, samples.require_classes()
    hidden = (width, 2 * width, 4 * width)
    game = GAN(
        MLPGenerator(latent, shape, hidden, classes),
        MLPDiscriminator(shape, hidden[::-1], classes, dropout=dropout),
        loss=non_saturating,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.5, 0.999)),
        "generator": adam(game.generator, lr, (0.5, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=8, latent=8, steps=4, batch=8)
