"""WGAN: Arjovsky et al. 2017, "Wasserstein generative adversarial networks", arXiv 1701.07875.

    ptarmigan train image.wgan --data fashion-mnist

The critic estimates the earth mover's distance, whose gradient lives also where real and generated samples do
not overlap. It is kept Lipschitz by clipping its weights. The authors' code gives the critic 100 moves
instead of 5 now and then, which is left out.
Cost and score: after 1,433 steps, 30 s of one core, on digits:
Fréchet distance 35.5 (real samples: 2.52); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import clip_weights, rmsprop
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.training.run import Run


def recipe(
    data: Images = Images(),
    *,
    width: int = 64,
    latent: int = 100,
    lr: float = 5e-5,
    clip: float = 0.01,
    critic_steps: int = 5,
    half_life: float = 10_000.0,
    steps: int = 10_000,
    batch: int = 64,
    seed: int = 0,
) -> Run:
    """A WGAN.

    Args:
        data: the images.
        width: channels of the layer next to the image, in both networks.
        latent: the size of z.
        lr: RMSprop's learning rate.
        clip: the largest magnitude of the critic's weights.
        critic_steps: the critic's moves for one of the generator.
        half_life: of the averaged weights, in images.
        steps: the length of the run.
        batch: images in a move.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape = samples.space.shape
    game = GAN(
        DCGANGenerator(latent, shape, width),
        DCGANDiscriminator(shape, width),
        loss=wasserstein,
        steps=critic_steps,
    )
    optimizers = {
        "discriminator": clip_weights(rmsprop(game.discriminator, lr), clip),
        "generator": rmsprop(game.generator, lr),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=4, latent=8, critic_steps=2, steps=4, batch=8)
