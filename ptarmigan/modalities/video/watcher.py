"""A small network that has to look at time: what clips are scored in.

Distances of frames, and networks that were trained on what is to be seen in them, take a frozen clip of a
good frame for a good clip (Ge et al. 2024, arXiv 2404.12391, of FVD). So this one learns to tell clips in
their true order from the same frozen, shuffled and reversed, and their classes where they have such. It is
trained once for a set of videos, the same way every time, and then read from the cache; how well it does is a
part of its name, as of some videos nobody can tell that they are played backwards.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from ptarmigan.core.noise import key
from ptarmigan.core.optim import Adam
from ptarmigan.data.samples import Samples, Source
from ptarmigan.media.progress import Bar
from ptarmigan.metrics import trained_networks
from ptarmigan.metrics.features import CHUNK, Vectors, chunks, softmax
from ptarmigan.modalities.video.space import VideoSpace
from ptarmigan.nets.digest import digest
from ptarmigan.nets.layers import required

VERSION = 2
"""Raised with every change that makes other weights from the same data."""
WIDTHS = (12, 24, 48)
FEATURES, PARTS = 64, 2
"""Features, and equal parts of time and of each side over which maps are averaged."""
SIDE, LONGEST = 32, 32
"""Pixels of a side, and frames, that are looked at; more are averaged."""
BATCH, STEPS, RATE = 24, 300, 4e-3
NOISE = 0.1
"""The largest standard deviation of noise that is added in training, where black is -1 and white 1."""
TELLS = 0.75
"""The share of held-out clips from which on it can tell an order."""


def frozen(x: Tensor, random: torch.Generator) -> Tensor:
    """The first frame all the time."""
    return x[:, :, :1].expand_as(x)


def shuffled(x: Tensor, random: torch.Generator) -> Tensor:
    """The frames in another order, the same for all clips."""
    return x[:, :, torch.randperm(x.shape[2], generator=random)]


def backwards(x: Tensor, random: torch.Generator) -> Tensor:
    """The last frame first."""
    return x.flip(2)


ORDERS: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "frozen": frozen,
    "shuffled": shuffled,
    "reversed": backwards,
}


class Net(nn.Module):
    """Three convolutions over time and space, and a linear layer; heads for classes and for wrong orders."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for i, (a, b) in enumerate(zip((2 * channels, *WIDTHS), WIDTHS, strict=False)):
            stride = (2 if i else 1, 2, 2)
            layers += [nn.Conv3d(a, b, 3, stride, 1, bias=False), nn.BatchNorm3d(b), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        size = WIDTHS[-1] * PARTS**3
        # of mean 0 and deviation 1 each, so that distances are in deviations
        self.hidden = nn.Sequential(nn.Linear(size, FEATURES), nn.BatchNorm1d(FEATURES, affine=False))
        self.classes, self.orders = nn.Linear(FEATURES, max(1, classes)), nn.Linear(FEATURES, len(ORDERS))

    def features(
        self, x: Float[Tensor, "batch channel frame height width"]
    ) -> Float[Tensor, "batch feature"]:
        """Clips in [-1, 1] to features, by their frames and how these change."""
        x = smaller(x)
        change = F.pad(x.diff(dim=2), (0, 0, 0, 0, 1, 0))
        maps = self.body(torch.cat([x, change], 1))
        features: Tensor = self.hidden(F.adaptive_avg_pool3d(maps, PARTS).flatten(1))
        return features


def smaller(x: Tensor) -> Tensor:
    """Clips of at most 32 frames of 32 pixels a side."""
    shape = (min(LONGEST, x.shape[2]), min(SIDE, x.shape[3]), min(SIDE, x.shape[4]))
    return x if tuple(x.shape[2:]) == shape else F.adaptive_avg_pool3d(x, shape)


@dataclass(frozen=True, eq=False)
class Watcher:
    """A trained network as ``Features``.

    Attributes:
        space: the clips it takes.
        hash: a digest of the weights.
        net: the network.
        held_out: real clips, on which its quality is measured.
    """

    space: VideoSpace
    hash: str
    net: Net = field(repr=False)
    held_out: Source = field(repr=False)

    @property
    def name(self) -> str:
        """Which network it is, and how often it is right about held-out clips."""
        told = ", ".join(f"{order} {share:.2f}" for order, share in self.quality.items())
        return f"video network:{self.hash[:8]}, right of held-out clips: {told}"

    @cached_property
    def quality(self) -> dict[str, float]:
        """The share of held-out clips, in true order and not, that each wrong order is told from."""
        raw = np.concatenate(list(chunks(self.held_out, np.arange(len(self.held_out)))))
        true = self.wrong(self(raw))
        found = {}
        for i, order in enumerate(ORDERS):
            other = self.wrong(self(reordered(raw, order)))
            found[order] = float(((true[:, i] < 0).mean() + (other[:, i] >= 0).mean()) / 2)
        return found

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The last hidden layer for raw clips, of shape (n, 64)."""
        found = []
        with torch.inference_mode(), torch.autocast("cpu", enabled=False):
            for start in range(0, len(raw), CHUNK):
                some = raw[start : start + CHUNK]
                # always as many: the rounding of a matrix product depends on how many rows it has
                whole = np.concatenate([some, some[-1:].repeat(CHUNK - len(some), 0)])
                found.append(self.net.features(self.space.encode(whole))[: len(some)].numpy())
        return np.concatenate(found)

    def wrong(self, vectors: Vectors) -> NDArray[np.float64]:
        """Of features (n, 64), a number for each wrong order, positive where the clip seems to be in it."""
        return linear(self.net.orders, vectors)

    def in_order(self, vectors: Vectors) -> NDArray[np.float64]:
        """1 of clips that seem to be in true order, by the wrong ones that the network can tell, else 0.

        NaN where it can tell none.
        """
        known = [i for i, share in enumerate(self.quality.values()) if share >= TELLS]
        if not known:
            return np.full(len(vectors), np.nan)
        return np.asarray((self.wrong(vectors)[:, known] < 0).all(1), np.float64)


@dataclass(frozen=True, eq=False)
class Classifier:
    """The same, of clips that have classes, which it tells apart too.

    Attributes:
        watcher: the network.
        classes: their names.
    """

    watcher: Watcher
    classes: tuple[str, ...]

    @property
    def hash(self) -> str:
        """A digest of the weights."""
        return self.watcher.hash

    @property
    def name(self) -> str:
        """Which network it is, and how often it is right about held-out clips."""
        return f"{self.watcher.name}, classes {self.accuracy:.2f}"

    @cached_property
    def accuracy(self) -> float:
        """The share of held-out clips that are classified as what they are."""
        source = self.watcher.held_out
        found = np.concatenate([self(raw) for raw in chunks(source, np.arange(len(source)))])
        return float((self.probabilities(found).argmax(1) == source.labels).mean())

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The last hidden layer for raw clips, of shape (n, 64)."""
        return self.watcher(raw)

    def probabilities(self, vectors: Vectors) -> NDArray[np.float64]:
        """Features (n, 64) to the probability of every class, of shape (n, classes)."""
        return softmax(linear(self.watcher.net.classes, vectors))


def linear(layer: nn.Linear, vectors: Vectors) -> NDArray[np.float64]:
    """A head of the network, in float64."""
    weight, bias = (p.detach().numpy().astype(np.float64) for p in layer.parameters())
    hidden = np.where(vectors > 0, vectors, 0.2 * vectors).astype(np.float64)
    return np.asarray(hidden @ weight.T + bias)


def reordered(raw: NDArray[Any], order: str) -> NDArray[Any]:
    """Raw clips whose frames are in a wrong order."""
    random = torch.Generator().manual_seed(key("order", order))
    x = torch.from_numpy(np.ascontiguousarray(raw)).movedim(1, 2)
    return np.ascontiguousarray(ORDERS[order](x, random).movedim(2, 1).numpy())


def learn(source: Source, held_out: Source, space: VideoSpace) -> Watcher:
    """The network of ``source``: from the cache, or trained now and put there.

    Args:
        source: real clips.
        held_out: others, on which its quality is measured.
        space: what they are.
    """
    classes = len(source.classes) if source.labels is not None else 0
    net = trained_networks.load_or_train(
        "video-network",
        trained_networks.fingerprint(source, VERSION, space.shape, source.classes, len(source)),
        VERSION,
        lambda: Net(space.channels, classes),
        lambda net: train(net, source, space),
    )
    return Watcher(space, digest(net), net, held_out)


def train(net: Net, source: Source, space: VideoSpace) -> None:
    """Adam down the cross-entropies of classes and orders, the rate rising at first, then falling."""
    random = torch.Generator().manual_seed(key("watched", VERSION))
    optimizer = Adam(net.parameters(), RATE)
    net.train().requires_grad_(True)
    words = "learning the order of frames, to score by"
    with closing(Samples(source, space, batch=BATCH, seed=VERSION)) as batches, Bar(STEPS, words) as bar:
        for step in range(STEPS):
            x, c = batches.draw(step)
            optimizer.param_groups[0]["lr"] = RATE * trained_networks.rate((step + 0.5) / STEPS)
            optimizer.zero_grad()
            error(net, x, c, random).backward()
            optimizer.step()
            bar.advance()


def error(net: Net, x: Tensor, c: Tensor | None, random: torch.Generator) -> Tensor:
    """The cross-entropies of clips in true order, and of as many of which a third is in each wrong one."""
    x = smaller(x)
    parts = [ORDERS[order](part, random) for order, part in zip(ORDERS, x.chunk(len(ORDERS)), strict=True)]
    kinds = torch.cat([torch.full((len(part),), i) for i, part in enumerate(parts)])
    seen = torch.cat([x, *parts])
    amount = NOISE * torch.rand(len(seen), 1, 1, 1, 1, generator=random)
    hidden = F.leaky_relu(net.features(seen + amount * torch.randn(seen.shape, generator=random)), 0.2)
    orders = net.orders(hidden)
    wrong = orders[len(x) :].gather(1, kinds[:, None])[:, 0]
    found = F.softplus(orders[: len(x)]).mean() + F.softplus(-wrong).mean()
    return found if c is None else found + F.cross_entropy(net.classes(hidden[: len(x)]), required(c))
