"""What games of a measured circuit share: exact probabilities of outcomes, beside those in a batch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ptarmigan.core.game import Game
from ptarmigan.modalities.quantum.nets import CircuitGenerator
from ptarmigan.modalities.quantum.qasm import to_qasm
from ptarmigan.modalities.quantum.space import REACH, MeasurementSpace


class CircuitGame(Game):
    """A game whose generator is a measured circuit.

    Args:
        generator: the circuit.
        space: what an outcome means.
    """

    def __init__(self, generator: CircuitGenerator, space: MeasurementSpace) -> None:
        super().__init__()
        self.generator, self.latent, self.sizes = generator, generator.latent, space.sizes

    def frequencies(self, x: Tensor) -> Tensor:
        """How often every outcome is among encoded samples ``(n, axes)``, as shares ``(places,)``."""
        number = torch.zeros(x.shape[0], dtype=torch.long, device=x.device)
        for axis, size in enumerate(self.sizes):
            step = ((x[:, axis] / REACH + 1) / 2 * (size - 1)).round().long().clamp(0, size - 1)
            number = number * size + step
        return torch.bincount(number, minlength=len(self.generator.grid)).to(x.dtype) / len(x)

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Outcomes; ``c`` is ignored."""
        return torch.as_tensor(self.generator(z))

    def described(self) -> dict[str, Any]:
        """The circuit as OpenQASM 3, so that the shared file says it to programs without torch."""
        return {"circuit": to_qasm(self.generator.trained())}
