"""A plain U-Net that learns from pairs, without a discriminator: what nobody needs a GAN for.

Of pictures it learns to be near the real ones (L1), and so makes them blurred; of label maps it learns how
likely each class is. The evaluator trains one to compare a translation with, and one to find the classes
again in the photos that a translation makes of labels. It is trained once for a set of pairs, the same way
every time, and then read from the cache.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan.core.optim import Adam
from ptarmigan.data.condition import Condition
from ptarmigan.data.samples import Samples, Source
from ptarmigan.data.space import Space
from ptarmigan.media.progress import Bar
from ptarmigan.metrics import trained_networks
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.nets.digest import digest
from ptarmigan.nets.unet import UNet

VERSION = 1
"""Raised with every change that makes other weights from the same pairs."""
WIDTH = 16
BATCH = 8
RATE = 2e-3
TRAINED_PAIRS = 24_000
"""Pairs seen in training, at most."""
PIXELS = 80_000_000
"""Pixels of outputs seen in training, at most: about two minutes of one core."""
ROWS = 8


@dataclass(frozen=True, eq=False)
class Mapping:
    """A trained U-Net from raw inputs to raw outputs.

    Attributes:
        inputs: what an input is.
        space: what an output is.
        hash: a digest of the weights.
    """

    inputs: Space
    space: Space
    hash: str
    net: UNet = field(repr=False)

    def __call__(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Raw outputs for raw inputs, one a row."""
        out = []
        with torch.inference_mode(), torch.autocast("cpu", enabled=False):
            for start in range(0, len(raw), ROWS):
                some = raw[start : start + ROWS]
                # always as many: the rounding of a matrix product depends on how many rows it has
                whole = np.concatenate([some, some[-1:].repeat(ROWS - len(some), axis=0)])
                out.append(self.space.decode(self.net(self.inputs.encode(whole))[: len(some)]))
        return np.concatenate(out)


def unfit(inputs: Space, space: Space) -> str:
    """Why nothing can be learnt between two spaces, or nothing."""
    images = isinstance(inputs, ImageSpace | LabelSpace) and isinstance(space, ImageSpace | LabelSpace)
    if not images or min(space.shape[1:]) < 8:
        return "a U-Net maps pictures of 8 pixels or more"
    (_, high, wide), (_, height, width) = inputs.shape, space.shape
    if height % high or width % wide or height // high != width // wide:
        return "a U-Net makes pictures of its input's size, or a whole number of times as large"
    return ""


def learn(given: Source, inputs: Space, targets: Source, space: Space, cache: Path | None = None) -> Mapping:
    """The U-Net of these pairs: from the cache, or trained now and put there.

    Args:
        given: inputs.
        inputs: what one of them is.
        targets: what they become, in the same order.
        space: what one of these is.
        cache: a folder; ``$PTARMIGAN_CACHE`` or ``~/.cache/ptarmigan`` when None. Networks lie in its
            ``mappings``.

    Raises:
        ValueError: nothing can be learnt between such spaces.
    """
    if words := unfit(inputs, space):
        raise ValueError(words)
    said = (VERSION, inputs.to_json(), space.to_json(), len(targets))
    net = trained_networks.load_or_train(
        "mapping",
        trained_networks.fingerprint(given, *said, trained_networks.fingerprint(targets)),
        VERSION,
        lambda: UNet(inputs.shape, space.shape, WIDTH, dropout=0.0).to(memory_format=torch.channels_last),  # type: ignore[call-overload]
        lambda net: _train(net, given, inputs, targets, space),
        cache,
    )
    return Mapping(inputs, space, digest(net), net)


def _train(net: UNet, given: Source, inputs: Space, targets: Source, space: Space) -> None:
    """Adam down the distance to the targets, the rate rising for a tenth of the steps and then falling."""
    pixels = space.shape[1] * space.shape[2]
    steps = max(1, min(TRAINED_PAIRS, PIXELS // pixels) // BATCH)
    optimizer = Adam(net.parameters(), RATE)
    net.train().requires_grad_(True)
    pairs = Condition(inputs, given, given, matched=True, paired=True)
    samples = Samples(targets, space, batch=BATCH, seed=VERSION, condition=pairs)
    loss = space.distance
    with closing(samples) as batches, Bar(steps, "learning what a U-Net alone can do") as bar:
        for step in range(steps):
            b, a = batches.draw(step)
            assert a is not None
            optimizer.param_groups[0]["lr"] = RATE * trained_networks.rate((step + 0.5) / steps)
            optimizer.zero_grad()
            loss(net(a), b).backward()
            optimizer.step()
            bar.advance()
