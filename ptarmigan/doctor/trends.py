"""Where samples are bad, become better, or go to and fro, at every probe of a run."""

from __future__ import annotations

import math

import numpy as np

from ptarmigan.doctor import thresholds as at
from ptarmigan.doctor.signs import Floats, Holds, Signs


def bad(signs: Signs) -> Holds:
    """Where samples of the EMA weights are far from real ones."""
    far = signs("averaged/frechet") - signs.fact("real/frechet", 0.0)
    near = signs("averaged/precision") / max(signs.fact("real/precision", 1.0), 1e-9)
    return np.asarray((far >= at.FAR) | (near <= at.UNLIKE[bounded(signs)]))


def hopeless(signs: Signs) -> Holds:
    """Where samples are further from real ones than those of any healthy run are as early."""
    far = signs("averaged/frechet") - signs.fact("real/frechet", 0.0)
    done = np.maximum(signs.steps / max(1, signs.history.steps), 1e-9)
    return np.asarray(far >= at.HOPELESS[bounded(signs)] * done**-at.SOON)


def coming(signs: Signs) -> Holds:
    """Where samples of the EMA weights are becoming better, and not much too slowly."""
    return improving(signs) & ~hopeless(signs)


def growing(signs: Signs, name: str) -> Holds:
    """Where variety is still coming, and not much too slowly."""
    return grows(signs(name), at.GROWING) & ~hopeless(signs)


def bounded(signs: Signs) -> bool:
    """Whether the numbers of samples have bounds, as those of images do: thresholds depend on it."""
    return "edge" in signs.history.data


def improving(signs: Signs) -> Holds:
    """Where samples of the EMA weights are becoming better."""
    far = signs("averaged/frechet") - signs.fact("real/frechet", 0.0)
    nearer = falls(np.maximum(far, at.CLOSE[0]), at.IMPROVING)
    return nearer | grows(signs("averaged/precision"), at.GROWING, at.CLOSE[1])


def steady(signs: Signs, name: str) -> Holds:
    """Where a number has been the same for some probes, to a small part of the data's range."""
    values = signs(name)
    length = max(signs.fact("high", 1.0) - signs.fact("low", -1.0), 1e-9)
    spread = np.array([np.ptp(values[max(0, i - at.BEFORE) : i + 1]) for i in range(len(values))])
    return np.asarray(spread <= at.BOUND * length)


def grows(values: Floats, factor: float, more: float = 0.0) -> Holds:
    """Where the highest of the latest few values is higher by ``factor``, and ``more``, than any before.

    What goes up and down does not grow. As long as there is nothing to compare with, everything does.
    """
    out = np.ones(len(values), bool)
    for i in range(at.BEFORE, len(values)):
        before = values[max(0, i - at.BEFORE - at.LONG + 1) : i - at.BEFORE + 1]
        lately = values[i - at.BEFORE + 1 : i + 1]
        if not np.isnan(before).all():
            out[i] = np.nanmax(lately, initial=-np.inf) > factor * np.nanmax(before) + more
    return out


def falls(values: Floats, factor: float) -> Holds:
    """Where the lowest of the latest few values is lower by ``factor`` than any before."""
    return grows(1 / np.maximum(values, 1e-12), factor)


def wandering(signs: Signs) -> Floats:
    """How much the shares of classes or modes differ from what they were some probes before.

    Total variation, less what so few samples make of equal shares; its mean over some time.
    """
    out = np.full(len(signs.steps), np.nan)
    names = [name for name in signs.history.vitals if name.startswith("share/")]
    if len(names) < 2 or len(signs) <= at.BEFORE:
        return out
    shares = np.stack([signs.raw(name) for name in names], 1)
    moved = 0.5 * np.abs(shares[at.BEFORE :] - shares[: -at.BEFORE]).sum(1)
    chance = math.sqrt((len(names) - 1) / (math.pi * at.SAMPLES))
    for i in range(len(moved)):
        part = moved[max(0, i - at.LONG + 1) : i + 1]
        part = part[~np.isnan(part)]
        out[i + at.BEFORE] = part.mean() - chance if len(part) else np.nan
    return out
