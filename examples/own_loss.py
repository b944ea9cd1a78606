"""A loss of your own, in a recipe of your own: f-GAN's Pearson χ² (Nowozin et al. 2016, arXiv 1606.00709).

    ptarmigan check examples/own_loss.py
    ptarmigan train examples/own_loss.py --data moons

A loss is two functions of the discriminator's scores, one a player; each player goes down its own. This file
is all that a variant takes: its options are the command line's, and it resumes and reports like any other.
"""

from __future__ import annotations

from pathlib import Path

import ptarmigan
from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import Loss
from ptarmigan.core.optim import adam
from ptarmigan.core.penalties import R1
from ptarmigan.modalities.point.source import points
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator
from ptarmigan.training.run import Run

pearson = Loss(
    discriminator=lambda real, fake: (fake.square() / 4 + fake).mean() - real.mean(),
    generator=lambda fake, real: -fake.mean(),
)


def recipe(
    data: str = "moons",
    *,
    width: int = 64,
    latent: int = 4,
    lr: float = 1e-3,
    gamma: float = 0.1,
    steps: int = 2_000,
    batch: int = 256,
    seed: int = 0,
) -> Run:
    """A GAN that goes down Pearson's χ² divergence.

    Args:
        data: ring, grid, swissroll, moons, spiral, or a .csv or .npy file of points.
        width: of the two hidden layers of both networks.
        latent: the size of z.
        lr: Adam's learning rate.
        gamma: weight of the gradient penalty on real points.
        steps: the length of the run.
        batch: points in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = points(data, batch=batch, seed=seed)
    shape, hidden = samples.space.shape, (width, width)
    game = GAN(
        PointGenerator(latent, shape, hidden),
        PointDiscriminator(shape, hidden),
        loss=pearson,
        penalties=(R1(gamma),),
    )
    optimizers = {name: adam(getattr(game, name), lr) for name in ("discriminator", "generator")}
    return Run(game, samples, optimizers, steps=steps, seed=seed)


small = dict(width=8, steps=4, batch=16)


def main(out: str | Path = "runs/own-loss", steps: int = 2_000) -> None:
    outcome = ptarmigan.train(__file__, steps=steps, out=out)
    print(outcome.reason, outcome.scores)
    made = ptarmigan.load(out).sample(1_000, seed=0)
    print(f"made {len(made)} points around {made.mean(0)}")


if __name__ == "__main__":
    main()
