"""Gradients that tell little of any one sample: DP-SGD, Abadi et al. 2016, arXiv 1607.00133."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap

from ptarmigan.core import noise
from ptarmigan.core.game import State, latest
from ptarmigan.training.accountant import epsilon_of

Judge = Callable[[Tensor], Tensor]
CHUNK = 128
"""Samples whose gradients are held at once, so that they stay near the processor."""


class Privacy(nn.Module):
    """Makes a loss private, and counts how often.

    Every sample's gradient is clipped to a length, the clipped ones are added up with noise, and divided by
    the number of samples that a batch has on average.

    Args:
        noise: standard deviation of the noise over ``limit``. A run that goes on keeps what it was begun
            with.
        limit: the length that a sample's gradient has at most.
        rate: the probability with which a sample is drawn.
        size: samples in a batch on average.
        places: that a batch has for them.
        delta: δ.
    """

    def __init__(
        self, noise: float, limit: float, *, rate: float, size: float, places: int, delta: float
    ) -> None:
        super().__init__()
        self.limit, self.rate, self.size, self.places, self.delta = limit, rate, size, places, delta
        self.noise = State(torch.tensor(noise), latest)
        self.times = State(torch.zeros(()), lambda value, once: value + once)

    def term(
        self,
        network: nn.Module,
        loss: Callable[..., Tensor],
        drawn: Float[Tensor, " batch"],
        *given: Float[Tensor, "batch *sample"],
    ) -> Tensor:
        """The mean loss of samples that were drawn, with a private gradient in place of its own.

        The value itself is not private.

        Args:
            network: judges each sample by itself, without batch statistics.
            loss: ``(judge, *sample) -> scalar``, of one sample.
            drawn: 1 of what counts, 0 of what only fills the batch.
            given: samples.
        """
        total, losses = clipped(network, loss, self.limit, drawn, *given)
        moved = losses.new_zeros(())
        for name, p in network.named_parameters():
            shaken = self.noise.value * self.limit * noise.shared(*p.shape).to(p)
            moved = moved + (p * (total[name] * self.places / len(drawn) + shaken)).sum() / self.size
        self.times.note(torch.ones_like(self.times.value))
        mean = (drawn * losses).sum() / drawn.sum().clamp(min=1)
        return mean + moved - moved.detach()

    @property
    def epsilon(self) -> float:
        """ε of what was played so far."""
        return epsilon_of(float(self.noise.value), self.rate, int(self.times.value), self.delta)

    def described(self) -> dict[str, float]:
        """ε and δ of what was played so far."""
        return {"epsilon": self.epsilon, "delta": self.delta}

    def remark(self) -> str:
        """The same in words, with ε rounded up."""
        return f"; ε is {math.ceil(100 * self.epsilon) / 100:g} at δ {self.delta:g}"


def clipped(
    network: nn.Module, loss: Callable[..., Tensor], limit: float, drawn: Tensor, *given: Tensor
) -> tuple[dict[str, Tensor], Float[Tensor, " batch"]]:
    """The sum of clipped gradients of samples that were drawn, by parameter, and the loss of every sample."""
    total = {name: torch.zeros_like(p) for name, p in network.named_parameters()}
    losses = []
    for some, *sample in zip(drawn.split(CHUNK), *(x.detach().split(CHUNK) for x in given), strict=True):
        slopes, found = each(network, loss, *sample)
        lengths = torch.stack([s.flatten(1).square().sum(1) for s in slopes.values()]).sum(0).sqrt()
        shares = some * limit / lengths.clamp(min=limit)
        for name, slope in slopes.items():
            total[name] += torch.einsum("b,b...->...", shares, slope)
        losses.append(found)
    return total, torch.cat(losses).detach()


def each(
    network: nn.Module, loss: Callable[..., Tensor], *given: Tensor
) -> tuple[dict[str, Tensor], Float[Tensor, " batch"]]:
    """Every sample's gradient of its own loss, ``(batch, *parameter)`` by name, and that loss."""
    weights = {name: p.detach() for name, p in network.named_parameters()}

    def one(held: dict[str, Tensor], *sample: Tensor) -> Tensor:
        def judge(x: Tensor) -> Tensor:
            return torch.as_tensor(functional_call(network, held, (x.unsqueeze(0),))).squeeze(0)

        return loss(judge, *sample)

    found: tuple[dict[str, Tensor], Tensor] = vmap(grad_and_value(one), in_dims=(None, *(0 for _ in given)))(
        weights, *given
    )
    return found
