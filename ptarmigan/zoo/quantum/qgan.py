"""qGAN: Zoufal et al. 2019, "Quantum GANs for learning and loading random distributions", arXiv 1904.00043.

    ptarmigan train quantum.qgan --data normal-grid

A measured circuit against a small discriminator of outcomes i at places x_i. Nothing is sampled:
the expectations are sums over all outcomes, of the circuit's probabilities p_θ and the shares q in the batch,

    L_D = −Σ q_i log D(x_i) − Σ p_i log(1 − D(x_i)) + γ/2 Σ q_i ‖∇D(x_i)‖²,    L_G = −Σ p_i log D(x_i)

The circuit is Qiskit's (tutorial 04 of qiskit-machine-learning): the uniform superposition, then RY and RZ on
every qubit, entangled ``layers`` times in between. Not as there, as its settings end near the score of doing
nothing: R1, three steps of the discriminator for one of the circuit, no weight decay, which pulls angles to
the identity, Adam with β (0.5, 0.99) instead of (0.7, 0.999), and EMA angles. It is a simulation.
Cost and score: benchmarks/results/quantum.json
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms, Turn
from ptarmigan.core.optim import adams
from ptarmigan.core.penalties import gradients
from ptarmigan.modalities.quantum.game import CircuitGame
from ptarmigan.modalities.quantum.nets import CircuitGenerator
from ptarmigan.modalities.quantum.source import Measurements
from ptarmigan.modalities.quantum.space import MeasurementSpace
from ptarmigan.nets.mlp import PointDiscriminator, dense, leaky
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class QGAN(CircuitGame):
    """A circuit against a discriminator of outcomes.

    Args:
        generator: the circuit.
        discriminator: scores of encoded outcomes.
        space: what an outcome means.
        gamma: γ, of R1.
        steps: of the discriminator, for one of the circuit.
    """

    def __init__(
        self,
        generator: CircuitGenerator,
        discriminator: PointDiscriminator,
        space: MeasurementSpace,
        *,
        gamma: float,
        steps: int,
    ) -> None:
        super().__init__(generator, space)
        self.discriminator, self.gamma, self.steps = discriminator, gamma, steps

    def turns(self) -> tuple[Turn, ...]:
        """The discriminator ``steps`` times, then the circuit, which needs no real outcome."""
        return (
            Turn(("discriminator",), self.discriminator_loss, times=self.steps),
            Turn(("generator",), self.generator_loss, reads=False),
        )

    def discriminator_loss(self, batch: Batch) -> Terms:
        """−Σ q log D − Σ p log(1 − D), and R1."""
        q, p, places = self.frequencies(batch.x), self.generator.probabilities(), self.generator.grid
        scores = self.discriminator(places)
        norms = gradients(self.discriminator, places).square().sum(1)
        return {
            "discriminator": (q * F.softplus(-scores)).sum() + (p * F.softplus(scores)).sum(),
            "r1": self.gamma / 2 * (q * norms).sum(),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        """−Σ p log D."""
        scores = self.discriminator(self.generator.grid)
        return {"generator": (self.generator.probabilities() * F.softplus(-scores)).sum()}

    def discriminate(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        """The discriminator's scores of outcomes."""
        scores: Tensor = self.discriminator(x)
        return scores


@configurable
def recipe(
    data: Measurements = Measurements(),
    *,
    layers: int = 6,
    width: int = 20,
    lr: float = 0.01,
    gamma: float = 0.3,
    critic_steps: int = 3,
    training: Training = Training(steps=300, batch=1 << 14, half_life=20 * (1 << 14)),
) -> Run:
    """A quantum GAN of outcomes on a grid.

    Args:
        layers: times that the qubits are entangled.
        width: of the discriminator's hidden layer.
        gamma: γ, of R1.
        critic_steps: discriminator steps for one of the circuit.
    """
    samples = training.open(data)
    space = samples.space
    game = QGAN(
        CircuitGenerator.entangled(space, layers),
        PointDiscriminator(space.shape, (width,), layer=dense(leaky)),
        space,
        gamma=gamma,
        steps=critic_steps,
    )
    return training.run(game, samples, adams(game, lr, (0.5, 0.99)))


small = dict(data="lognormal", layers=1, width=4, steps=4, batch=64)
