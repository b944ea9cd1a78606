"""RGAN: Esteban et al. 2017, "Real-valued (medical) time series generation", arXiv 1706.02633.

    ptarmigan train series.rcgan --data stock.csv --length 24
    ptarmigan sample runs/series.rcgan-stock --n 1000 --out made.csv

A recurrent generator is given fresh noise at every step, and a recurrent discriminator says at every step
whether what it has seen so far is real; the loss is the mean over steps. Networks and optimizers are the
paper's: one layer of 100 LSTM units each, stochastic gradient descent for the discriminator, Adam for the
generator. Not so: it is not conditioned on classes (RCGAN), batches are larger, and samples are made with
averaged weights. Series may end early: then both networks see a flag that says so.
Cost and score: after 1,301 steps, 30 s of one core, on sines:
sliced Wasserstein distance 0.373 (real samples: 0.00788); benchmarks/results/zoo.json
"""

from __future__ import annotations

from typing import Annotated

from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.optim import adam, sgd
from ptarmigan.modalities.series.source import Series
from ptarmigan.nets.recurrent import RecurrentDiscriminator, RecurrentGenerator
from ptarmigan.training.meaning import rate_of
from ptarmigan.training.run import Run


def recipe(
    data: Series = Series(),
    *,
    width: int = 100,
    latent: int = 5,
    lr: float = 1e-3,
    lr_discriminator: Annotated[float, rate_of("discriminator")] = 0.1,
    half_life: float = 10_000.0,
    steps: int = 5_000,
    batch: int = 64,
    seed: int = 0,
) -> Run:
    """A recurrent GAN of series.

    Args:
        data: the series.
        width: the size of both networks' states.
        latent: numbers in z for every step.
        lr: the generator's learning rate (Adam).
        lr_discriminator: the discriminator's (stochastic gradient descent).
        half_life: of the averaged weights, in series.
        steps: the length of the run.
        batch: series in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = data.open(batch=batch, seed=seed)
    shape = samples.space.shape
    game = GAN(
        RecurrentGenerator(shape, latent, width, cell=nn.LSTM),
        RecurrentDiscriminator(shape, width, cell=nn.LSTM),
    )
    optimizers = {
        "discriminator": sgd(game.discriminator, lr_discriminator),
        "generator": adam(game.generator, lr, (0.9, 0.999)),
    }
    return Run(game, samples, optimizers, steps=steps, seed=seed, half_life=half_life)


small = dict(length=6, width=8, latent=2, steps=4, batch=16)
