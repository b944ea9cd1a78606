"""A small classifier of the real data, whose last hidden layer is the features of the offline scores.

On labelled images it learns the classes; on unlabelled ones it learns which way an image was turned (Gidaris,
Singh and Komodakis 2018, "Unsupervised representation learning by predicting image rotations", arXiv
1803.07728).
It is trained once for a set of images, the same way every time, and then read from the cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ptarmigan.core import noise
from ptarmigan.core.noise import key
from ptarmigan.core.optim import Adam
from ptarmigan.data.permutation import Indices
from ptarmigan.data.samples import Samples, Source
from ptarmigan.media.progress import Bar
from ptarmigan.metrics import trained_networks
from ptarmigan.metrics.features import CHUNK, Vectors, chunks, softmax
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.nets.digest import digest
from ptarmigan.nets.layers import required

Kind = Literal["classifier", "rotations"]
TARGETS: dict[Kind, str] = {"classifier": "the classes", "rotations": "which way images were turned"}

VERSION = 1
"""Raised with every change that makes other weights from the same data."""
LARGEST = 64
"""Longer sides are averaged down to this many pixels."""
WIDTH = 16
FEATURES = 64
BATCH = 128
RATE = 3e-3
SEEN = (60_000, 200_000)
"""Images seen in training: two epochs, but at least and at most so many."""
TURNS = 4
VALUES = 2**24
"""At most so many numbers of encoded images are in memory at a time."""


class Net(nn.Module):
    """Convolutions, each halving the sides until the longer is at most 4, one more, and two linear layers."""

    def __init__(self, channels: int, height: int, width: int, classes: int) -> None:
        super().__init__()
        largest = max(height, width)
        self.size = (height, width)
        if largest > LARGEST:
            shrink = LARGEST / largest
            self.size = (max(1, round(height * shrink)), max(1, round(width * shrink)))
        sides, now, out = list(self.size), channels, WIDTH
        layers: list[nn.Module] = []
        while max(sides) > 4:
            # the first of a large image strides, for the sake of speed
            stride = 2 if max(sides) > 32 else 1
            layers += _convolution(now, out, stride)
            if stride == 1:
                layers.append(nn.MaxPool2d(2, ceil_mode=True))
            sides = [-(-side // 2) for side in sides]
            now, out = out, min(2 * out, 4 * WIDTH)
        layers += [*_convolution(now, now), nn.Flatten()]
        layers += [nn.Linear(now * sides[0] * sides[1], FEATURES), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(FEATURES, classes)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def features(self, x: Tensor) -> Tensor:
        """Encoded images (n, channels, height, width) to (n, 64)."""
        out: Tensor = self.body(self._sized(x))
        return out

    def layers(self, x: Tensor) -> tuple[Tensor, ...]:
        """Encoded images to the maps after every convolution, its normalisation and its rectifier."""
        x, maps = self._sized(x), []
        for layer in self.body:
            x = layer(x)
            if isinstance(layer, nn.ReLU) and x.dim() == 4:
                maps.append(x)
        return tuple(maps)

    def forward(self, x: Tensor) -> Tensor:
        """Encoded images to class scores (n, classes)."""
        out: Tensor = self.head(self.features(x))
        return out

    def _sized(self, x: Tensor) -> Tensor:
        if tuple(x.shape[2:]) != self.size:
            x = F.interpolate(x, self.size, mode="area")
        return x


def _convolution(channels: int, out: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(channels, out, 3, stride, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]


@dataclass(frozen=True, eq=False)
class Classifier:
    """A trained network as ``Features``.

    Attributes:
        kind: what it was trained to tell: the classes of the data, or the rotations of an image.
        space: the images it takes.
        hash: a digest of the weights.
        classes: the names of what it tells.
    """

    kind: Kind
    space: ImageSpace
    hash: str
    classes: tuple[str, ...]
    net: Net = field(repr=False)

    @property
    def name(self) -> str:
        """What was learnt, and from the weights' digest which network it is."""
        return f"{self.kind}:{self.hash[:8]}"

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The last hidden layer for raw images ``(n, height, width, channels)``, of shape (n, 64)."""
        return self._seen(raw, lambda x: (self.net.features(x),))[0]

    def of_encoded(self, x: Tensor) -> Tensor:
        """The last hidden layer for encoded images, ``(n, 64)``."""
        return self.net.features(x)

    def layers(self, raw: NDArray[Any]) -> tuple[Vectors, ...]:
        """The maps of its convolutions ``(n, channels, height, width)``, from fine to coarse."""
        return self._seen(raw, self.net.layers)

    def probabilities(self, features: Vectors) -> NDArray[np.float64]:
        """Features (n, 64) to the probability of every class, of shape (n, classes)."""
        weight, bias = (p.detach().numpy().astype(np.float64) for p in self.net.head.parameters())
        return softmax(features.astype(np.float64) @ weight.T + bias)

    def maps(self, x: Tensor) -> tuple[Tensor, ...]:
        """The maps of all layers of encoded images, with gradients."""
        return self.net.layers(x)

    def accuracy(self, source: Source) -> float:
        """The share of the images in ``source`` that are told right, of rotations in turn or by their labels.

        Raises:
            ValueError: it tells classes, and the images have none.
        """
        if self.kind == "classifier" and source.labels is None:
            raise ValueError("the accuracy of a classifier needs images with classes")
        right, indices = 0, np.arange(len(source))
        for start, raw in zip(range(0, len(indices), CHUNK), chunks(source, indices), strict=True):
            if self.kind == "rotations" or source.labels is None:
                truth = np.arange(len(raw)) % TURNS
                raw = self.space.decode(turned(self.space.encode(raw), torch.from_numpy(truth)))
            else:
                truth = source.labels[start : start + CHUNK]
            right += int((self.probabilities(self(raw)).argmax(axis=1) == truth).sum())
        return right / len(source)

    def _seen(self, raw: NDArray[Any], look: Callable[[Tensor], tuple[Tensor, ...]]) -> tuple[Vectors, ...]:
        """What a function of encoded images makes of raw ones, a few at a time."""
        rows = max(1, min(CHUNK, VALUES // math.prod(self.space.shape)))
        found = []
        with torch.inference_mode(), torch.autocast("cpu", enabled=False):
            for start in range(0, len(raw), rows):
                some = raw[start : start + rows]
                # always as many: the rounding of a matrix product depends on how many rows it has
                x = self.space.encode(np.concatenate([some, some[-1:].repeat(rows - len(some), axis=0)]))
                found.append([made[: len(some)].numpy() for made in look(x)])
        return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))


@dataclass(frozen=True, eq=False)
class Unlabelled:
    """A source without its classes, so that rotations are learnt from it."""

    source: Source
    labels: None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.source)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The raw samples at ``indices``."""
        return self.source.read(indices)


