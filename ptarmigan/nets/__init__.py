"""Generators ``(z, c) -> x``, discriminators ``(x, c) -> scores``, and the layers they are made of.

Image networks take any height and width of at least 8 pixels. Discriminators have ``features(x, c)``, their
number ``feature_size``, and a ``head(features, c)`` that may be replaced.
"""

from __future__ import annotations
