"""The real samples that a run is compared with."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.data.permutation import permute
from ptarmigan.data.source import Source
from ptarmigan.doctor.features import Axes, Floats
from ptarmigan.doctor.reference import Reference
from ptarmigan.training.draw import placed
from ptarmigan.training.run import Run

REFERENCE = {False: 1_024, True: 512}
"""Training samples that others are compared with, at most; fewer where they are small and steps are short."""
SMALL = 64
"""Numbers in a small sample, at most."""


class Real:
    """The real samples that a run is compared with: the same ones at every probe.

    Args:
        run: its samples and its seed.
        count: how many are shown to the discriminator, of the training and of the held-out ones.
    """

    def __init__(self, run: Run, count: int) -> None:
        samples = run.samples
        source, held_out = samples.source, samples.held_out
        self.space = run.space
        self.rows = chosen(source, REFERENCE[math.prod(self.space.shape) <= SMALL], run.seed)
        self.train = self.encoded(source, self.rows[:count])
        self.given = self.conditions(run, self.rows, count, held_out=False)
        self.held_out: Tensor | None = None
        self.held_out_given: Tensor | None = None
        others = None
        if held_out is not source and len(held_out) and (held_out.labels is None) == (source.labels is None):
            picked = chosen(held_out, count, run.seed)
            self.held_out = self.encoded(held_out, picked)
            self.held_out_given = self.conditions(run, picked, len(picked), held_out=True)
            others = self.space.embed(self.held_out)
        flat = np.concatenate(
            [
                self.space.embed(self.encoded(source, part))
                for part in np.array_split(self.rows, max(1, len(self.rows) // count))
            ]
        )
        self.axes = Axes.of(flat)
        at = self.axes(flat)
        group, groups = self.groups(run, at)
        self.reference = Reference.of(at, group, groups, count, noise.key(run.seed, "doctor", "clusters"))
        self.typical_distance = float(self.train.float().flatten(1).var(0, unbiased=False).sum() * 2) ** 0.5
        self.requested = None
        if samples.labelled and self.space.classes and self.given is not None:
            self.requested = self.given.numpy()
        self.held_out_signs = {} if others is None else self.reference.measure(self.axes(others))

    def groups(self, run: Run, at: Floats) -> tuple[NDArray[np.int64] | None, int]:
        """The class or mode of every reference sample, where there are any, and how many there are."""
        labels, mixture = run.samples.source.labels, run.samples.mixture
        if labels is not None and self.space.classes:
            return labels[self.rows], len(self.space.classes)
        if mixture is None:
            return None, 0
        raw = run.samples.source.read(self.rows)
        squared = ((raw[:, None].astype(np.float64) - mixture.centres) ** 2).sum(2)
        return squared.argmin(1), len(mixture.centres)

    def conditions(self, run: Run, rows: NDArray[np.int64], n: int, *, held_out: bool) -> Tensor | None:
        """What ``n`` samples at ``rows`` come with: their classes, or inputs to translate; None of others."""
        samples = run.samples
        given = samples.condition
        if given is not None and not given.matched:
            rows = chosen(given.held_out if held_out else given.source, n, run.seed)
        c = samples.conditions(np.resize(rows, n), held_out=held_out)
        layout = torch.preserve_format if given is None else given.space.layout
        return None if c is None else placed(c, noise.CPU, layout)

    def encoded(self, source: Source, rows: NDArray[np.int64]) -> Tensor:
        """Samples as networks see them."""
        x = self.space.encode(source.read(rows))
        return x.to(torch.get_default_dtype(), memory_format=self.space.layout)

    def probe(self, device: torch.device) -> tuple[Tensor, Tensor | None]:
        """Training samples, and what they come with."""
        n = len(self.train)
        return self.train.to(device), None if self.given is None else placed(self.given[:n], device)

    def held_out_probe(self, device: torch.device) -> tuple[Tensor, Tensor | None]:
        """Held-out samples, and what they come with."""
        assert self.held_out is not None
        c = self.held_out_given
        return self.held_out.to(device), None if c is None else placed(c, device)


def chosen(source: Source, n: int, seed: int) -> NDArray[np.int64]:
    """``n`` rows of a source, or all where there are fewer, in an order that looks random."""
    return permute(np.arange(min(n, len(source))), len(source), seed, "doctor")
