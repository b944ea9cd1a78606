"""The network of the FID: TensorFlow's Inception v3 of 2015-12-05, with the resize of its graph.

Szegedy et al. 2016, "Rethinking the Inception architecture for computer vision", arXiv 1512.00567. Its last
pooled layer is the features of the Fréchet Inception Distance (Heusel et al. 2017, arXiv 1706.08500), its
logits without bias are the classes of the Inception Score (Salimans et al. 2016, arXiv 1606.03498).

The protocol is that of the original TensorFlow code and of torch-fidelity, and equals theirs to the rounding
of float32: the weights of 2015, images of 8 bits, TensorFlow 1's bilinear resize to 299 × 299 (which maps
corners of pixels and not centres, and is not antialiased), (x - 128) / 128, and blocks as in that graph. It
deviates from pytorch-fid, which maps centres and divides by 127.5; from clean-fid, which antialiases (Parmar
et al. 2022, arXiv 2104.11222); and from whatever runs on torchvision's own weights. Images that are not RGB
of 8 bits are made so first, of which no published protocol speaks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ptarmigan.modalities.image.extractors.frozen import Frozen, FrozenClassifier, telling
from ptarmigan.modalities.image.extractors.show import Picture
from ptarmigan.modalities.image.extractors.weights import Published, load
from ptarmigan.nets.digest import digest

VERSION = 1
"""Raised with every change that makes other features from the same weights."""
SIDE = 299
CLASSES = 1008
PUBLISHED = Published(
    "pt_inception-2015-12-05-6726825d.pth",
    "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    95_628_359,
    (
        "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
    ),
)

Kernel: TypeAlias = tuple[int, int]
Pool: TypeAlias = Callable[[Tensor], Tensor]


class Step(NamedTuple):
    """One convolution of a branch, by the name that its weights have in the published file."""

    name: str
    out: int
    kernel: Kernel = (1, 1)
    stride: int = 1


Branch: TypeAlias = tuple[tuple[Step, ...], ...]
"""Steps one after another; of those that stand together each sees the same, and what they give is stacked."""


class Unit(nn.Module):
    """A convolution, batch normalisation and a rectifier."""

    def __init__(self, channels: int, out: int, kernel: Kernel, stride: int, padding: Kernel) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, height, width)`` to ``(n, out, ...)``."""
        return F.relu(self.bn(self.conv(x)))


