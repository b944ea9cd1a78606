"""Predictions without a network: RainFARM, interpolation, persistence, motion, analogs, climatology."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.field.flow import extrapolate, optical_flow
from ptarmigan.modalities.field.rainfarm import rainfarm
from ptarmigan.modalities.field.space import FieldSpace

Raw: TypeAlias = NDArray[Any]

RAINFARM, BICUBIC, PERSISTENCE, MOTION = "RainFARM", "bicubic", "persistence", "extrapolation"
ANALOGS, CLIMATOLOGY = "analogs", "climatology"
LIBRARY = 4_000
"""Training samples in which analogs are looked for, at most."""


def baselines(samples: Samples, given: Raw, members: int) -> dict[str, Raw]:
    """Ensembles ``(n, members, times, variables, y, x)`` for raw inputs, by name, as far as they fit.

    Analogs are the samples of those training inputs that are nearest, climatology any of them. What has one
    answer gives it for every member.

    Args:
        samples: the training data, with inputs.
        given: raw inputs ``(n, times, variables, y, x)``.
        members: of each.
    """
    condition, space = samples.require_condition(), samples.space
    assert isinstance(space, FieldSpace)
    assert isinstance(condition.space, FieldSpace)
    rng = np.random.default_rng(key("field", "baselines"))
    factor = space.height // condition.space.height
    count = min(LIBRARY, len(samples))
    library = np.sort(permute(np.arange(count), len(samples), "analogs"))
    near = nearest(condition.space, given, condition.source.read(library), min(members, count))
    chance = rng.integers(0, count, (len(given), members))
    found = {
        name: samples.source.read(library[which.ravel()]).reshape(len(given), -1, *space.raw_shape)
        for name, which in ((ANALOGS, near), (CLIMATOLOGY, chance))
    }
    found[ANALOGS] = found[ANALOGS][:, np.arange(members) % found[ANALOGS].shape[1]]
    if factor > 1:
        one = {BICUBIC: np.stack([smooth(each, factor) for each in given])}
        if min(v.decode(np.array([-1.0]))[0] for v in space.variables) >= 0:  # of amounts alone
            found[RAINFARM] = np.stack(
                [
                    [[[rainfarm(f, factor, rng) for f in time] for time in each] for _ in range(members)]
                    for each in given
                ]
            )
    else:
        times = space.times
        one = {PERSISTENCE: given[:, -1:].repeat(times, 1)}
        if condition.space.times > 1:
            one[MOTION] = np.stack([carried(condition.space, each, times) for each in given])
    repeated = {name: each[:, None].repeat(members, 1) for name, each in one.items()}
    return {name: np.asarray(each, np.float32) for name, each in (found | repeated).items()}


def nearest(space: FieldSpace, given: Raw, library: Raw, count: int) -> NDArray[np.int64]:
    """The nearest inputs of a library for each of the given ones, ``(n, count)``, as networks see them."""
    a, b = (space.encode(each).flatten(1).double().numpy() for each in (given, library))
    far = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return np.argsort(far, 1, kind="stable")[:, :count]


def smooth(coarse: Raw, factor: int) -> Raw:
    """Coarse fields ``(times, variables, y, x)`` enlarged by cubic splines, not below their least value."""
    from scipy.ndimage import zoom

    scales = (1, 1, factor, factor)
    found: Raw = zoom(coarse, scales, order=3, grid_mode=True, mode="nearest")
    return np.asarray(np.maximum(found, coarse.min()))


def carried(space: FieldSpace, past: Raw, times: int) -> Raw:
    """The last of some fields ``(times, variables, y, x)`` carried along the motion of the first variable.

    Cells into which something comes from outside stay as they were.
    """
    seen = space.encode(past[None]).numpy()[0, : space.count : len(space.variables)]
    flow = optical_flow(seen)
    ahead = np.stack([extrapolate(field, flow, times) for field in past[-1]], 1)
    return np.where(np.isfinite(ahead), ahead, past[-1])
