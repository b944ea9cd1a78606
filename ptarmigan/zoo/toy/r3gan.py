"""R3GAN in the plane: Huang et al. 2024, "The GAN is dead; long live the GAN!", arXiv 2501.05441.

    ptarmigan train toy.r3gan --data grid

The relativistic pairing loss of ``image.r3gan``, L_G = E[f(D(x) − D(G(z)))], whose generator gains by every
real sample that scores above the generated one beside it, so that modes are not dropped; R1 and R2 make it
converge. Learning rate and γ fall along a cosine, as published. Networks and figures are our own: the paper
has none for the plane.
Cost and score: after 10,520 steps, 30 s of one core, on ring:
mode divergence 0.0627 (real samples: 0.00526); benchmarks/results/zoo.json
"""

from __future__ import annotations

from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import relativistic
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import R1, R2
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.point.source import Points
from ptarmigan.nets.mlp import PointDiscriminator, PointGenerator, dense, leaky
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


@configurable
def recipe(
    data: Points = Points(),
    *,
    width: int = 64,
    depth: int = 3,
    latent: int = 4,
    lr: float = 3e-3,
    final_lr: float = 0.0,
    gamma: float = 0.03,
    final_gamma: float = 0.1,
    lazy: int = 4,
    training: Training = Training(half_life=300_000.0, steps=46_000, batch=256),
) -> Run:
    """An R3GAN in the plane.

    Args:
        width: of the hidden layers of both networks.
        depth: how many hidden layers each has.
        final_lr: the rate at the end, as a fraction of that; 1 keeps it.
        gamma: γ at the start.
        final_gamma: γ at the end, as a fraction of that; 1 keeps it.
    """
    samples = training.open(data)
    shape, hidden = samples.shape, (width,) * depth
    penalty = cosine(gamma, gamma * final_gamma)
    game = GAN(
        PointGenerator(latent, shape, hidden),
        PointDiscriminator(shape, hidden, layer=dense(leaky)),
        loss=relativistic,
        penalties=(R1(penalty), R2(penalty)),
        lazy=lazy,
    )
    rate, beta2 = cosine(1.0, final_lr), cosine(0.9, 0.99)
    return training.run(game, samples, adams(game, lr, (0.0, 0.9)), rate=rate, beta2=beta2)


small = dict(width=8, latent=4, lazy=2, steps=4, batch=16)
