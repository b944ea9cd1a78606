"""Whether pictures carry a key: bits right, and how likely so many are by luck."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ptarmigan.modalities.registry import modality
from ptarmigan.security.key import read_key
from ptarmigan.security.luck import by_luck, needed
from ptarmigan.security.watermark import read

MOST = 10_000


@dataclass(frozen=True)
class Verdict:
    """What was read from pictures.

    Attributes:
        pictures: how many.
        bits: of the key.
        needed: bits that have to be right.
        rate: the rate of false positives that was asked for.
        right: the mean share of bits that are right in a picture.
        accepted: the share of pictures that carry the key by themselves.
        together: bits that are right by the vote of all pictures.
        luck: how likely so many are.
        carries: the key is in them, by the vote of all.
    """

    pictures: int
    bits: int
    needed: int
    rate: float
    right: float
    accepted: float
    together: int
    luck: float
    carries: bool


def verify(samples: str, key: Path, *, rate: float = 1e-6) -> Verdict:
    """Read the key from pictures.

    Args:
        samples: pictures, as training takes them; others than the key's size are resized to it.
        key: the file of the key.
        rate: of false positives.

    Raises:
        ValueError: the file is no key, its bits are too few for the rate, or these are no such pictures.
        FileNotFoundError: there is nothing of that name.
    """
    found = read_key(key)
    bits, (channels, height, width) = len(found.bits), found.shape
    least = needed(bits, rate)
    opened = modality("image").options(data=samples, size=f"{height}x{width}").open(batch=1)
    if opened.space.shape != found.shape:
        colour = {1: "grey", 3: "colour"}[channels]
        raise ValueError(f"{samples} holds {opened.space.words}, and the key reads {colour} images")
    numbers = read(found, opened.space, opened.source.read(np.arange(min(MOST, len(opened.source)))))
    right = ((numbers > 0) == (found.bits > 0.5)).sum(1)
    vote = int((((numbers > 0).float().mean(0) > 0.5) == (found.bits > 0.5)).sum())
    return Verdict(
        pictures=len(numbers),
        bits=bits,
        needed=least,
        rate=rate,
        right=float(right.float().mean()) / bits,
        accepted=float((right >= least).float().mean()),
        together=vote,
        luck=by_luck(vote, bits),
        carries=vote >= least,
    )
