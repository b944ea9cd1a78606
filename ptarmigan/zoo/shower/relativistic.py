"""Relativistic GAN of normalised showers, after CaloShowerGAN: Giannelli & Zhang 2023, arXiv 2309.06515.

    ptarmigan train shower.relativistic --data em-showers
    ptarmigan sample runs/shower.relativistic-em-showers --where energy=50 --n 1000 --out showers.hdf5

The generator makes the response, the shares of layers and the shares of cells within a layer, so that sums of
energies hold by construction, at the logarithm of an incident energy. The discriminator scores the cells,
each on a scale of its own, and high-level features: shares, centres, widths, depth, a smooth sparsity. Both
are dense. Not as published, where it is a WGAN-GP: scores of pairs of one energy, with R1 and R2 (Huang et
al. 2024, arXiv 2501.05441),

    L_D = E[softplus(D(G) − D(x))] + γ/2 E‖∇D(x)‖² + γ/2 E‖∇D(G)‖²,    L_G = E[softplus(D(x) − D(G))] + λ M

with the squared distance M of means and standard deviations of the features over a batch (feature matching,
Salimans et al. 2016, arXiv 1606.03498, of two moments): a discriminator of 500 cells cares little for how
much a single number fluctuates, and the response came out too narrow.

Cost and score: benchmarks/results/shower.json
"""

from __future__ import annotations

from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import R1, R2
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.shower.game import ShowerGAN, ShowerView
from ptarmigan.modalities.shower.nets import ShowerGenerator
from ptarmigan.modalities.shower.source import Showers
from ptarmigan.nets.mlp import PointDiscriminator, dense, leaky
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


@configurable
def recipe(
    data: Showers = Showers(),
    *,
    width: int = 256,
    latent: int = 32,
    layers: int = 2,
    lr: float = 1e-3,
    gamma: float = 1.0,
    lazy: int = 4,
    moments: float = 10.0,
    training: Training = Training(steps=15_000, batch=128, half_life=50_000),
) -> Run:
    """A relativistic GAN of showers, asked for by their incident energy.

    Args:
        latent: the size of the part of z that all cells share.
        layers: hidden layers of each network.
        gamma: γ, of R1 and R2.
        moments: λ, of the means and standard deviations of features.
    """
    samples = training.open(data)
    view = ShowerView(samples)
    game = ShowerGAN(
        ShowerGenerator(samples, latent, width, layers),
        PointDiscriminator((view.size,), (width,) * layers, layer=dense(leaky)),
        view,
        moments=moments,
        penalties=(R1(gamma), R2(gamma)),
        lazy=lazy,
    )
    return training.run(game, samples, adams(game, lr, (0.0, 0.99)), rate=cosine(1.0, 0.02))


small = dict(count=32, width=16, latent=4, steps=4, batch=16)
