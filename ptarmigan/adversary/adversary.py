"""Adversarial training in one's own loop: the loss that fools a discriminator, and its own step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import Parameter

from ptarmigan.adversary.discrimination import PLAYER, Batches, Discrimination, Pair, mean_scores
from ptarmigan.adversary.monitor import Advice, Monitor, advice, relative_distance
from ptarmigan.adversary.networks import Kind, Output, discriminator_of, feature_distance, frozen, outputs
from ptarmigan.adversary.weighting import Ramp, balance, norm
from ptarmigan.core import losses
from ptarmigan.core.losses import Loss
from ptarmigan.core.optim import adam
from ptarmigan.core.penalties import ApproximateR1, Penalty
from ptarmigan.doctor.vitals import quiet
from ptarmigan.training.distributed import Ranks, copy_from_first
from ptarmigan.training.rules import SKIPPED, alternating

LOSSES: dict[str, Loss] = {
    "hinge": losses.hinge,
    "least_squares": losses.least_squares,
    "non_saturating": losses.non_saturating,
    "relativistic": losses.relativistic,
    "relativistic_average": losses.relativistic_average,
    "wasserstein": losses.wasserstein,
}
LOOK = 20
"""Steps between those that are remembered for a diagnosis."""


class Adversary:
    """A discriminator that is trained beside a model, in a loop of one's own.

        adversary = ptarmigan.Adversary("patch", shape=(3, 64, 64), weight=0.1)
        for x in batches:
            fake = model(x)
            reconstruction = (fake - x).abs().mean()
            loss = reconstruction + adversary.loss(fake, x, other=reconstruction)
            optimizer.zero_grad(); loss.backward(); optimizer.step()
            adversary.step(fake, x)

    It is no ``nn.Module``, so its weights are not among the model's: it has an optimizer of its own, follows
    the samples to their device, and its gradients and the model's do not mix. The discriminator is trained
    from the first step, while its weight in the model's loss is 0 for ``warmup`` steps and then rises over
    ``ramp`` more: one that counts in full before it is trained ruins what the model has learnt. Where
    ``torch.distributed`` is initialised, its gradients are averaged over all ranks, whether or not the model
    is in a ``DistributedDataParallel``. Its step runs in the autocast that it is called in (in float32 under
    float16, as its gradients are not scaled). What is random in it comes from ``seed`` and the step, so a
    loop that saves ``state_dict`` resumes exactly.

    Args:
        discriminator: ``"patch"``, ``"multiscale"`` (pictures), ``"multiperiod"`` (waves), or a network
            ``x -> scores`` or ``(x, given) -> scores``, which may also return ``(scores, feature maps)`` or a
            list of either.
        shape: of a sample, without the batch; of a discriminator that is made by name.
        given: the shape of the picture that it is conditioned on; None for no condition.
        width: channels of the first layer of one that is made by name.
        loss: a name of ``LOSSES``, or a ``Loss``.
        penalties: terms added to the discriminator's loss, of the mean score of every sample.
        lazy: they are added at every ``lazy``-th step, times ``lazy``.
        weight: of the adversarial loss, once the ramp is over.
        warmup: steps of the discriminator before it counts.
        ramp: steps over which its weight then rises.
        layer: the last weight of the model. Where given, ``weight`` is relative: gradients at that layer are
            as long as those of the ``other`` loss, times ``weight`` (Esser et al. 2021, arXiv 2012.09841).
        limit: of the factor that makes them so.
        feature_matching: the weight of the distance of feature maps (Larsen et al. 2016, arXiv 1512.09300),
            which counts as the adversarial loss does.
        lr: the discriminator's learning rate, of Adam.
        betas: of Adam.
        accumulate: micro-batches in a step.
        seed: the random seed of the penalties' noise.

    Attributes:
        discriminator: the network.
        optimizer: its optimizer.
        steps: its steps so far.

    Raises:
        ValueError: there is no such discriminator or loss, or a number is out of range.
    """

    def __init__(
        self,
        discriminator: nn.Module | Kind = "patch",
        *,
        shape: Sequence[int] = (),
        given: Sequence[int] | None = None,
        width: int = 64,
        loss: Loss | str = "hinge",
        penalties: Sequence[Penalty] = (ApproximateR1(0.1),),
        lazy: int = 1,
        weight: float = 0.1,
        warmup: int = 0,
        ramp: int = 1_000,
        layer: Parameter | None = None,
        limit: float = 100.0,
        feature_matching: float = 0.0,
        lr: float = 2e-4,
        betas: tuple[float, float] = (0.5, 0.9),
        accumulate: int = 1,
        seed: int = 0,
    ) -> None:
        check(loss, dict(lazy=lazy, accumulate=accumulate), dict(weight=weight, warmup=warmup, ramp=ramp))
        self.loss_of = LOSSES[loss] if isinstance(loss, str) else loss
        self.discriminator = discriminator_of(discriminator, shape, given, width)
        self.optimizer = adam(self.discriminator, lr, betas)
        self.weight, self.ramp, self.layer, self.limit = weight, Ramp(warmup, ramp), layer, limit
        self.feature_matching, self.accumulate, self.seed = feature_matching, accumulate, seed
        self.steps = 0
        self._game = Discrimination(self.discriminator, self.loss_of, penalties, lazy)
        self._waiting: list[Pair] = []
        self._monitor, self._numbers = Monitor(), dict[str, float]()
        self._real: Tensor | None = None
        self._ready = False

    def loss(
        self, fake: Tensor, real: Tensor | None = None, given: Any = None, *, other: Tensor | None = None
    ) -> Tensor:
        """What the model adds to its loss: weighted, and 0 while the discriminator warms up.

        Args:
            fake: what the model made, ``(batch, ...)``, with its graph.
            real: real samples, ``(batch, ...)``; relativistic losses and feature matching need them.
            given: what both are conditioned on.
            other: the loss that was there before, a scalar with its graph; where there is a ``layer`` it is
                needed, and a diagnosis knows more with it.

        Raises:
            ValueError: ``real`` or ``other`` is needed and not there.
        """
        self._place(fake)
        ramp = self.ramp(self.steps)
        looked = self.steps % LOOK == 0 and not self._waiting
        if looked:
            self._numbers = {"ramp": ramp, "weight": self.weight * ramp} | numbers(fake, real, other)
        if not ramp or not self.weight:
            return fake.new_zeros(())
        with frozen(self.discriminator):
            adversarial = self._fooling(fake, real, given)
        weighted = self.weight * ramp * self._balance(other, adversarial) * adversarial
        if looked and other is not None:
            shares = norm(weighted, fake), norm(other, fake)
            self._numbers["share"] = float(shares[0] / shares[1].clamp(min=1e-12))
        return weighted

    def step(self, fake: Tensor, real: Tensor, given: Any = None) -> dict[str, float]:
        """The discriminator's own step, on the same samples; every ``accumulate``-th call moves it.

        Args:
            fake: what the model made; its graph is not used.
            real: real samples, as many.
            given: what both are conditioned on.

        Returns:
            The terms of its loss, and ``skipped``: 1 where they were not finite and it did not move. Empty
            where the step waits for more micro-batches.

        Raises:
            ValueError: the samples do not belong together.
        """
        if fake.shape[1:] != real.shape[1:] or len(fake) != len(real):
            raise ValueError(f"samples of {tuple(fake.shape)} and {tuple(real.shape)} cannot be compared")
        self._place(fake)
        self._waiting.append(Pair(real.detach(), fake.detach(), given))
        if len(self._waiting) < self.accumulate:
            return {}
        pairs, self._waiting = self._waiting, []
        batches = Batches(pairs, self.seed, self.steps, ranks(), ambient(fake.device))
        terms = alternating(self._game, {PLAYER: self.optimizer}, batches, self.steps)
        if self.steps % LOOK == 0 and self._game.seen is not None:
            self._monitor.note(self.steps, self._game.seen, bool(terms[SKIPPED]), self._numbers)
        self._real, self._game.seen = pairs[-1].real, None
        self.steps += 1
        return {name: float(term) for name, term in terms.items()}

    def diagnose(self, held_out: Tensor | None = None, given: Any = None) -> list[Advice]:
        """What is wrong with the discriminator and its weight, and what helps; nothing where all is well.

        Args:
            held_out: real samples that it was not trained on: with them it is seen whether it overfits.
            given: what they are conditioned on.
        """
        if held_out is None or self._real is None:
            return advice(self._monitor)
        with quiet(self._game), torch.no_grad():
            scores = [mean_scores(outputs(self.discriminator, x, given)) for x in (held_out, self._real)]
        return advice(self._monitor, *scores)

    def state_dict(self) -> dict[str, Any]:
        """All that it needs to go on: tensors and plain values, between steps."""
        return {
            "discriminator": self.discriminator.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "steps": self.steps,
            "monitor": self._monitor.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where ``state_dict`` was."""
        self.discriminator.load_state_dict(state["discriminator"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.steps = int(state["steps"])
        self._monitor.load_state_dict(state["monitor"])
        self._waiting = []

    def _fooling(self, fake: Tensor, real: Tensor | None, given: Any) -> Tensor:
        """The generator's loss, a mean over discriminators, and the distance of feature maps."""
        matching = self.feature_matching > 0
        ours = outputs(self.discriminator, fake, given, maps=matching)
        theirs: Sequence[Output | None] = [None] * len(ours)
        if self.loss_of.relative or matching:
            if real is None:
                raise ValueError(
                    "this loss compares with real samples: give them, adversary.loss(fake, real)"
                )
            with torch.no_grad():
                theirs = outputs(self.discriminator, real, given, maps=matching)
        pairs = zip(ours, theirs, strict=True)
        loss = torch.stack([self.loss_of.generator(a.scores, b and b.scores) for a, b in pairs]).mean()
        if not matching:
            return loss
        return loss + self.feature_matching * feature_distance([b for b in theirs if b is not None], ours)

    def _balance(self, other: Tensor | None, adversarial: Tensor) -> Tensor | float:
        """The factor that makes gradients at the layer as long as those of the other loss."""
        if self.layer is None:
            return 1.0
        if other is None:
            raise ValueError(
                "to balance gradients at a layer give the other loss: adversary.loss(..., other=loss)"
            )
        return balance(other, adversarial, self.layer, self.limit)

    def _place(self, x: Tensor) -> None:
        """Follow the samples to their device, and begin with the same weights on all ranks."""
        held = [*self.discriminator.parameters(), *self.discriminator.buffers()]
        if held and held[0].device != x.device:
            state = self.optimizer.state_dict()
            self._game.to(x.device)
            self.optimizer.load_state_dict(state)
        if not self._ready:
            copy_from_first([*self.discriminator.parameters(), *self.discriminator.buffers()])
            self._ready = True


def check(loss: Loss | str, counts: dict[str, int], sizes: dict[str, float]) -> None:
    """Say what cannot be.

    Raises:
        ValueError: there is no such loss, or a number is out of range.
    """
    if isinstance(loss, str) and loss not in LOSSES:
        raise ValueError(f"no loss is called {loss!r}: {', '.join(LOSSES)}, or a Loss of your own")
    for name, value in (counts | sizes).items():
        least = 1 if name in counts else 0
        if not value >= least:
            raise ValueError(f"{name} is at least {least}, not {value}")


def numbers(fake: Tensor, real: Tensor | None, other: Tensor | None) -> dict[str, float]:
    """What a diagnosis goes by, besides scores."""
    found = {} if other is None else {"other": float(other.detach())}
    return found if real is None else found | {"difference": relative_distance(fake, real)}


def ranks() -> Ranks:
    """Which of how many processes this is."""
    there = dist.is_available() and dist.is_initialized()
    return Ranks(dist.get_rank(), dist.get_world_size()) if there else Ranks()


def ambient(device: torch.device) -> torch.dtype | None:
    """The dtype of the autocast around the call; None for none, and for float16: gradients are not scaled."""
    if not torch.is_autocast_enabled(device.type):
        return None
    dtype = torch.get_autocast_dtype(device.type)
    return None if dtype is torch.float16 else dtype
