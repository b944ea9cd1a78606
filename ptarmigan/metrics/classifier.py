"""A small classifier of the real data, whose last hidden layer is the features of the offline scores.

On labelled images it learns the classes; on unlabelled ones it learns which way an image was turned (Gidaris,
Singh and Komodakis 2018, "Unsupervised representation learning by predicting image rotations", arXiv
1803.07728).
It is trained once for a set of images, the same way every time, and then read from the cache.
"""

from __future__ import annotations

import hashlib
import math
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional as F

from ptarmigan.data.named import cache_dir
from ptarmigan.data.permutation import Indices, permute
from ptarmigan.data.samples import Samples, Source
from ptarmigan.metrics.extractors.weights import digest
from ptarmigan.metrics.features import CHUNK, Vectors, chunks, softmax
from ptarmigan.noise import key
from ptarmigan.spaces.image import ImageSpace

Kind = Literal["classifier", "rotations"]
LEARNT: dict[Kind, str] = {"classifier": "the classes", "rotations": "which way images were turned"}

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
FINGERPRINT = 10_000
"""How many samples are looked at to tell one set from another."""


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
        if tuple(x.shape[2:]) != self.size:
            x = F.interpolate(x, self.size, mode="area")
        out: Tensor = self.body(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Encoded images to class scores (n, classes)."""
        out: Tensor = self.head(self.features(x))
        return out


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
        out = np.empty((len(raw), FEATURES), np.float32)
        rows = max(1, min(CHUNK, VALUES // math.prod(self.space.shape)))
        with torch.inference_mode(), torch.autocast("cpu", enabled=False):
            for start in range(0, len(raw), rows):
                some = raw[start : start + rows]
                # always as many: the rounding of a matrix product depends on how many rows it has
                x = self.space.encode(np.concatenate([some, some[-1:].repeat(rows - len(some), axis=0)]))
                out[start : start + rows] = self.net.features(x)[: len(some)].numpy()
        return out

    def probabilities(self, features: Vectors) -> NDArray[np.float64]:
        """Features (n, 64) to the probability of every class, of shape (n, classes)."""
        weight, bias = (p.detach().numpy().astype(np.float64) for p in self.net.head.parameters())
        return softmax(features.astype(np.float64) @ weight.T + bias)

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
    path = (cache or cache_dir()) / "classifiers" / f"{fingerprint(source, space)}.safetensors"
    # whatever mode, precision or random stream the caller is in, the same network comes out and they go on
    with torch.inference_mode(False), torch.enable_grad(), torch.autocast("cpu", enabled=False):
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(key("classifier", VERSION))
            net = Net(space.channels, space.height, space.width, len(classes))
        if not _read(net, path):
            _train(net, source, space, kind)
            _write(net, path)
    net.eval().requires_grad_(False)
    return Classifier(kind, space, digest(net), classes, net)


def fingerprint(source: Source, space: ImageSpace) -> str:
    """A digest of the images' format, count and labels, and of up to 10,000 of the images themselves."""
    out = hashlib.blake2b(digest_size=16)
    out.update(repr((VERSION, space.shape, space.bits, source.classes, len(source))).encode())
    if source.labels is not None:
        out.update(np.asarray(source.labels, np.int64).tobytes())
    looked_at = permute(np.arange(min(FINGERPRINT, len(source))), len(source), "fingerprint")
    for raw in chunks(source, np.sort(looked_at)):
        out.update(raw.tobytes())
    return out.hexdigest()


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
    """Adam down the cross-entropy, the rate rising for a tenth of the steps and then falling as a cosine."""
    fewest, most = SEEN
    steps = min(max(2 * len(source), fewest), most) // BATCH
    coins = torch.Generator().manual_seed(key("turns", VERSION))
    optimizer = torch.optim.Adam(net.parameters(), RATE)
    net.train().requires_grad_(True)
    samples = Samples(source, space, batch=BATCH, seed=VERSION)
    with closing(samples) as batches, _progress(kind, steps) as report:
        for step in range(steps):
            x, c = batches.draw(step)
            if kind == "rotations" or c is None:
                c = torch.randint(TURNS, (len(x),), generator=coins)
                x = turned(x, c)
            optimizer.param_groups[0]["lr"] = RATE * _schedule((step + 0.5) / steps)
            optimizer.zero_grad()
            F.cross_entropy(net(x), c).backward()
            optimizer.step()
            report()


@contextmanager
def _progress(kind: Kind, steps: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, nothing elsewhere; call what it gives after every step."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"learning to tell {LEARNT[kind]}, to score by", total=steps)
        yield lambda: bar.advance(task)


def _schedule(progress: float) -> float:
    return min(progress / 0.1, 0.5 + 0.5 * math.cos(math.pi * max(0.0, progress - 0.1) / 0.9))


def _read(net: Net, path: Path) -> bool:
    """Fill ``net`` from ``path``; False where there is no file, or none that can be trusted."""
    if not path.exists():
        return False
    try:
        with safe_open(path, "pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            wanted = (file.metadata() or {}).get("digest")
        initial = {name: value.clone() for name, value in net.state_dict().items()}
        if initial.keys() == state.keys() and all(initial[k].shape == state[k].shape for k in initial):
            net.load_state_dict(state)
            if digest(net) == wanted:
                return True
            net.load_state_dict(initial)
    except (SafetensorError, OSError):
        pass
    warnings.warn(f"{path} is damaged: the classifier is trained again", stacklevel=3)
    return False


def _write(net: Net, path: Path) -> None:
    state = {name: value.detach().contiguous() for name, value in net.state_dict().items()}
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(draft, "wb") as file:
                file.write(save(state, {"digest": digest(net), "version": str(VERSION)}))
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        warnings.warn(
            f"the classifier was not kept: {path} cannot be written ({error.strerror})", stacklevel=3
        )