class Block(nn.Module):
    """Branches side by side, the last of them a pool, whose outputs are stacked.

    Args:
        channels: that come in.
        branches: those of convolutions; with a stride of 1 sides stay as they are, with 2 nothing is padded.
        pool: the last branch.
        pooled: channels of the convolution after it, or 0 where there is none.
    """

    def __init__(self, channels: int, branches: tuple[Branch, ...], pool: Pool, pooled: int = 0) -> None:
        super().__init__()
        self.pool, self.channels = pool, pooled or channels
        self.branches: list[list[list[Unit]]] = []
        for branch in branches:
            now, units = channels, []
            for together in branch:
                units.append([self._add(now, step) for step in together])
                now = sum(step.out for step in together)
            self.branches.append(units)
            self.channels += now
        self.branch_pool = Unit(channels, pooled, (1, 1), 1, (0, 0)) if pooled else nn.Identity()

    def _add(self, channels: int, step: Step) -> Unit:
        padding = (step.kernel[0] // 2, step.kernel[1] // 2) if step.stride == 1 else (0, 0)
        unit = Unit(channels, step.out, step.kernel, step.stride, padding)
        self.add_module(step.name, unit)
        return unit

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, height, width)`` to ``(n, self.channels, ...)``."""
        outs = []
        for branch in self.branches:
            y = x
            for together in branch:
                y = torch.cat([unit(y) for unit in together], 1)
            outs.append(y)
        return torch.cat([*outs, self.branch_pool(self.pool(x))], 1)


average = partial(F.avg_pool2d, kernel_size=3, stride=1, padding=1, count_include_pad=False)
"""Of the neighbours that there are; torchvision counts the padding too."""
greatest = partial(F.max_pool2d, kernel_size=3, stride=1, padding=1)
"""In the last block alone, where torchvision has an average."""
halve = partial(F.max_pool2d, kernel_size=3, stride=2)


def _chain(*steps: Step) -> Branch:
    return tuple((step,) for step in steps)


def _a(channels: int, pooled: int) -> Block:
    five = _chain(Step("branch5x5_1", 48), Step("branch5x5_2", 64, (5, 5)))
    double = _chain(
        Step("branch3x3dbl_1", 64), Step("branch3x3dbl_2", 96, (3, 3)), Step("branch3x3dbl_3", 96, (3, 3))
    )
    return Block(channels, (_chain(Step("branch1x1", 64)), five, double), average, pooled)


def _b(channels: int) -> Block:
    double = _chain(
        Step("branch3x3dbl_1", 64), Step("branch3x3dbl_2", 96, (3, 3)), Step("branch3x3dbl_3", 96, (3, 3), 2)
    )
    return Block(channels, (_chain(Step("branch3x3", 384, (3, 3), 2)), double), halve)


def _c(channels: int, inner: int) -> Block:
    seven = _chain(
        Step("branch7x7_1", inner), Step("branch7x7_2", inner, (1, 7)), Step("branch7x7_3", 192, (7, 1))
    )
    double = _chain(
        Step("branch7x7dbl_1", inner),
        Step("branch7x7dbl_2", inner, (7, 1)),
        Step("branch7x7dbl_3", inner, (1, 7)),
        Step("branch7x7dbl_4", inner, (7, 1)),
        Step("branch7x7dbl_5", 192, (1, 7)),
    )
    return Block(channels, (_chain(Step("branch1x1", 192)), seven, double), average, 192)


def _d(channels: int) -> Block:
    three = _chain(Step("branch3x3_1", 192), Step("branch3x3_2", 320, (3, 3), 2))
    seven = _chain(
        Step("branch7x7x3_1", 192),
        Step("branch7x7x3_2", 192, (1, 7)),
        Step("branch7x7x3_3", 192, (7, 1)),
        Step("branch7x7x3_4", 192, (3, 3), 2),
    )
    return Block(channels, (three, seven), halve)


def _e(channels: int, pool: Pool) -> Block:
    three: Branch = (
        (Step("branch3x3_1", 384),),
        (Step("branch3x3_2a", 384, (1, 3)), Step("branch3x3_2b", 384, (3, 1))),
    )
    double: Branch = (
        (Step("branch3x3dbl_1", 448),),
        (Step("branch3x3dbl_2", 384, (3, 3)),),
        (Step("branch3x3dbl_3a", 384, (1, 3)), Step("branch3x3dbl_3b", 384, (3, 1))),
    )
    return Block(channels, (_chain(Step("branch1x1", 320)), three, double), pool, 192)


class Net(nn.Module):
    """Inception v3 without its auxiliary classifier, 23,850,960 weights, named as in the published file."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Unit(3, 32, (3, 3), 2, (0, 0))
        self.Conv2d_2a_3x3 = Unit(32, 32, (3, 3), 1, (0, 0))
        self.Conv2d_2b_3x3 = Unit(32, 64, (3, 3), 1, (1, 1))
        self.Conv2d_3b_1x1 = Unit(64, 80, (1, 1), 1, (0, 0))
        self.Conv2d_4a_3x3 = Unit(80, 192, (3, 3), 1, (0, 0))
        self.Mixed_5b = _a(192, 32)
        self.Mixed_5c = _a(256, 64)
        self.Mixed_5d = _a(288, 64)
        self.Mixed_6a = _b(288)
        self.Mixed_6b = _c(768, 128)
        self.Mixed_6c = _c(768, 160)
        self.Mixed_6d = _c(768, 160)
        self.Mixed_6e = _c(768, 192)
        self.Mixed_7a = _d(768)
        self.Mixed_7b = _e(1280, average)
        self.Mixed_7c = _e(2048, greatest)
        self.fc = nn.Linear(2048, CLASSES)

    def forward(self, x: Float[Tensor, "n 3 299 299"]) -> Float[Tensor, "n 2048"]:
        """Images in [-1, 1) to the features of the last pool."""
        x = halve(self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x))))
        x = halve(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        return x.mean(dim=(2, 3))


def inception(weights: Path | None = None, cache: Path | None = None) -> FrozenClassifier:
    """The features of the FID, 2,048 of an image, and the 1,008 classes of the Inception Score.

    Args:
        weights: a file of them; the published ones, from the cache or their official address, when None.
        cache: a folder; see ``Published.find``.

    Raises:
        FileNotFoundError: there is no such file, and none can be downloaded.
        ValueError: the file is damaged, unsafe, or holds other weights.
    """
    path = PUBLISHED.find(weights, cache)
    net = load(Net, path)
    hash = digest(net, "inception", VERSION)
    features = Frozen(PUBLISHED.title("inception", path, hash), hash, net, prepare)
    return telling(features, tuple(str(i) for i in range(CLASSES)), net.fc, biased=False)


def prepare(picture: Picture) -> NDArray[np.float32]:
    """One RGB image to the ``(299, 299, 3)`` that the network takes."""
    return (tensorflow1(picture.astype(np.float32), SIDE) - np.float32(128)) / np.float32(128)


def tensorflow1(x: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """``(height, width, channels)`` resized to ``side`` × ``side`` as TensorFlow 1 did, bilinearly.

    The pixel i of the result is read at i · height / side, without the half pixel that maps centre to centre,
    and between the two nearest pixels whatever the scale, so without antialiasing. All in float32, as there.
    """
    (top, bottom, down), (left, right, across) = (_places(size, side) for size in x.shape[:2])
    down, across = down[:, None, None], across[:, None]

    def row(places: NDArray[np.int64]) -> NDArray[np.float32]:
        line = x[places]
        return line[:, left] + (line[:, right] - line[:, left]) * across

    above = row(top)
    return above + (row(bottom) - above) * down


def _places(size: int, side: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """For each of ``side`` places the pixels before and after it, and how far it lies between them."""
    place = np.arange(side, dtype=np.float32) * (np.float32(size) / np.float32(side))
    before = np.minimum(place.astype(np.int64), size - 1)
    return before, np.minimum(before + 1, size - 1), place - before.astype(np.float32)
