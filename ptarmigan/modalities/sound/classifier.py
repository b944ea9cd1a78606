"""A small classifier of the real sounds, whose last hidden layer is the features of the scores.

It hears what a person does: log-mel frames from 60 dB below the loudest up, so that digital silence, and
noise below that, are nothing to it; in training some noise is added, and clips are moved in time. It is
trained once for a set of sounds, the same way every time, and then read from the cache.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ptarmigan.core.noise import key
from ptarmigan.core.optim import Adam
from ptarmigan.data.samples import Samples, Source
from ptarmigan.media.progress import Bar
from ptarmigan.metrics import trained_networks
from ptarmigan.metrics.features import CHUNK, Vectors, chunks, softmax
from ptarmigan.modalities.sound.audible import audible_mel
from ptarmigan.modalities.sound.space import SoundSpace
from ptarmigan.nets.digest import digest
from ptarmigan.nets.layers import required

VERSION = 1
"""Raised with every change that makes other weights from the same data."""
BANDS, OVERLAP = 40, 2
"""Mel bands, and hops in a frame."""
WIDTHS = (16, 32, 64)
PARTS = 6
"""Equal parts of time over which maps are averaged."""
FEATURES = 64
BATCH, RATE = 64, 3e-3
SEEN = (12_000, 100_000)
"""Clips seen in training: six epochs, but at least and at most so many."""
EPOCHS = 6
NOISE = (25.0, 60.0)
"""Decibels below a clip's power of the white noise that is added to it, from and to."""
MOVED = 0.1
"""The share of a clip's length by which it is moved, at most."""


class Net(nn.Module):
    """Three convolutions of log-mel frames with batch norm, each halving both sides, and two linear layers.

    Maps are averaged over equal parts of time, so that clips of any length have as many features.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((1, *WIDTHS), WIDTHS, strict=False):
            layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
        self.body = nn.Sequential(*layers)
        size = WIDTHS[-1] * -(-BANDS // 2 ** len(WIDTHS)) * PARTS
        # of mean 0 and deviation 1 each, so that distances are in deviations
        self.hidden = nn.Sequential(nn.Linear(size, FEATURES), nn.BatchNorm1d(FEATURES, affine=False))
        self.head = nn.Linear(FEATURES, classes)

    def features(self, mel: Tensor) -> Tensor:
        """Log-mel frames ``(n, band, frame)`` to ``(n, 64)``."""
        maps = self.body(mel[:, None])
        pooled = F.adaptive_avg_pool2d(maps, (maps.shape[2], PARTS)).flatten(1)
        features: Tensor = self.hidden(pooled)
        return features

    def forward(self, mel: Tensor) -> Tensor:
        """Log-mel frames to class scores ``(n, classes)``."""
        scores: Tensor = self.head(F.leaky_relu(self.features(mel), 0.2))
        return scores


@dataclass(frozen=True, eq=False)
class Classifier:
    """A trained network as ``Features``.

    Attributes:
        space: the sounds it takes.
        hash: a digest of the weights.
        classes: the names of what it tells apart.
        accuracy: on held-out sounds, from 0 to 1.
    """

    space: SoundSpace
    hash: str
    classes: tuple[str, ...]
    net: Net = field(repr=False)
    held_out: Source = field(repr=False)

    @property
    def name(self) -> str:
        """What was learnt, which network it is, and how good it is."""
        return f"log-mel classifier:{self.hash[:8]}, {100 * self.accuracy:.1f} % right of held-out sounds"

    @cached_property
    def accuracy(self) -> float:
        """The share of held-out sounds that are classified as what they are."""
        labels, right = self.held_out.labels, 0
        assert labels is not None
        rows = np.arange(len(self.held_out))
        for start, raw in zip(range(0, len(rows), CHUNK), chunks(self.held_out, rows), strict=True):
            right += int((self.probabilities(self(raw)).argmax(1) == labels[start : start + CHUNK]).sum())
        return right / len(rows)

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The last hidden layer for raw clips ``(n, length)``, of shape (n, 64)."""
        found = []
        with torch.inference_mode(), torch.autocast("cpu", enabled=False):
            for start in range(0, len(raw), CHUNK):
                some = raw[start : start + CHUNK]
                # always as many: the rounding of a matrix product depends on how many rows it has
                whole = np.concatenate([some, some[-1:].repeat(CHUNK - len(some), 0)])
                mel = heard(torch.from_numpy(np.asarray(whole, np.float32)), self.space.rate)
                found.append(self.net.features(mel)[: len(some)].numpy())
        return np.concatenate(found)

    def probabilities(self, vectors: Vectors) -> NDArray[np.float64]:
        """Features (n, 64) to the probability of every class, of shape (n, classes)."""
        weight, bias = (p.detach().numpy().astype(np.float64) for p in self.net.head.parameters())
        hidden = np.where(vectors > 0, vectors, 0.2 * vectors).astype(np.float64)
        return softmax(hidden @ weight.T + bias)


def learn(source: Source, held_out: Source, space: SoundSpace, what: str = "classes") -> Classifier:
    """The classifier of ``source``: from the cache, or trained now and put there.

    Args:
        source: real sounds, with two classes or more.
        held_out: others, on which its accuracy is measured.
        space: what they are.
        what: it tells apart, in words.
    """
    net = trained_networks.load_or_train(
        "sound-classifier",
        trained_networks.fingerprint(source, VERSION, space.rate, space.length, source.classes, len(source)),
        VERSION,
        lambda: Net(len(source.classes)),
        lambda net: train(net, source, space, what),
    )
    return Classifier(space, digest(net), source.classes, net, held_out)


def heard(waves: Tensor, rate: int) -> Tensor:
    """The frames that the network sees, ``(n, 40, frame)``, from -1 to 1."""
    return 2 * audible_mel(waves, rate, BANDS, OVERLAP) - 1


def train(net: Net, source: Source, space: SoundSpace, what: str) -> None:
    """Adam down the cross-entropy, the rate rising for a tenth of the steps and then falling as a cosine."""
    fewest, most = SEEN
    steps = min(max(EPOCHS * len(source), fewest), most) // BATCH
    coins = torch.Generator().manual_seed(key("heard", VERSION))
    plain = SoundSpace(space.rate, space.length, source.classes)
    optimizer = Adam(net.parameters(), RATE)
    net.train().requires_grad_(True)
    words = f"learning to tell the {what} of sounds, to score by"
    with closing(Samples(source, plain, batch=BATCH, seed=VERSION)) as batches, Bar(steps, words) as bar:
        for step in range(steps):
            x, c = batches.draw(step)
            mel = heard(disturbed(x[:, 0], coins), space.rate)
            optimizer.param_groups[0]["lr"] = RATE * trained_networks.rate((step + 0.5) / steps)
            optimizer.zero_grad()
            F.cross_entropy(net(mel), required(c)).backward()
            optimizer.step()
            bar.advance()


def disturbed(waves: Tensor, coins: torch.Generator) -> Tensor:
    """Clips ``(n, length)`` with white noise of some loudness, each moved in time by some samples."""
    n, length = waves.shape
    low, high = NOISE
    below = low + (high - low) * torch.rand(n, 1, generator=coins)
    power = waves.square().mean(1, keepdim=True).sqrt() * 10 ** (-below / 20)
    most = int(MOVED * length)
    by = torch.randint(-most, most + 1, (n, 1), generator=coins)
    places = torch.arange(length) - by
    moved = waves.gather(1, places.clamp(0, length - 1)) * ((places >= 0) & (places < length))
    return moved + power * torch.randn(n, length, generator=coins)
