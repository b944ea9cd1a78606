"""Discriminators that are made by name, and one form for what all discriminators return."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ptarmigan.core.game import State
from ptarmigan.nets.patchgan import MultiScale, PatchGAN
from ptarmigan.nets.waves import PERIODS, PeriodDiscriminator, ScaleDiscriminator, Together

Kind: TypeAlias = Literal["patch", "multiscale", "multiperiod"]
SCALES = 3
ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.SiLU, nn.GELU, nn.ELU, nn.Tanh, nn.PReLU)


class Output(NamedTuple):
    """What one discriminator returns for a batch.

    Attributes:
        scores: raw, batch first, one or several for a sample.
        maps: the feature maps of its layers; empty where nobody asked for them.
    """

    scores: Tensor
    maps: Sequence[Tensor] = ()


def discriminator_of(
    kind: nn.Module | Kind, shape: Sequence[int], given: Sequence[int] | None, width: int
) -> nn.Module:
    """A discriminator: one's own as it is, without the wrapper of DDP, or one that is made by name.

    Args:
        kind: ``"patch"``, a PatchGAN (Isola et al. 2017, arXiv 1611.07004); ``"multiscale"``, one for a
            picture and each of its halvings (Wang et al. 2018, arXiv 1711.11585); ``"multiperiod"``, those of
            a wave ``(1, length)`` in HiFi-GAN (Kong et al. 2020, arXiv 2010.05646).
        shape: of a sample, without the batch; channels first.
        given: of what it is conditioned on, a picture of the same or a smaller size; None for no condition.
        width: channels of the first layer.

    Raises:
        ValueError: there is no such kind, or it is not for samples of that shape.
    """
    if isinstance(kind, DistributedDataParallel):
        return kind.get_submodule("module")  # gradients are averaged by the step
    if isinstance(kind, nn.Module):
        return kind
    if kind not in get_args(Kind):
        kinds = ", ".join(map(repr, get_args(Kind)))
        raise ValueError(f"no discriminator is called {kind!r}: {kinds}, or a network of your own")
    if len(shape) != (2 if kind == "multiperiod" else 3):
        wanted = "waves, (1, length)" if kind == "multiperiod" else "pictures, (channels, height, width)"
        raise ValueError(f"shape is {tuple(shape)}, and the discriminator {kind!r} is for {wanted}")
    condition = None if given is None else tuple(given)
    if kind == "patch":
        return PatchGAN(tuple(shape), condition, width, norm=nn.Identity)
    if kind == "multiscale":
        return MultiScale(tuple(shape), width, inputs=condition)
    if condition is not None:
        raise ValueError("the discriminator 'multiperiod' has no condition: leave given out")
    scales: list[nn.Module] = [ScaleDiscriminator(i, width, spectral=not i) for i in range(SCALES)]
    periods: list[nn.Module] = [PeriodDiscriminator(period, width) for period in PERIODS]
    return Together([*periods, *scales], [1.0] * (len(periods) + SCALES))


def outputs(network: nn.Module, x: Tensor, given: Any = None, *, maps: bool = False) -> list[Output]:
    """What each of the discriminators in ``network`` returns.

    A network returns scores, scores and a list of feature maps, or a list of either. Of one that returns
    scores alone the maps are the outputs of its activation layers.

    Args:
        network: ``x -> ...``, or ``(x, given) -> ...``.
        x: samples, ``(batch, ...)``.
        given: what they are conditioned on; None for no condition.
        maps: feature maps are wanted.

    Raises:
        ValueError: they are, and there are none.
    """
    kept: list[Tensor] = []
    with captured(network, kept if maps else None):
        returned = network(x) if given is None else network(x, given)
    found = [output_of(one) for one in (returned if isinstance(returned, list) else [returned])]
    if not maps or all(one.maps for one in found):
        return found
    if not kept:
        raise ValueError(
            "the discriminator has no feature maps to match: let it return (scores, maps), or use layers of "
            "torch.nn as its activations"
        )
    return [Output(found[0].scores, kept), *found[1:]]


def output_of(returned: Any) -> Output:
    """Scores, or scores and maps."""
    if isinstance(returned, Tensor):
        return Output(returned)
    scores, maps = returned
    return Output(scores, list(maps))


@contextmanager
def captured(network: nn.Module, kept: list[Tensor] | None) -> Iterator[None]:
    """A context in which the outputs of activation layers are added to ``kept``."""
    layers = [m for m in network.modules() if isinstance(m, ACTIVATIONS)] if kept is not None else []
    handles = [layer.register_forward_hook(lambda m, i, out: kept.append(out)) for layer in layers]  # type: ignore[union-attr]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """A context in which gradients go through the network, and none to its weights, nor its states change."""
    held = [p for p in network.parameters() if p.requires_grad]
    for p in held:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p in held:
            p.requires_grad_(True)
        for module in network.modules():
            if isinstance(module, State):
                module.total.zero_()
                module.notes = 0


def feature_distance(real: Sequence[Output], fake: Sequence[Output]) -> Tensor:
    """The mean absolute difference of the maps, a mean over layers: Larsen et al. 2016, arXiv 1512.09300."""
    pairs = [(a, b) for r, f in zip(real, fake, strict=True) for a, b in zip(r.maps, f.maps, strict=True)]
    return torch.stack([(b - a.detach()).abs().float().mean() for a, b in pairs]).mean()
