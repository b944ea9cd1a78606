"""Networks of videos that several systems have: upwards in time and space, and a discriminator of clips."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from ptarmigan.nets.dcgan import widths
from ptarmigan.nets.layers import Classes, Head, initialise
from ptarmigan.nets.minibatch import MinibatchStd
from ptarmigan.nets.players import Discriminator
from ptarmigan.nets.sides import halved, halvings

Norm = Callable[[int], nn.Module]
Shape = tuple[int, ...]
"""Channels, frames, height, width."""
Triple = tuple[int, int, int]
SMALLEST = 3
"""The smallest shorter side of the smallest maps."""


class Scaling(NamedTuple):
    """How clips are made smaller.

    Attributes:
        stages: how often sides are halved.
        times: how often the number of frames is, at the stages next to the clip; to 2 frames or 3.
        start: frames, height and width of the smallest maps.
    """

    stages: int
    times: int
    start: tuple[int, int, int]

    @classmethod
    def of(cls, shape: Shape) -> Scaling:
        """Of clips of a shape.

        Raises:
            ValueError: a side has fewer than 8 pixels.
        """
        _, frames, height, width = shape
        stages = halvings((height, width), SMALLEST)
        times = min(stages, max(0, (frames // 2).bit_length() - 1))
        return cls(stages, times, (-(-frames // 2**times), *halved((height, width), stages)))

    def kernel(self, stage: int) -> tuple[Triple, Triple, Triple]:
        """Kernel, stride and padding of the ``stage``-th layer from the clip."""
        if stage < self.times:
            return (4, 4, 4), (2, 2, 2), (1, 1, 1)
        return (3, 4, 4), (1, 2, 2), (1, 1, 1)


class Upwards(nn.Sequential):
    """A linear layer and transposed convolutions to twice as many frames, rows and columns.

    Args:
        inputs: the size of what it is given.
        shape: channels of the result, frames, height, width.
        width: channels before the last layer; doubled at each halving, up to eightfold.
        norm: the normalisation of each hidden layer.
    """

    def __init__(self, inputs: int, shape: Shape, width: int, norm: Norm = nn.BatchNorm3d) -> None:
        scaling = Scaling.of(shape)
        sizes = widths(width, scaling.stages)[::-1]
        start = (sizes[0], *scaling.start)
        super().__init__(
            nn.Linear(inputs, start[0] * start[1] * start[2] * start[3], bias=False),
            nn.Unflatten(1, start),
            norm(sizes[0]),
            nn.ReLU(),
        )
        for number, (a, b) in enumerate(pairwise([*sizes, shape[0]])):
            stage = scaling.stages - 1 - number
            self.append(nn.ConvTranspose3d(a, b, *scaling.kernel(stage), bias=stage == 0))
            if stage:
                self.append(norm(b)).append(nn.ReLU())


def cropped(
    x: Shaped[Tensor, "batch channel longer taller wider"], shape: Shape
) -> Shaped[Tensor, "batch channel frame height width"]:
    """The middle of clips that became somewhat too large."""
    for dim, size in enumerate(shape[1:], 2):
        x = x.narrow(dim, (x.shape[dim] - size) // 2, size)
    return x


class VideoDiscriminator(Discriminator):
    """Strided convolutions over time and space, with leaky ReLU; classes by projection.

    Without normalisation, unless one is asked for: batch norm over clips and frames would let it know a clip
    by its neighbours.

    Args:
        shape: channels, frames, height, width.
        width: channels of the first layer; doubled at each halving, up to eightfold.
        classes: how many; 0 for no condition.
        norm: the normalisation of all but the first layer.
        hidden: where given, the network ends in ``MinibatchStd`` and a layer of ``hidden`` units before the
            scores (Karras et al. 2018, arXiv 1710.10196).
    """

    def __init__(
        self, shape: Shape, width: int, classes: int = 0, *, norm: Norm = nn.Identity, hidden: int = 0
    ) -> None:
        super().__init__()
        scaling = Scaling.of(shape)
        sizes = widths(width, scaling.stages)
        layers: list[nn.Module] = []
        for stage, (a, b) in enumerate(pairwise([shape[0], *sizes])):
            layers += [nn.Conv3d(a, b, *scaling.kernel(stage)), norm(b) if stage else nn.Identity()]
            layers.append(nn.LeakyReLU(0.2))
        places = (shape[2] >> scaling.stages) * (shape[3] >> scaling.stages)
        size = sizes[-1] * (shape[1] >> scaling.times) * places
        layers.append(nn.Flatten(1, 2))
        if hidden:
            layers += [MinibatchStd(), nn.Flatten(), nn.Linear(size + places, hidden), nn.LeakyReLU(0.2)]
        else:
            layers.append(nn.Flatten())
        self.layers, self.feature_size = nn.Sequential(*layers), hidden or size
        self.head = Head(self.feature_size, classes)
        # weights as small as DCGAN's would hardly let anything through so few channels
        initialise(self, partial(nn.init.kaiming_normal_, a=0.2))

    def features(
        self, x: Float[Tensor, "batch channel frame height width"], c: Classes | None = None
    ) -> Float[Tensor, "batch feature"]:
        """The last layer before the scores; ``c`` is ignored."""
        features: Tensor = self.layers(x)
        return features

    def forward(
        self, x: Float[Tensor, "batch channel frame height width"], c: Classes | None = None
    ) -> Float[Tensor, " batch"]:
        """Raw scores."""
        scores: Tensor = self.head(self.features(x, c), c)
        return scores


def frames_apart(
    x: Float[Tensor, "batch channel frame height width"],
) -> Float[Tensor, "frames channel height width"]:
    """All frames of clips, those of one after another."""
    return x.transpose(1, 2).flatten(0, 1)


def as_clips(
    frames: Float[Tensor, "frames channel height width"], length: int
) -> Float[Tensor, "batch channel frame height width"]:
    """The inverse of ``frames_apart``."""
    clips: Tensor = frames.unflatten(0, (-1, length))
    return clips.transpose(1, 2)


def chosen_frames(
    x: Float[Tensor, "batch channel frame height width"], u: Float[Tensor, " batch"]
) -> Float[Tensor, "batch channel height width"]:
    """One frame of each clip, by a uniform number."""
    at = (u.to(x.device) * x.shape[2]).long()
    found: Tensor = x[torch.arange(len(x), device=x.device), :, at]
    return found
