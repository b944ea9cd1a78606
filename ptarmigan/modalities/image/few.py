"""What is advised where there are few images."""

from __future__ import annotations

from typing import Any

from ptarmigan.data.glimpse import array_of, text_of
from ptarmigan.modalities.image.recognise import image_files
from ptarmigan.modalities.modality import Advice

FEW = 1_000
"""Images, below which a discriminator soon knows them by heart (Zhao et al. 2020, arXiv 2006.10738)."""


def advised(data: Any) -> Advice:
    """Differentiable augmentation, where there are few images."""
    count = how_many(data)
    if not 0 < count < FEW:
        return Advice()
    why = f"{count:,} images are few: the discriminator sees them augmented (--augment none: not)"
    return Advice({"augment": "diffaugment"}, why)


def how_many(data: Any) -> int:
    """How many images data hold, as far as names and headers say; 0 where they do not."""
    if isinstance(data, tuple | list):
        data = data[0]
    found = array_of(data)
    return image_files(text_of(data)) if found is None else int(found.shape[0])
