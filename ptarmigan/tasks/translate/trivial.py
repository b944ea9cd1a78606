"""Trivial translations, as baselines: the input itself, bicubic upscaling, the mean image, a regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.samples import Samples, Source
from ptarmigan.data.space import Space
from ptarmigan.metrics.features import chunks
from ptarmigan.modalities.image.decode import resampled
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.translate import mapping
from ptarmigan.tasks.translate.degrade import grey

IDENTITY, BICUBIC, MEAN, REGRESSION = "identity", "bicubic upscaling", "mean image", "regression U-Net"
COPIES = (IDENTITY, BICUBIC)
"""Those that copy the input."""
AVERAGED = 10_000
"""Training samples in the mean image, at most."""


def trivial(samples: Samples, raw: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Trivial translations of raw inputs, by name, as far as they fit these samples.

    The regression is among them where the translation is trained on pairs.
    """
    given = samples.require_condition()
    found = copied(raw, given.space, samples.space)
    one = mean(samples.source, samples.space)
    found[MEAN] = np.broadcast_to(one, (len(raw), *one.shape))
    if given.paired and not mapping.unfit(given.space, samples.space):
        found[REGRESSION] = mapping.learn(given.source, given.space, samples.source, samples.space)(raw)
    return found


def copied(raw: NDArray[Any], inputs: Space, space: Space) -> dict[str, NDArray[Any]]:
    """The inputs as outputs, enlarged where needed; nothing where one of both is not a picture."""
    if isinstance(inputs, LabelSpace) and isinstance(space, LabelSpace):
        return {IDENTITY: raw} if inputs.shape == space.shape else {}
    if not isinstance(inputs, ImageSpace) or not isinstance(space, ImageSpace):
        return {}
    sides, wanted = (inputs.height, inputs.width), (space.height, space.width)
    if sides != wanted and not (sides[0] <= wanted[0] and sides[1] <= wanted[1]):
        return {}
    name = IDENTITY if sides == wanted else BICUBIC
    return {name: np.stack([in_form(one, space) for one in raw])}


def in_form(one: NDArray[Any], space: ImageSpace) -> NDArray[Any]:
    """A picture with the size, the channels and the bits of ``space``: on white where alpha is lost."""
    box = (0.0, 0.0, float(one.shape[1]), float(one.shape[0]))
    if one.shape[:2] != (space.height, space.width):
        one = resampled(one, space.height, space.width, box, Image.Resampling.BICUBIC)
    x = one / np.iinfo(one.dtype).max
    clear = one.shape[2] in (2, 4)
    alpha = x[..., -1:] if clear else np.ones_like(x[..., :1])
    colours = x[..., :-1] if clear else x
    if space.channels in (1, 3):
        colours, alpha = colours * alpha + (1 - alpha), alpha[..., :0]
    if space.channels < 3:
        colours = grey(colours)[..., None]
    elif colours.shape[2] == 1:
        colours = colours.repeat(3, axis=2)
    whole = np.concatenate([colours, alpha], axis=2) * space.white
    out: NDArray[Any] = whole.round().astype(np.uint8 if space.bits == 8 else np.uint16)
    return out


def mean(source: Source, space: Space) -> NDArray[Any]:
    """The mean of the training samples, one raw sample; of label maps the commonest class of every pixel."""
    indices = np.arange(min(AVERAGED, len(source)))
    total = torch.stack([space.encode(raw).double().sum(0) for raw in chunks(source, indices)]).sum(0)
    one: NDArray[Any] = space.decode((total / len(indices))[None])[0]
    return one


def describe_baselines(paired: bool) -> str:
    """The baselines in words, for a protocol."""
    return f"regression by a U-Net of width {mapping.WIDTH}" if paired else "no regression without pairs"
