"""What samples are, in words."""

from __future__ import annotations

from ptarmigan.data.space import Space
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.modalities.vector.space import VectorSpace


def form(space: Space) -> str:
    """What samples are, in words."""
    if isinstance(space, ImageSpace):
        depth = "" if space.bits == 8 else f" of {space.bits} bits"
        return f"images of {space.height}×{space.width}×{space.channels}{depth}"
    if isinstance(space, LabelSpace):
        return f"label maps of {space.height}×{space.width} with {space.labels} classes"
    if isinstance(space, VectorSpace):
        return f"rows of {space.shape[0]} numbers"
    return f"points of {space.shape[0]} coordinates"
