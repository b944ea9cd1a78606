"""SqueezeNet 1.0, trained on ImageNet: small general features for natural images, whole or layer by layer.

Iandola et al. 2016, "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", arXiv 1602.07360, with
its authors' weights and in the convention of Caffe: 227 × 227 (bilinear, antialiased), blue before green
before red, ImageNet's mean taken out. No published score is in these features.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from ptarmigan.metrics.features import Vectors
from ptarmigan.modalities.image.extractors.show import Picture, fit, show
from ptarmigan.modalities.image.extractors.weights import Published, load
from ptarmigan.nets.digest import digest

VERSION = 1
"""Raised with every change that makes other features from the same weights."""
SIDE = 227
MEAN = np.array([104, 117, 123], np.float32)
"""Of blue, green and red in ImageNet, where white is 255."""
PUBLISHED = Published(
    "imagenet_squeezenet_v1_0.safetensors",
    "abea82d0b75ea599ad51a6fc90c63c747c302e02ab4a66a43dda74facb83042b",
    4_998_192,
)
FIRES = {2: (96, 16, 64), 3: (128, 16, 64), 4: (128, 32, 128), 5: (256, 32, 128)} | {
    6: (256, 48, 192),
    7: (384, 48, 192),
    8: (384, 64, 256),
    9: (512, 64, 256),
}
"""Channels in, squeezed to, and expanded to twice."""


class Convolution(nn.Module):
    """A convolution that keeps the sides but for its stride, and a rectifier."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int = 1, padding: int = 0) -> None:
        super().__init__()
        self.stride, self.padding = stride, padding
        self.w = nn.Parameter(torch.empty(out, channels, kernel, kernel))
        self.b = nn.Parameter(torch.empty(out))

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, height, width)`` to ``(n, out, ...)``."""
        return F.relu(F.conv2d(x, self.w, self.b, self.stride, self.padding))


class Net(nn.Module):
    """The network of Caffe's SqueezeNet 1.0, 1,248,424 weights, named as there."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = Convolution(3, 96, 7, stride=2)
        self.fires = [self._fire(i, *channels) for i, channels in FIRES.items()]
        self.conv10 = Convolution(512, 1000, 1)

    def _fire(self, i: int, channels: int, squeezed: int, out: int) -> tuple[Convolution, ...]:
        """Squeeze to few channels, then expand them by two convolutions side by side."""
        parts = {
            "squeeze1x1": Convolution(channels, squeezed, 1),
            "expand1x1": Convolution(squeezed, out, 1),
            "expand3x3": Convolution(squeezed, out, 3, padding=1),
        }
        for name, part in parts.items():
            self.add_module(f"fire{i}__{name}", part)
        return tuple(parts.values())

    def layers(self, x: Float[Tensor, "n 3 height width"]) -> tuple[Tensor, ...]:
        """Prepared images to the maps after the first convolution and after each of the fires, 2 to 9."""
        maps = [self.conv1(x)]
        for i, (squeeze, one, three) in zip(FIRES, self.fires, strict=True):
            halved = i in (2, 5, 9)
            squeezed = squeeze(F.max_pool2d(maps[-1], 3, 2, ceil_mode=True) if halved else maps[-1])
            maps.append(torch.cat([one(squeezed), three(squeezed)], 1))
        return tuple(maps)

    def forward(self, x: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "n 1000"]:
        """Prepared images to the scores of ImageNet's classes."""
        out: Tensor = self.conv10(self.layers(x)[-1])
        return out.mean(dim=(2, 3))


@dataclass(frozen=True, eq=False)
class SqueezeNet:
    """The network as ``Features``, and its layers.

    Attributes:
        name: what it is; with a part of the hash where its weights are not the published ones.
        hash: a digest of its weights, and of how images are prepared for it.
        net: takes prepared images.
    """

    name: str
    hash: str
    net: Net = field(repr=False)

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The features of raw images ``(n, height, width, channels)``, of shape (n, 512).

        Raises:
            ValueError: these are no images, or there are none.
        """
        return show(raw, prepare, lambda x: (self.net.layers(x)[-1].mean(dim=(2, 3)),))[0]

    def layers(self, raw: NDArray[Any]) -> tuple[Vectors, ...]:
        """The maps of several layers ``(n, channels, height, width)``, from fine to coarse."""
        return show(raw, prepare, self.net.layers)

    def maps(self, x: Tensor) -> tuple[Tensor, ...]:
        """The same of encoded images ``(n, channels, height, width)``, with gradients; alpha is left out."""
        colours = x[:, : 1 if x.shape[1] < 3 else 3].expand(-1, 3, -1, -1).add(1).mul(127.5)
        sized = F.interpolate(colours, (SIDE, SIDE), mode="bilinear", antialias=True)
        return self.net.layers(sized.flip(1) - torch.from_numpy(MEAN)[:, None, None].to(x))


def squeezenet(weights: Path | None = None, cache: Path | None = None) -> SqueezeNet:
    """512 features of an image, the mean of the last fire's map, and the maps of all layers.

    The last fire's, since the classes are read from it, by a convolution of 1 × 1 and a mean over space; and
    of all layers its mean is where images of one class lie closest: with 1,000 images of CIFAR-10 (JPEG) the
    nearest one has the right class for 60 % of others, by the fire before for 55 %, by pixels for 32 %.

    Args:
        weights: a file of them; ``weights/imagenet_squeezenet_v1_0.safetensors`` in the cache when None.
        cache: a folder; see ``Published.find``.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, unsafe, or holds other weights.
    """
    path = PUBLISHED.find(weights, cache)
    net = load(Net, path)
    hash = digest(net, "squeezenet", VERSION)
    return SqueezeNet(PUBLISHED.title("squeezenet", path, hash), hash, net)


def prepare(picture: Picture) -> NDArray[np.float32]:
    """One RGB image to the ``(227, 227, 3)`` that the network takes."""
    return fit(picture, SIDE, Image.Resampling.BILINEAR)[..., ::-1].astype(np.float32) - MEAN
