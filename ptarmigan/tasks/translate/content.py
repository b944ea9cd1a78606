"""How much content of an input is kept in its output: the agreement of their edges."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ptarmigan.data.space import Space
from ptarmigan.modalities.image.decode import resampled
from ptarmigan.modalities.image.extractors.show import rgb
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.translate.degrade import grey

Picture = NDArray[Any]


def edge_agreement(a: NDArray[Any], b: NDArray[Any], inputs: Space, space: Space) -> NDArray[np.float64]:
    """The correlation of the edge maps of ``a`` and ``b``, for every pair.

    Pearson's, over the pixels of a picture, of the length of Sobel's gradient of lightness (luma, over white
    where it is see-through); of label maps an edge is where classes meet. It is 1 for the identity, and for
    whatever turns light into dark, or shifts and scales it; about 0 for an output that has nothing to do with
    its input. Where sizes differ, the larger picture is averaged down to the smaller one first. A picture
    without any edge agrees with others like it and with nothing else.

    As the edge preservation index of Sattar et al. 1997, "Image enhancement based on a nonlinear multiscale
    method", which correlates Laplacians: gradients, as a translation may turn dark into light.

    Args:
        a: raw inputs.
        b: raw outputs, as many.
        inputs: the space of inputs: pictures or label maps.
        space: the space of outputs.

    Returns:
        One number per pair, from -1 to 1, of shape (n,).
    """
    small = min(inputs.shape[1:], space.shape[1:])
    pairs = zip(a, b, strict=True)
    return np.array([_correlation(edges(x, inputs, small), edges(y, space, small)) for x, y in pairs])


def edges(one: Picture, space: Space, sides: tuple[int, ...]) -> NDArray[np.float64]:
    """The edge map of a picture or label map, at the given height and width."""
    from scipy import ndimage  # training begins sooner without

    height, width = sides
    box = (0.0, 0.0, float(one.shape[1]), float(one.shape[0]))
    if isinstance(space, LabelSpace):
        if one.shape[:2] != sides:
            one = resampled(one, height, width, box, Image.Resampling.NEAREST)
        return np.asarray(ndimage.morphological_gradient(one[..., 0], size=(3, 3)) > 0, np.float64)
    shown = rgb(one)
    if one.shape[:2] != sides:
        shown = resampled(shown, height, width, box, Image.Resampling.BOX)
    light = grey(shown)
    steep: NDArray[np.float64] = np.hypot(*(ndimage.sobel(light, axis, mode="nearest") for axis in (0, 1)))
    return steep


def has_edges(space: Space) -> bool:
    """Whether it holds pictures or label maps."""
    return isinstance(space, ImageSpace | LabelSpace)


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a * a).sum() * (b * b).sum())
    if scale == 0:
        return float(not a.any() and not b.any())
    return float(np.clip((a * b).sum() / scale, -1, 1))
