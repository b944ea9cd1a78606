"""Vectors of patches, to be compared: PatchNCE of Park et al. 2020, arXiv 2007.15651."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.precision import at_least_float32, without_autocast
from ptarmigan.nets.layers import initialise

Places = Int[Tensor, "batch patch"]
Vectors = Float[Tensor, "batch patch size"]


class PatchHeads(nn.Module):
    """Two linear layers for each of several features, from the channels at a place to a unit vector.

    Args:
        channels: of each of the features.
        size: of the vectors.
    """

    def __init__(self, channels: Sequence[int], size: int = 256) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(each, size), nn.ReLU(), nn.Linear(size, size)) for each in channels
        )
        initialise(self, lambda weight: nn.init.xavier_normal_(weight))

    def forward(self, features: list[Tensor], places: list[Tensor]) -> list[Tensor]:
        """For each of the features, ``(batch, channel, height, width)``, the vectors at its ``places``."""
        return [
            F.normalize(at_least_float32(head(at(feature, where))), dim=2)
            for head, feature, where in zip(self.heads, features, places, strict=True)
        ]


def at(
    feature: Float[Tensor, "batch channel height width"], where: Places
) -> Float[Tensor, "batch patch channel"]:
    """The channels at the given places of every picture."""
    rows = torch.arange(len(feature), device=feature.device)[:, None]
    return feature.flatten(2).transpose(1, 2)[rows, where]


def somewhere(feature: Float[Tensor, "batch channel height width"], patches: int) -> Places:
    """So many different places of every picture, or all where there are no more."""
    places = feature.shape[2] * feature.shape[3]
    return noise.uniform(len(feature), places).topk(min(patches, places), sorted=False).indices


def patch_nce(queries: Vectors, keys: Vectors, temperature: float) -> Float[Tensor, ""]:
    """How badly each query is told to belong to the key of its own place, among those of its picture.

    The cross-entropy of equation 3; chance is the logarithm of the number of patches.
    """
    with without_autocast(queries):
        likeness = queries @ keys.transpose(1, 2) / temperature
        own = torch.arange(queries.shape[1], device=queries.device).expand(len(queries), -1)
        return F.cross_entropy(likeness.flatten(0, 1), own.flatten())
