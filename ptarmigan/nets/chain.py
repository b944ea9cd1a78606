"""CHAIN: normalisation of a discriminator that sees few samples, which keeps its gradients small.

Ni and Koniusz 2024, "CHAIN: enhancing generalization in data-efficient GANs via Lipschitz continuity
constrained normalization", arXiv 2404.00521. In place of batch norm's two steps, for features y of a layer:

    centring:   none, but a penalty on the means,   λ p Σ_layers mean_c (mean y_c)²
    scaling:    z_c = y_c · ψ_min / ψ_c,            ψ_c = √E y_c²,  ψ_min the least of all channels

and the output is (1 − p) y + p z. p grows while the mean sign of real scores is above τ, as the probability
of ADA does. No channel is enlarged, so the layer's Lipschitz constant is at most 1. ψ is of the turns before,
as the paper's running statistics are: within a turn a sample's features do not depend on the other samples,
so penalties on gradients and shared forward passes are what they are without it.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.augment import Adaptive
from ptarmigan.core.game import State
from ptarmigan.core.penalties import PenaltyInputs
from ptarmigan.core.precision import at_least_float32

TARGET = 0.5
"""τ, of the mean sign of the scores of real samples."""
CHANGE = 1e-3
"""Of p, in a turn."""
KEPT = 0.9
"""Of the mean squares of earlier turns, in a turn."""
SMALLEST = 1e-5
"""Added to a mean square."""


class Chain(Adaptive):
    """Scales channels down to the smallest one, to the degree that the discriminator overfits.

    It adds a bias, since layers before a normalisation have none.

    Args:
        channels: of the features.

    Attributes:
        p: how much of the output is scaled, from 0 to 1.
        squares: the running mean squares of the channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))
        self.p = State(torch.zeros(()), lambda p, seen: (p + CHANGE * (seen - TARGET).sign()).clamp(0, 1))
        self.squares = State(torch.ones(channels), lambda old, seen: KEPT * old + (1 - KEPT) * seen)

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channel height width"]:
        """The features, scaled."""
        if self.training:
            self.squares.note(at_least_float32(x.detach()).square().mean((0, 2, 3)))
        size = (self.squares.value + SMALLEST).sqrt()
        scale = 1 - self.p.value * (1 - size.amin() / size)
        return x * scale.to(x.dtype)[:, None, None] + self.bias[:, None, None]

    def observe(self, real_scores: Tensor) -> None:
        """Note the scores of real samples; p is updated when the discriminator's turn ends."""
        self.p.note(at_least_float32(real_scores.detach()).sign().mean())


class ZeroMean:
    """The penalty on the means of the features that ``Chain`` scales, of real and of generated samples.

    Args:
        weight: λ; 20 in the paper.
        discriminator: has the layers.

    Raises:
        ValueError: it has none.
    """

    name = "zero_mean"

    def __init__(self, weight: float, discriminator: nn.Module) -> None:
        self.weight = weight
        self.layers = [module for module in discriminator.modules() if isinstance(module, Chain)]
        if not self.layers:
            raise ValueError("CHAIN normalises no layer of this discriminator: images need 12 pixels a side")

    def __call__(self, inputs: PenaltyInputs) -> Tensor:
        """The term, a scalar."""
        terms: list[Tensor] = []

        def look(layer: nn.Module, given: tuple[Any, ...]) -> None:
            assert isinstance(layer, Chain)
            means = at_least_float32(given[0]).mean((0, 2, 3))
            terms.append(layer.p.value * means.square().mean())

        with ExitStack() as stack:
            for layer in self.layers:
                stack.callback(layer.register_forward_pre_hook(look).remove)
            for x in (inputs.real, inputs.fake):
                inputs.discriminator(x)
        return self.weight * torch.stack(terms).sum()
