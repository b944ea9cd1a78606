"""SAGAN: Zhang et al. 2019, "Self-attention generative adversarial networks", arXiv 1805.08318.

    ptarmigan train image.sagan --data cifar10

Residual networks in which every location of the image attends to all others. Of the features x, with learned
1×1 convolutions f, g, h and v,

    β_ji = softmax_i(f(x_i)ᵀ g(x_j)),    o_j = v(Σ_i β_ji h(x_i)),    y = γ o + x

and γ starts at 0. Both networks have spectral norm, and learning rates of their own in place of several
discriminator steps; the loss is the hinge loss, and the class is in the generator's batch norm and in a
projection in the discriminator. The paper trains on ImageNet at 128 pixels in batches of 256 for a million
steps; batch and steps fit a smaller machine.
Cost and score: after 73 steps, 30 s of one core, on digits:
Fréchet distance 44.7 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import hinge
from ptarmigan.core.optim import adam
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.attention import SelfAttention
from ptarmigan.nets.resnet import ResNetDiscriminator, ResNetGenerator
from ptarmigan.nets.spectral import spectral_norm
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


@configurable
def recipe(
    data: Images = Images(),
    *,
    width: int = 256,
    attention: int = 32,
    latent: int = 128,
    generator_lr: float = 1e-4,
    discriminator_lr: float = 4e-4,
    training: Training = Training(),
) -> Run:
    """A SAGAN.

    Args:
        width: channels of both networks up to 63 pixels a side; 256 makes the published 64 at 128 pixels.
        attention: the longest side of the feature maps that have self-attention.

    Raises:
        ValueError: the data has no classes, or no layer is as small as ``attention``.
    """
    samples = training.open(data)
    shape, classes = samples.shape, samples.require_classes()
    attend = (SelfAttention, attention)
    game = GAN(
        spectral_norm(ResNetGenerator(latent, shape, width, classes, attention=attend)),
        spectral_norm(ResNetDiscriminator(shape, width, classes, attention=attend)),
        loss=hinge,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, discriminator_lr, (0.0, 0.9)),
        "generator": adam(game.generator, generator_lr, (0.0, 0.9)),
    }
    return training.run(game, samples, optimizers)


small = dict(width=8, latent=8, steps=4, batch=8)
