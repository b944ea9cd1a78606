"""Born machine: Liu & Wang 2018, "Differentiable learning of quantum circuit Born machine", arXiv 1804.04168.

    ptarmigan train quantum.born --data normal-grid

The circuit of ``quantum.qgan`` without an adversary: it minimises the squared maximum mean discrepancy of its
probabilities p_θ and the shares q of outcomes (eq. 3), with a sum of Gaussian kernels of places x (eq. 4):

    L = Σ_ij (p_i − q_i) K(x_i, x_j) (p_j − q_j),    K(x, y) = Σ_σ exp(−‖x − y‖²/2σ²)

or, with ``--loss likelihood``, the relative entropy of the data to the circuit, up to a constant,
−Σ q_i log p_i: the direct fit, which a simulation can do and a quantum computer cannot. Both say how well the
circuit could do, beside a quantum GAN. All sums are exact.
Cost and score: benchmarks/results/quantum.json
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import SinglePlayerGame, Terms
from ptarmigan.core.optim import adams
from ptarmigan.modalities.quantum.game import CircuitGame
from ptarmigan.modalities.quantum.nets import CircuitGenerator
from ptarmigan.modalities.quantum.source import Measurements
from ptarmigan.modalities.quantum.space import MeasurementSpace
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

SIGMAS = (0.25, 0.5, 1.0)
"""Widths of the kernels, where an axis goes from −2 to 2."""
LEAST = 1e-12
"""Of a probability whose logarithm is taken."""


class BornMachine(SinglePlayerGame, CircuitGame):
    """A circuit that is fitted without an adversary.

    Args:
        generator: the circuit.
        space: what an outcome means.
        likelihood: by the likelihood instead of the discrepancy.
    """

    player = "generator"

    def __init__(self, generator: CircuitGenerator, space: MeasurementSpace, *, likelihood: bool) -> None:
        super().__init__(generator, space)
        self.likelihood = likelihood

    def loss(self, batch: Batch) -> Terms:
        """(p − q)ᵀ K (p − q), or −Σ q log p."""
        q, p = self.frequencies(batch.x), self.generator.probabilities()
        if self.likelihood:
            return {"likelihood": -(q * torch.log(p + LEAST)).sum()}
        return {"discrepancy": (p - q) @ kernel(self.generator.grid) @ (p - q)}


def kernel(places: Tensor) -> Tensor:
    """K of every pair of places ``(n, axes)``, ``(n, n)``."""
    squares = torch.cdist(places, places).square()
    return torch.stack([torch.exp(-squares / (2 * sigma**2)) for sigma in SIGMAS]).sum(0)


@configurable
def recipe(
    data: Measurements = Measurements(),
    *,
    loss: Literal["discrepancy", "likelihood"] = "discrepancy",
    layers: int = 6,
    lr: float = 0.05,
    training: Training = Training(steps=300, batch=1 << 14, half_life=20 * (1 << 14)),
) -> Run:
    """A Born machine of outcomes on a grid.

    Args:
        loss: the maximum mean discrepancy, or the likelihood.
        layers: times that the qubits are entangled.
    """
    samples = training.open(data)
    generator = CircuitGenerator.entangled(samples.space, layers)
    game = BornMachine(generator, samples.space, likelihood=loss == "likelihood")
    return training.run(game, samples, adams(game, lr, (0.9, 0.99), ("generator",)))


small = dict(data="lognormal", layers=1, steps=4, batch=64)
