"""WGAN: Arjovsky et al. 2017, "Wasserstein generative adversarial networks", arXiv 1701.07875.

    ptarmigan train image.wgan --data fashion-mnist

The critic f estimates the Wasserstein-1 distance, whose gradient does not vanish where real and generated
samples do not overlap:

    L_D = E[f(G(z))] − E[f(x)],    L_G = −E[f(G(z))],    f 1-Lipschitz up to a factor

It is kept Lipschitz by clipping its weights (algorithm 1). The authors' code trains the critic for 100 steps
instead of 5 at times, which is left out.
Cost and score: after 1,433 steps, 30 s of one core, on digits:
Fréchet distance 35.5 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import clip_weights, rmsprop
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
    lr: float = 5e-5,
    clip: float = 0.01,
    critic_steps: int = 5,
    training: Training = Training(steps=10_000),
) -> Run:
    """A WGAN.

    Args:
        clip: the largest magnitude of the critic's weights.
    """
    samples = training.open(data)
    generator, critic = DCGANGenerator(latent, samples.shape, width), DCGANDiscriminator(samples.shape, width)
    game = GAN(generator, critic, loss=wasserstein, steps=critic_steps)
    optimizers = {
        "discriminator": clip_weights(rmsprop(game.discriminator, lr), clip),
        "generator": rmsprop(game.generator, lr),
    }
    return training.run(game, samples, optimizers)


small = dict(width=4, latent=8, critic_steps=2, steps=4, batch=8)