def learn(source: Source, space: ImageSpace, cache: Path | None = None) -> Classifier:
    """The classifier of ``source``: from the cache, or trained now and put there.

    Args:
        source: real images; with two classes or more it learns these, otherwise rotations.
        space: what the images are.
        cache: a folder; ``$PTARMIGAN_CACHE`` or ``~/.cache/ptarmigan`` when None. Networks lie in its
            ``classifiers``. A damaged one is trained again; where none can be written it goes on without.
    """
    kind, classes = _task(source)
    net = trained_networks.load_or_train(
        "classifier",
        fingerprint(source, space),
        VERSION,
        lambda: Net(space.channels, space.height, space.width, len(classes)),
        lambda net: _train(net, source, space, kind),
        cache,
    )
    return Classifier(kind, space, digest(net), classes, net)


def fitted(samples: Samples, *, steps: int, weight: NDArray[Any] | None = None) -> Classifier:
    """A classifier of the classes of these samples, trained now; not kept.

    Args:
        samples: labelled images, in the batches that they come in.
        steps: how many batches.
        weight: of every class in the loss; alike when None.
    """
    space, classes = samples.space, samples.space.classes
    assert isinstance(space, ImageSpace)
    with noise.isolated():
        noise.seed_torch(key("fitted", samples.seed))
        net = Net(space.channels, space.height, space.width, len(classes))
    weights = None if weight is None else torch.from_numpy(weight).float()

    def loss(x: Tensor, c: Tensor | None) -> Tensor:
        return F.cross_entropy(net(x), required(c), weights)

    with torch.autocast("cpu", enabled=False):
        _descend(net, samples, loss, "learning to tell the classes", steps)
    net.eval().requires_grad_(False)
    return Classifier("classifier", space, digest(net), classes, net)


def fingerprint(source: Source, space: ImageSpace) -> str:
    """A digest of the images' format, count and labels, and of up to 10,000 of the images themselves."""
    return trained_networks.fingerprint(source, VERSION, space.shape, space.bits, source.classes, len(source))


def turned(x: Tensor, how: Tensor) -> Tensor:
    """Encoded images, each by its own of four turns: quarter turns, or mirrorings where they are not square.

    Args:
        x: (n, channels, height, width).
        how: (n,), from 0, which leaves an image as it is, to 3.
    """
    square = x.shape[2] == x.shape[3]
    out = torch.empty_like(x)
    for turn, axes in enumerate(((), (3,), (2,), (2, 3))):
        mine = how == turn
        out[mine] = torch.rot90(x[mine], turn, (2, 3)) if square else x[mine].flip(axes)
    return out


def _task(source: Source) -> tuple[Kind, tuple[str, ...]]:
    if source.labels is None or len(source.classes) < 2:
        return "rotations", tuple(f"turn {i}" for i in range(TURNS))
    return "classifier", source.classes


def _train(net: Net, source: Source, space: ImageSpace, kind: Kind) -> None:
    """Down the cross-entropy of the classes, or of which way images were turned."""
    fewest, most = SEEN
    steps = min(max(2 * len(source), fewest), most) // BATCH
    coins = torch.Generator().manual_seed(key("turns", VERSION))

    def loss(x: Tensor, c: Tensor | None) -> Tensor:
        if kind == "rotations" or c is None:
            c = torch.randint(TURNS, (len(x),), generator=coins)
            x = turned(x, c)
        return F.cross_entropy(net(x), c)

    samples = Samples(source, space, batch=BATCH, seed=VERSION)
    _descend(net, samples, loss, f"learning to tell {TARGETS[kind]}, to score by", steps)


def _descend(
    net: Net, samples: Samples, loss: Callable[[Tensor, Tensor | None], Tensor], words: str, steps: int
) -> None:
    """Adam down the loss, the rate rising for a tenth of the steps and then falling as a cosine."""
    optimizer = Adam(net.parameters(), RATE)
    net.train().requires_grad_(True)
    with closing(samples) as batches, Bar(steps, words) as bar:
        for step in range(steps):
            x, c = batches.draw(step)
            optimizer.param_groups[0]["lr"] = RATE * trained_networks.rate((step + 0.5) / steps)
            optimizer.zero_grad()
            loss(x, c).backward()
            optimizer.step()
            bar.advance()
