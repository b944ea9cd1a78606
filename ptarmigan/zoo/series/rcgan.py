"""RGAN: Esteban et al. 2017, "Real-valued (medical) time series generation", arXiv 1706.02633.

    ptarmigan train series.rcgan --data stock.csv --length 24
    ptarmigan sample runs/series.rcgan-stock --n 1000 --out made.csv

A recurrent generator has fresh noise at every step, and a recurrent discriminator scores the series up to
every step; both losses are the non-saturating ones, as means over steps t:

    L_D = −E_t[log D(x_{1:t})] − E_t[log(1 − D(G(z)_{1:t}))],    L_G = −E_t[log D(G(z)_{1:t})]

Networks and optimizers are the paper's: one layer of 100 LSTM units each, stochastic gradient descent for the
discriminator, Adam for the generator. Not as published: it is not conditioned on classes (RCGAN), batches are
larger, and samples come from the EMA weights. Where series end early, a flag is one more channel.
Cost and score: after 1,301 steps, 30 s of one core, on sines:
sliced Wasserstein distance 0.373 (real samples: 0.00788); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Annotated

from torch import nn

from ptarmigan.core.gan import GAN
from ptarmigan.core.optim import adam, sgd
from ptarmigan.modalities.series.source import Series
from ptarmigan.nets.recurrent import RecurrentDiscriminator, RecurrentGenerator
from ptarmigan.training.meaning import rate_of
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


@configurable
def recipe(
    data: Series = Series(),
    *,
    width: int = 100,
    latent: int = 5,
    lr: float = 1e-3,
    lr_discriminator: Annotated[float, rate_of("discriminator")] = 0.1,
    training: Training = Training(steps=5_000),
) -> Run:
    """A recurrent GAN of series.

    Args:
        width: the size of both networks' states.
        latent: numbers in z for every step.
        lr: the generator's learning rate (Adam).
        lr_discriminator: the discriminator's (stochastic gradient descent).
    """
    samples = training.open(data)
    game = GAN(
        RecurrentGenerator(samples.shape, latent, width, cell=nn.LSTM),
        RecurrentDiscriminator(samples.shape, width, cell=nn.LSTM),
    )
    optimizers = {
        "discriminator": sgd(game.discriminator, lr_discriminator),
        "generator": adam(game.generator, lr, (0.9, 0.999)),
    }
    return training.run(game, samples, optimizers)


small = dict(length=6, width=8, latent=2, steps=4, batch=16)
