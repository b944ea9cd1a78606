"""Generators ``(z, c) -> x``, discriminators ``(x, c) -> scores``, and the layers they are made of.

Image networks take any sides from 8 pixels on. Discriminators have ``features(x, c)``, their number
``feature_size``, and a ``head`` of ``(features, c)`` that may be replaced.
"""

from __future__ import annotations
