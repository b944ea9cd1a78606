"""ResNet-20 trained on CIFAR-10: features and classes for 32 × 32 colour images like those.

He et al. 2016, "Deep residual learning for image recognition", arXiv 1512.03385, section 4.2, with shortcuts
that have no weights. The weights, which tell 91.6 % of the test images right, were trained with ImageNet's
mean and standard deviation taken out: with these, and 4 black pixels around as in training, the statistics of
the first batch normalisation come out as they are stored. Fréchet distances in these features see what tells
the ten classes apart; no published score is in them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from ptarmigan.modalities.image.extractors.frozen import Frozen, FrozenClassifier, telling
from ptarmigan.modalities.image.extractors.show import Picture, fit, normalised
from ptarmigan.modalities.image.extractors.weights import Published, load
from ptarmigan.modalities.image.named import SETS
from ptarmigan.nets.digest import digest

VERSION = 1
"""Raised with every change that makes other features from the same weights."""
SIDE = 32
PUBLISHED = Published(
    "cifar10_resnet20.safetensors",
    "02926273efb1deadb6dc654c7087baea932ef2026d9f854680d6858146d85838",
    1_092_520,
)


class Block(nn.Module):
    """Two convolutions beside a shortcut, which skips pixels and adds empty channels where these change."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.stride, self.more = stride, out - channels
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, height, width)`` to ``(n, out, height / stride, width / stride)``."""
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        half = self.more // 2
        return F.relu(y + F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, half, half)))


class Net(nn.Module):
    """Three stages of three blocks, 16, 32 and 64 channels wide, 269,722 weights in all."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = _stage(16, 16, 1)
        self.layer2 = _stage(16, 32, 2)
        self.layer3 = _stage(32, 64, 2)
        self.linear = nn.Linear(64, 10)

    def forward(self, x: Float[Tensor, "n 3 32 32"]) -> Float[Tensor, "n 64"]:
        """Normalised images to the averaged last layer."""
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return x.mean(dim=(2, 3))


def _stage(channels: int, out: int, stride: int) -> nn.Sequential:
    return nn.Sequential(Block(channels, out, stride), Block(out, out, 1), Block(out, out, 1))


def resnet20(weights: Path | None = None, cache: Path | None = None) -> FrozenClassifier:
    """64 features of an image, and the probabilities of CIFAR-10's ten classes; other sizes are resized.

    Args:
        weights: a file of them; ``weights/cifar10_resnet20.safetensors`` in the cache when None.
        cache: a folder; see ``Published.find``.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, unsafe, or holds other weights.
    """
    path = PUBLISHED.find(weights, cache)
    net = load(Net, path)
    hash = digest(net, "resnet20", VERSION)
    features = Frozen(PUBLISHED.title("resnet20", path, hash), hash, net, prepare)
    return telling(features, SETS["cifar10"].classes, net.linear)


def prepare(picture: Picture) -> NDArray[np.float32]:
    """One RGB image to the ``(32, 32, 3)`` that the network takes."""
    return normalised(fit(picture, SIDE, Image.Resampling.BICUBIC))
