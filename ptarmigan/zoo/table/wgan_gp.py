"""WGAN-GP of rows: Gulrajani et al. 2017, "Improved training of Wasserstein GANs", arXiv 1704.00028.

    ptarmigan train table.wgan_gp --data adult.csv

The baseline of ``table.ctgan``: the same encoded rows, generator and options of Adam, without packs,
conditions and dropout; the loss is that of ``image.wgan_gp``. So rare values come up as rarely as in the
data, and rows cannot be conditioned. The critic has no normalisation, as its penalty is of single rows. Its
five steps, λ and betas are the paper's, which has no tables; samples come from the EMA weights.
Cost and score: after 300 steps, 30 s of one core, on iris:
column shapes 0.937 (real samples: 0.931); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import wasserstein
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import GradientPenalty
from ptarmigan.modalities.table.nets import RowGenerator
from ptarmigan.modalities.table.source import Table
from ptarmigan.nets.mlp import MLPDiscriminator
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


@configurable
def recipe(
    data: Table = Table(),
    *,
    width: int = 256,
    latent: int = 128,
    lr: float = 2e-4,
    weight: float = 10.0,
    critic_steps: int = 5,
    training: Training = Training(steps=10_000, batch=500),
) -> Run:
    """A WGAN-GP of rows."""
    samples = training.open(data)
    space, hidden = samples.space, (width, width)
    game = GAN(
        RowGenerator(latent, 0, space.owners, hidden),
        MLPDiscriminator(space.shape, hidden, dropout=0.0),
        loss=wasserstein,
        penalties=(GradientPenalty(weight),),
        steps=critic_steps,
    )
    return training.run(game, samples, adams(game, lr, (0.5, 0.9)))


small = dict(width=8, latent=4, critic_steps=2, steps=4, batch=16)
