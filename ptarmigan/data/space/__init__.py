"""A space: what one sample is, from its raw form to what networks see and what people look at."""

from __future__ import annotations

from ptarmigan.data.space.comparison import Comparison
from ptarmigan.data.space.conditioning import Conditioning
from ptarmigan.data.space.presentation import Presentation
from ptarmigan.media.plot import Surface as Surface


class Space(Presentation, Conditioning, Comparison):
    """What one sample is: its shape as a tensor, its raw form, and how people look at it.

    Raw samples are a numeric array whose rows have one shape, in the data's own units. Subclasses are frozen
    dataclasses of plain values, so that a space is equal to another with the same values and can be kept as
    JSON. They say ``shape``, ``encode``, ``decode``, ``render`` and ``save``; all else has a default that
    holds for any kind of samples, by role: ``Encoding``, ``Presentation``, ``Conditioning``, ``Comparison``.
    """
