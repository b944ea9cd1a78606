"""A perceptual term: how far pictures are apart to one of the judge's networks, which is not trained on."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core.precision import at_least_float32
from ptarmigan.data.blank import Blank
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.image.classifier import learn
from ptarmigan.modalities.image.extractors.squeezenet import MEAN, squeezenet
from ptarmigan.modalities.image.space import ImageSpace

Network: TypeAlias = Literal["data", "squeezenet"]
LEAST = 64
"""Smaller pictures are enlarged to so many pixels a side, at least, before SqueezeNet sees them."""
TINY = 1e-6


class Perceptual:
    """A distance of pictures: the mean over layers of how far their maps are apart, as a share of their size.

    Johnson et al. 2016, arXiv 1603.08155, with the L1 distance of ESRGAN, of several layers instead of one.
    It is no module, so that nobody trains, averages or saves the network.

    Args:
        net: is frozen, and goes where pictures are.
        layers: encoded pictures to maps.
    """

    def __init__(self, net: nn.Module, layers: Callable[[nn.Module, Tensor], Sequence[Tensor]]) -> None:
        self.net, self.layers = copy.deepcopy(net).eval().requires_grad_(False), layers

    def __call__(self, made: Tensor, real: Tensor) -> Tensor:
        """The mean distance of encoded pictures to their partners, both ``(n, channels, height, width)``."""
        net = self.net.to(made)
        with torch.no_grad():
            wanted = self.layers(net, real)
        apart = [
            _size(x - y) / (_size(y) + TINY) for x, y in zip(self.layers(net, made), wanted, strict=True)
        ]
        return torch.stack(apart).mean()


def perceptual(network: Network, samples: Samples, weights: str = "") -> Perceptual | None:
    """The distance in a network's layers; None where samples are known by their space only.

    Args:
        network: ``data``, which the judge trains on the samples (it sees at most 64 pixels a side), or
            ``squeezenet``, which was trained on photos.
        samples: what is looked at.
        weights: a file of SqueezeNet's weights; the one in the cache where empty.

    Raises:
        FileNotFoundError: SqueezeNet's weights are not there.
        ValueError: samples are no images.
    """
    space = samples.space
    if not isinstance(space, ImageSpace):
        raise ValueError(
            "a perceptual term compares pictures, and these are label maps: set --perceptual-weight 0"
        )
    if isinstance(samples.source, Blank):
        return None
    with _float32():
        if network == "data":
            return Perceptual(learn(samples.source, space).net, lambda net, x: net.layers(x))  # type: ignore[operator]
        net = squeezenet(Path(weights) if weights else None).net
    return Perceptual(net, lambda net, x: net.layers(prepared(x)))  # type: ignore[operator]


def prepared(x: Tensor) -> Tensor:
    """Encoded pictures of one to four channels as SqueezeNet takes them, over white where see-through."""
    if x.shape[1] in (2, 4):
        opaque = (x[:, -1:] + 1) / 2
        x = x[:, :-1] * opaque + 1 - opaque
    if x.shape[1] == 1:
        x = x.expand(-1, 3, -1, -1)
    times = -(-LEAST // min(x.shape[2:]))
    if times > 1:
        x = F.interpolate(x, scale_factor=times, mode="bilinear", align_corners=False)
    mean = torch.as_tensor(MEAN, dtype=x.dtype, device=x.device)
    return (x.flip(1) + 1) * 127.5 - mean[:, None, None]


def _size(maps: Tensor) -> Tensor:
    """The mean of the absolute values of each picture's maps, averaged over pictures."""
    return at_least_float32(maps).abs().mean()


@contextmanager
def _float32() -> Iterator[None]:
    """The judge's networks are the same whatever precision a run is played in."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
