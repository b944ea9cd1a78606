"""Directions of latents: found in the weights of a generator, in its samples, or between two sets of samples.

A direction is what one standard deviation of it adds to w, ``(styles, size)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.inference import inference
from ptarmigan.tasks.generate import CHUNK
from ptarmigan.tasks.latents.space import LatentSpace

SEEN = 4_096
"""Samples that are looked at."""
FEWEST = 16
"""Samples on each side of a difference, at least."""


@dataclass(frozen=True, eq=False)
class Direction:
    """A direction of latents.

    Attributes:
        step: what w changes by for one standard deviation, ``(styles, size)``; zero in styles that it leaves.
        found: how it was found, in a few words.
    """

    step: Tensor
    found: str


@dataclass(frozen=True, eq=False)
class Seen:
    """Latents, and what was seen of their samples.

    Attributes:
        w: the first style's, ``(n, size)``.
        values: numbers of each sample, ``(n, …)``.
    """

    w: Tensor
    values: NDArray[np.float64]


class Moments:
    """The mean and the scatter of rows that come a few at a time (Chan, Golub and LeVeque 1979).

    They do not depend on how many come at once.

    Args:
        size: numbers in a row.
    """

    def __init__(self, size: int) -> None:
        self.n, self.mean = 0, torch.zeros(size, dtype=torch.float64)
        self.scatter = torch.zeros(size, size, dtype=torch.float64)

    def add(self, rows: Tensor) -> None:
        """Some more rows ``(n, size)``."""
        rows, mine = rows.detach().cpu().double(), len(rows)
        mean, total = rows.mean(0), self.n + mine
        apart, inner = mean - self.mean, rows - mean
        self.scatter += inner.T @ inner + torch.outer(apart, apart) * (self.n * mine / total)
        self.mean += apart * (mine / total)
        self.n = total

    def covariance(self) -> Tensor:
        """Of all rows so far, ``(size, size)``."""
        return self.scatter / max(1, self.n - 1)


def by_weights(
    space: LatentSpace, k: int, layers: Sequence[int], w: Tensor, c: Tensor | None = None
) -> list[Direction]:
    """SeFa: the directions that change the first linear maps of w the most.

    Shen and Zhou 2021, "Closed-form factorization of latent semantics in GANs", arXiv 2007.06600: unit
    eigenvectors of AᵀA with the largest eigenvalues (eq. 6), where A are the weights of all maps, each row
    scaled to length 1 as in the authors' code, which does not sort them.

    Args:
        space: of the latents.
        k: how many directions.
        layers: the styles whose maps count, and which the directions change.
        w: of some samples ``(n, size)``, whose standard deviation is the unit.
        c: any condition of two samples, where the game is conditional.
    """
    maps = space.weights(c)
    rows = torch.cat([maps[i].detach().cpu().double() for i in layers])
    rows = rows / rows.norm(dim=1, keepdim=True).clamp(min=1e-12)
    values, vectors = descending(rows.T @ rows)
    return [
        Direction(along(space, vectors[i], layers, w), f"SeFa, eigenvalue {values[i]:.3g}")
        for i in range(min(k, len(values)))
    ]


def by_components(space: LatentSpace, k: int, layers: Sequence[int], w: Tensor) -> list[Direction]:
    """GANSpace: principal components of w.

    Härkönen et al. 2020, "GANSpace: discovering interpretable GAN controls", arXiv 2004.02546, section 2.1.

    Raises:
        ValueError: latents are z, of which all directions are alike.
    """
    if space.name == "z":
        raise ValueError(
            "this generator has no w, and z has no principal components: find them --by features"
        )
    moments = Moments(space.size)
    for rows in w.split(CHUNK):
        moments.add(rows)
    values, vectors = descending(moments.covariance())
    share = values / values.sum()
    return [
        Direction(along(space, vectors[i], layers, w), f"component of w, {share[i]:.0%} of the variance")
        for i in range(min(k, len(values)))
    ]


def by_features(space: LatentSpace, k: int, layers: Sequence[int], seen: Seen) -> list[Direction]:
    """GANSpace without a w: principal components of what is seen of samples, regressed on the latents.

    Härkönen et al. 2020, section 2.2, there of activations: of each component v the direction is
    E[(w − w̄) vᵀ(f − f̄)], which predicts it from w with the least squared error.

    Args:
        space: of the latents.
        k: how many directions.
        layers: the styles that they change.
        seen: features of samples.
    """
    moments = Moments(space.size + seen.values.shape[1])
    for rows in torch.cat([seen.w.cpu().double(), torch.from_numpy(seen.values)], 1).split(CHUNK):
        moments.add(rows)
    both = moments.covariance()
    values, vectors = descending(both[space.size :, space.size :])
    share = values / values.sum()
    ways = vectors @ both[: space.size, space.size :].T
    return [
        Direction(
            along(space, ways[i], layers, seen.w), f"component of features, {share[i]:.0%} of the variance"
        )
        for i in range(min(k, len(values), space.size))
    ]


def difference(space: LatentSpace, layers: Sequence[int], a: Tensor, b: Tensor, found: str) -> Direction:
    """From the mean of some latents to that of others, ``(n, size)`` each.

    Raises:
        ValueError: there are too few of one, or both have the same mean.
    """
    if min(len(a), len(b)) < FEWEST:
        raise ValueError(
            f"{found}: of {SEEN:,} samples {len(a)} and {len(b)} are told to be so, and {FEWEST} of each are "
            "needed: this generator makes hardly any"
        )
    way = b.double().mean(0) - a.double().mean(0)
    if not float(way.norm()) > 0:
        raise ValueError(f"{found}: both have the same latents")
    return Direction(along(space, way.cpu(), layers, torch.cat([a, b])), found)


def look(
    space: LatentSpace,
    see: Callable[[Tensor], NDArray[np.float64]],
    conditions: Callable[[int], Tensor | None],
) -> Seen:
    """Samples of ``SEEN`` latents, the same every time, as something sees them.

    Args:
        space: of the latents.
        see: encoded samples to numbers.
        conditions: those of a chunk, by its number.
    """
    ws, values = [], []
    for chunk in range(SEEN // CHUNK):
        c = conditions(chunk)
        with inference(space.game, 0, "directions", chunk, samples=CHUNK):
            w = space.map(noise.normal(CHUNK, space.game.latent), c)
            x = space.synthesise(w, c)
        ws.append(w[:, 0])
        values.append(see(x))
    return Seen(torch.cat(ws), np.concatenate(values).astype(np.float64))


def descending(symmetric: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues of a symmetric matrix, the largest first, and eigenvectors as rows.

    Of the two signs a vector has that with which its largest number is positive.
    """
    values, vectors = torch.linalg.eigh(symmetric)
    values, rows = values.flip(0), vectors.flip(1).T
    peaks = rows.gather(1, rows.abs().argmax(1, keepdim=True))
    return values, rows * peaks.sign()


def along(space: LatentSpace, way: Tensor, layers: Sequence[int], w: Tensor) -> Tensor:
    """The step of one standard deviation of w ``(n, size)`` along a vector ``(size,)``, in some styles."""
    unit = way / way.norm()
    sigma = 1.0 if space.name == "z" else float((w.cpu().double() @ unit).std())
    step = torch.zeros(space.styles, space.size)
    step[list(layers)] = (sigma * unit).float()
    return step
