"""Samples out of a game: the same for one seed, however many are asked for, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.data.permutation import Indices
from ptarmigan.data.space import Space
from ptarmigan.tasks.detect.detector import Detector

CHUNK = 64
"""Samples made at once. Fixed, and the last chunk is made whole and cut, because the rounding of a matrix
product depends on how many rows it has."""
JUDGED = 256
"""Samples whose abnormality is found at once; a last chunk is made whole, for the same reason."""


def latents(game: Game, n: int, *, seed: int, truncation: float = 1.0) -> Iterator[Tensor]:
    """Chunks of standard normal ``z``, enough for ``n`` samples.

    Args:
        game: says how many numbers a sample takes.
        n: how many samples.
        seed: names them.
        truncation: below 1, ``z`` is drawn from the normal truncated to ± ``2 truncation``, as BigGAN's
            (Brock et al. 2019, arXiv 1809.11096); less variety, more typical samples.
    """
    device = next(game.parameters()).device
    for chunk in range(-(-n // CHUNK)):
        noise.at(seed, "sample", chunk, device=device)
        z = noise.normal(CHUNK, game.latent)
        yield z if truncation >= 1 else truncate(z, 2 * truncation)


def truncate(z: Tensor, limit: float) -> Tensor:
    """Normal numbers mapped to the normal truncated to ± ``limit``, keeping their order."""
    normal = torch.distributions.Normal(z.new_zeros(()).double(), 1.0)
    low, high = normal.cdf(z.new_tensor([-limit, limit]).double())
    u = low + (high - low) * normal.cdf(z.double())
    return torch.as_tensor(normal.icdf(u)).clamp(-limit, limit).to(z.dtype)


@torch.no_grad()
def generate(
    game: Game,
    space: Space,
    n: int,
    *,
    seed: int = 0,
    classes: NDArray[Any] | None = None,
    truncation: float = 1.0,
    precision: torch.dtype | None = None,
) -> Iterator[NDArray[Any]]:
    """Chunks of raw samples, ``n`` in all, from a game in evaluation mode.

    Args:
        game: makes the samples.
        space: decodes them.
        n: how many.
        seed: names them.
        classes: the class of each, or what else each is conditioned on, where the game is conditional.
        truncation: see ``latents``.
        precision: the dtype of autocast, or None.
    """
    device = next(game.parameters()).device
    made = 0
    for z in latents(game, n, seed=seed, truncation=truncation):
        c = None
        if classes is not None:
            mine = classes[made : made + CHUNK]
            mine = mine[np.arange(CHUNK) % len(mine)]
            c = torch.from_numpy(mine).to(device)
        with torch.autocast(device.type, precision, enabled=precision is not None):
            x = game.sample(z, c)
        yield space.decode(x[: n - made])
        made += CHUNK


@torch.no_grad()
def translations(
    game: Game,
    inputs: Space,
    space: Space,
    given: Iterable[NDArray[Any]],
    *,
    seed: int = 0,
    precision: torch.dtype | None = None,
) -> Iterator[NDArray[Any]]:
    """Raw inputs, a few at a time, made into as many raw samples by a game in evaluation mode.

    Every input is translated by itself, so that what it becomes does not depend on its neighbours.

    Args:
        game: translates.
        inputs: encodes the inputs.
        space: decodes the samples.
        given: raw inputs, one a row.
        seed: names the latent, and what a network drops, where there are such: the same for all inputs.
        precision: the dtype of autocast, or None.
    """
    device = next(game.parameters()).device
    for raw in given:
        made = []
        for a in inputs.encode(raw).to(torch.get_default_dtype()).split(1):
            noise.at(seed, "translate", device=device)
            z = noise.normal(1, game.latent)
            with torch.autocast(device.type, precision, enabled=precision is not None):
                made.append(space.decode(game.sample(z, a.to(device))))
        yield np.concatenate(made)


def abnormalities(
    game: Detector,
    space: Space,
    raw: NDArray[Any],
    *,
    seed: int = 0,
    precision: torch.dtype | None = None,
) -> NDArray[np.float64]:
    """How abnormal raw samples are, ``(n,)``, by a game in evaluation mode.

    Of one sample it is the same to the bit, whatever stands before, beside or after it.

    Args:
        game: says so.
        space: encodes the samples.
        raw: the samples, one a row.
        seed: names the noise of a game that searches: the same for all samples.
        precision: the dtype of autocast, or None.
    """
    return _detected(game.abnormality, game, space, raw, seed, precision)


def heat(
    game: Detector,
    space: Space,
    raw: NDArray[Any],
    *,
    seed: int = 0,
    precision: torch.dtype | None = None,
) -> NDArray[np.float64]:
    """How abnormal every pixel of raw images is, ``(n, height, width)``, alike.

    Raises:
        ValueError: the game cannot say.
    """

    def ask(x: torch.Tensor) -> torch.Tensor:
        found = game.where(x)
        if found is None:
            raise ValueError("this run does not say where samples are abnormal: anomaly.ganomaly_images does")
        return found

    return _detected(ask, game, space, raw, seed, precision)


@torch.no_grad()
def _detected(
    ask: Callable[[torch.Tensor], torch.Tensor],
    game: Detector,
    space: Space,
    raw: NDArray[Any],
    seed: int,
    precision: torch.dtype | None,
) -> NDArray[np.float64]:
    """What is said of samples, always as many at once."""
    device = next(game.parameters()).device
    found = []
    for start in range(0, len(raw), JUDGED):
        some = raw[start : start + JUDGED]
        whole = np.concatenate([some, np.repeat(some[-1:], JUDGED - len(some), axis=0)])
        x = space.encode(whole).to(device, torch.get_default_dtype())
        noise.at(seed, "abnormality", device=device)
        with torch.autocast(device.type, precision, enabled=precision is not None):
            said = ask(x)
        found.append(said.double().cpu().numpy()[: len(some)])
    return np.concatenate(found)


def some_classes(frequencies: NDArray[Any] | None, n: int, seed: int) -> Indices | None:
    """``n`` classes drawn with the data's frequencies; None where it has no classes."""
    if frequencies is None or len(frequencies) == 0:
        return None
    weights = np.asarray(frequencies, np.float64)
    drawn = np.random.default_rng(noise.key(seed, "classes")).choice(
        len(weights), size=n, p=weights / weights.sum()
    )
    return drawn.astype(np.int64)


def every_class(count: int, n: int) -> Indices | None:
    """``n`` classes in turn, so that a grid shows all of them; None where there are none."""
    return np.arange(n, dtype=np.int64) % count if count else None
