"""f-AnoGAN: Schlegl et al. 2019, "f-AnoGAN: fast unsupervised anomaly detection", for images.

    ptarmigan train anomaly.fanogan_images --data ./good --size 64
    ptarmigan detect runs/anomaly.fanogan_images-good ./test --heat heat

First a WGAN-GP (arXiv 1704.00028) learns to make normal images; then, while it stays as it is, an encoder
learns to find the latent whose image is like a given one: in the pixels, and κ times in the critic's last
convolution (izi_f). Abnormal is what it finds none for, and where its pixels differ. Medical Image Analysis
54, doi 10.1016/j.media.2019.01.010; the loss, the score, κ = 1 and five moves of the critic are the paper's.
Not so: networks are DCGAN's, smaller than the paper's residual ones, the encoder moves by Adam instead of
RMSprop, and no latent that it finds is farther than 2 from 0 in any number.
Cost and score: after 1,179 steps, 30 s of one core, on digits:
sliced Wasserstein distance 0.466 (real samples: 0.181); benchmarks/results/zoo.json
"""

from __future__ import annotations

from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.optim import adam
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANEncoder, DCGANGenerator
from ptarmigan.tasks.detect.fanogan import FAnoGAN
from ptarmigan.training.run import Run


def recipe(
    data: Images = Images(),
    *,
    width: int = 32,
    latent: int = 32,
    lr: float = 2e-4,
    penalty: float = 10.0,
    critic_steps: int = 5,
    kappa: float = 1.0,
    half_life: float = 10_000.0,
    steps: int = 6_000,
    batch: int = 64,
    seed: int = 0,
) -> Run:
    """An f-AnoGAN of images.

    Args:
        data: normal images, or mostly.
        width: channels of the first layer, in all networks.
        latent: the size of z.
        lr: Adam's learning rate.
        penalty: λ, of the gradient penalty.
        critic_steps: the critic's moves for one of the generator.
        kappa: κ, weight of the distance in the critic's features against that in the pixels.
        half_life: of the averaged weights, in images.
        steps: the length of the run; the first half is the GAN's, the second the encoder's.
        batch: images in a move.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape = samples.space.shape
    game = FAnoGAN(
        DCGANGenerator(latent, shape, width),
        DCGANDiscriminator(shape, width, norm=nn.Identity),
        DCGANEncoder(shape, latent, width),
        penalty,
        critic_steps,
        kappa,
        first=steps // 2,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.5, 0.9)),
        "generator": adam(game.generator, lr, (0.5, 0.9)),
        "encoder": adam(game.encoder, lr, (0.9, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=4, latent=4, critic_steps=2, steps=4, batch=16)
