"""R3GAN in the plane: Huang et al. 2024, "The GAN is dead; long live the GAN!", arXiv 2501.05441.

    ptarmigan train toy.r3gan --data grid

A relativistic loss, whose generator is paid for every real sample that nothing generated stands beside, so
that modes are not dropped; R1 and R2 make it converge. Rates and γ go down along a cosine, as published.
Networks and figures are our own: the paper has none for the plane.
Cost and score: after 10,520 steps, 30 s of one core, on ring:
mode divergence 0.0627 (real samples: 0.00526); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import relativistic
from ptarmigan.core.optim import adam
from ptarmigan.core.penalties import R1, R2
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.point.source import points
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.training.run import Run


def recipe(
    data: str = "ring",
    *,
    width: int = 64,
    depth: int = 3,
    latent: int = 4,
    lr: float = 3e-3,
    final_lr: float = 0.0,
    gamma: float = 0.03,
    final_gamma: float = 0.1,
    lazy: int = 4,
    half_life: float = 300_000.0,
    steps: int = 46_000,
    batch: int = 256,
    seed: int = 0,
) -> Run:
    """An R3GAN in the plane.

    Args:
        data: ring, grid, swissroll, moons, spiral, or a .csv or .npy file of points.
        width: of the hidden layers of both networks.
        depth: how many hidden layers each has.
        latent: the size of z.
        lr: Adam's learning rate at the start.
        final_lr: the rate at the end, as a fraction of that; 1 keeps it.
        gamma: weight of the penalties at the start.
        final_gamma: the weight at the end, as a fraction of that; 1 keeps it.
        lazy: the penalties are played every so many steps.
        half_life: of the averaged weights, in points.
        steps: the length of the run.
        batch: points in a step.
        seed: names every random choice.
    """
    noise.at(seed, "weights")
    samples = points(data, batch=batch, seed=seed)
    shape, hidden = samples.space.shape, (width,) * depth
    penalty = cosine(gamma, gamma * final_gamma)
    game = GAN(
        PointGenerator(latent, shape, hidden),
        PointDiscriminator(shape, hidden, layer=dense(leaky)),
        loss=relativistic,
        penalties=(R1(penalty), R2(penalty)),
        lazy=lazy,
    )
    optimizers = {
        "discriminator": adam(game.discriminator, lr, (0.0, 0.9)),
        "generator": adam(game.generator, lr, (0.0, 0.9)),
    }
    return Run(
        game,
        samples,
        optimizers,
        steps=steps,
        seed=seed,
        half_life=half_life,
        rate=cosine(1.0, final_lr),
        beta2=cosine(0.9, 0.99),
    )


small = dict(width=8, latent=4, lazy=2, steps=4, batch=16)
