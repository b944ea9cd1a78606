"""f-AnoGAN: Schlegl et al. 2019, "f-AnoGAN: fast unsupervised anomaly detection", for rows.

    ptarmigan train anomaly.fanogan --data breast-cancer
    ptarmigan detect runs/anomaly.fanogan-breast-cancer rows.csv

First a WGAN-GP (arXiv 1704.00028) learns to make rows; then, while it stays as it is, an encoder learns to
find the latent whose row is like a given one: in the row, and κ times in the critic's last hidden layer
(izi_f). Abnormal is what it finds none for. Medical Image Analysis 54, doi 10.1016/j.media.2019.01.010; the
loss, the score and κ = 1 are the paper's. Not so: layers are fully connected, for rows instead of images, the
encoder moves by Adam instead of RMSprop, and latents are few and none that it finds is farther than 2 from 0
in any number: the generator knows no others, and makes what is far out of them as well as anything.
Cost and score: after 14,101 steps, 30 s of one core, on breast-cancer:
sliced Wasserstein distance 0.242 (real samples: 0.26); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core import noise
from ptarmigan.core.optim import adam
from ptarmigan.modalities.vector.source import Vectors
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.tasks.detect.fanogan import FAnoGAN
from ptarmigan.training.run import Run


def recipe(
    data: Vectors = Vectors(),
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    penalty: float = 10.0,
    critic_steps: int = 5,
    kappa: float = 1.0,
    half_life: float = 10_000.0,
    steps: int = 2_000,
    batch: int = 128,
    seed: int = 0,
) -> Run:
    """An f-AnoGAN.

    Args:
        data: normal rows, or mostly.
        width: of the two hidden layers of all networks.
        latent: the size of z.
        lr: Adam's learning rate.
        penalty: λ, of the gradient penalty.
        critic_steps: the critic's moves for one of the generator.
        kappa: κ, weight of the distance in the critic's features against that in the row.
        half_life: of the averaged weights, in rows.
        steps: the length of the run; the first half is the GAN's, the second the encoder's.
        batch: rows in a move.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    size, hidden, layer = samples.space.shape[0], (width, width), dense(leaky)
    game = FAnoGAN(
        PointGenerator(latent, (size,), hidden),
        PointDiscriminator((size,), hidden, layer=layer),
        PointGenerator(size, (latent,), hidden, layer=layer),
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


small = dict(width=8, latent=4, critic_steps=2, steps=4, batch=16)
