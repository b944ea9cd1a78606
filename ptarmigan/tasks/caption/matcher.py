"""A judge of pictures and captions: two small encoders that put a picture near its own caption.

Trained once for a set of pictures with captions, the same way every time, and then read from the cache. It is
no part of any generator that it is to judge: one that learnt by it would fool it.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from ptarmigan.core.noise import key
from ptarmigan.core.optim import Adam
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.media.progress import Bar
from ptarmigan.metrics import trained_networks
from ptarmigan.metrics.features import CHUNK
from ptarmigan.modalities.text.sentences import SentenceEncoder, numbers_of
from ptarmigan.modalities.text.space import TextSpace

VERSION = 1
"""Raised with every change that makes other weights from the same data."""
WIDTHS = (24, 48, 96)
SIZE, SIDE = 64, 32
"""Numbers of a vector, and pixels of a side that are looked at; more are averaged."""
BATCH, STEPS, RATE = 64, 500, 2e-3
TEMPERATURE = 0.1
AMONG = 100
"""Captions among which a picture's own has to be found, with it."""

Vectors = NDArray[np.float32]


class Net(nn.Module):
    """Three convolutions and a linear layer, and gated recurrent units; vectors of both have length 1."""

    def __init__(self, channels: int, space: TextSpace) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for a, b in zip((channels, *WIDTHS), WIDTHS, strict=False):
            layers += [nn.Conv2d(a, b, 3, 2, 1), nn.GroupNorm(8, b), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(4), nn.Flatten())
        self.linear = nn.Linear(16 * WIDTHS[-1], SIZE)
        self.sentences = SentenceEncoder(space, SIZE)

    def pictures(self, x: Float[Tensor, "batch channel height width"]) -> Float[Tensor, "batch number"]:
        """The vectors of pictures."""
        x = F.adaptive_avg_pool2d(x, (min(SIDE, x.shape[2]), min(SIDE, x.shape[3])))
        return F.normalize(self.linear(self.body(x)), dim=1)

    def captions(self, c: Tensor) -> Float[Tensor, "batch number"]:
        """The vectors of captions, which are numbers of tokens."""
        return F.normalize(self.sentences(c), dim=1)


@dataclass(frozen=True, eq=False)
class Matcher:
    """The trained encoders.

    Attributes:
        net: the networks.
        space: of the pictures.
    """

    net: Net = field(repr=False)
    space: Space

    def pictures(self, raw: NDArray[np.generic]) -> Vectors:
        """The vectors of raw pictures."""
        parts = [raw[i : i + CHUNK] for i in range(0, len(raw), CHUNK)]
        with torch.inference_mode(), torch.autocast("cpu", enabled=False):
            return np.concatenate([self.net.pictures(self.space.encode(part)).numpy() for part in parts])

    def captions(self, raw: NDArray[np.generic]) -> Vectors:
        """The vectors of raw captions."""
        with torch.inference_mode(), torch.autocast("cpu", enabled=False):
            return np.asarray(self.net.captions(torch.from_numpy(raw).long()).numpy())

    def found(self, raw: NDArray[np.generic], captions: NDArray[np.generic]) -> NDArray[np.float64]:
        """1 for every picture that is nearer to its own caption than to 99 others, else 0.

        Xu et al. 2018, arXiv 1711.10485, section 4, with R = 1. The others are captions that differ, drawn
        the same way every time; of fewer than 100 all of them.
        """
        different, own = np.unique(captions, axis=0, return_inverse=True)
        near = self.pictures(raw) @ self.captions(different).T
        rng = np.random.default_rng(key("captions", "R-precision"))
        right = np.empty(len(raw))
        for row, (scores, mine) in enumerate(zip(near, own.reshape(-1), strict=True)):
            others = np.delete(np.arange(len(different)), mine)
            others = rng.permutation(others)[: AMONG - 1]
            right[row] = (scores[others] < scores[mine]).all()
        return right


def learn(samples: Samples, captions: TextSpace) -> Matcher:
    """The encoders of training pictures and their captions: from the cache, or trained now and put there."""
    given, space = samples.require_condition(), samples.space
    names = (
        VERSION,
        STEPS,
        captions.vocabulary,
        trained_networks.fingerprint(given.source, VERSION, captions.shape),
    )
    net = trained_networks.load_or_train(
        "caption-network",
        trained_networks.fingerprint(samples.source, names, space.shape, len(samples)),
        VERSION,
        lambda: Net(space.shape[0], captions),
        lambda net: train(net, samples),
    )
    return Matcher(net, space)


def train(net: Net, samples: Samples) -> None:
    """Adam down the cross-entropy of which caption is a picture's and which picture a caption's (InfoNCE).

    van den Oord et al. 2018, arXiv 1807.03748; equal captions in a batch count as one.
    """
    optimizer = Adam(net.parameters(), RATE)
    net.train().requires_grad_(True)
    own = Samples(samples.source, samples.space, batch=BATCH, seed=VERSION, condition=samples.condition)
    with closing(own) as batches, Bar(STEPS, "learning captions, to score by") as bar:
        for step in range(STEPS):
            batch = batches.draw(step)
            c = numbers_of(batch.c)
            optimizer.param_groups[0]["lr"] = RATE * trained_networks.rate((step + 0.5) / STEPS)
            optimizer.zero_grad()
            error(net.pictures(batch.x), net.captions(c), c).backward()
            optimizer.step()
            bar.advance()


def error(
    pictures: Float[Tensor, "batch number"], captions: Float[Tensor, "batch number"], c: Tensor
) -> Float[Tensor, ""]:
    """The cross-entropies of both ways."""
    same = (c[:, None] == c[None]).all(2) & ~torch.eye(len(c), dtype=torch.bool)
    near = (pictures @ captions.T / TEMPERATURE).masked_fill(same, -torch.inf)
    own = torch.arange(len(c))
    return F.cross_entropy(near, own) + F.cross_entropy(near.T, own)
