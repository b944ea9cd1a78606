"""WGAN-GP of rows: Gulrajani et al. 2017, "Improved training of Wasserstein GANs", arXiv 1704.00028.

    ptarmigan train table.wgan_gp --data adult.csv

The plain thing that ``table.ctgan`` is held against: the same encoded rows, generator and options of Adam,
without packs, conditions and dropout. So rows come as they are, rare values rarely, and cannot be asked for.
The critic has no normalisation, as its penalty is of single rows. Its five steps, λ and betas are the
paper's, which has no tables; what samples are made with are averaged weights.
Cost and score: after 300 steps, 30 s of one core, on iris:
column shapes 0.937 (real samples: 0.931); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import adam
from ptarmigan.core.penalties import GradientPenalty
from ptarmigan.modalities.table.nets import RowGenerator
from ptarmigan.modalities.table.source import Table
from ptarmigan.modalities.table.space import TableSpace
from ptarmigan.nets.mlp import MLPDiscriminator
from ptarmigan.training.run import Run


def recipe(
    data: Table = Table(),
    *,
    width: int = 256,
    latent: int = 128,
    lr: float = 2e-4,
    weight: float = 10.0,
    critic_steps: int = 5,
    half_life: float = 10_000.0,
    steps: int = 10_000,
    batch: int = 500,
    seed: int = 0,
) -> Run:
    """A WGAN-GP of rows.

    Args:
        data: the table.
        width: of the two hidden layers of both networks.
        latent: the size of z.
        lr: Adam's learning rate.
        weight: λ, of the gradient penalty.
        critic_steps: the critic's moves for one of the generator.
        half_life: of the averaged weights, in rows.
        steps: the length of the run.
        batch: rows in a move.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    space = samples.space
    assert isinstance(space, TableSpace)
    game = GAN(
        RowGenerator(latent, 0, space.owners, (width, width)),
        MLPDiscriminator(space.shape, (width, width), dropout=0.0),
        loss=wasserstein,
        penalties=(GradientPenalty(weight),),
        steps=critic_steps,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.5, 0.9)),
        "generator": adam(game.generator, lr, (0.5, 0.9)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(width=8, latent=4, critic_steps=2, steps=4, batch=16)
