"""Data that games are trained on: samples, those held out, and what they are conditioned on."""

from __future__ import annotations

from typing import Generic

import numpy as np
import torch
from torch import Tensor
from typing_extensions import TypeVar

from ptarmigan.data.blank import Blank
from ptarmigan.data.condition import Condition
from ptarmigan.data.mixture import Mixture
from ptarmigan.data.permutation import Indices
from ptarmigan.data.source import Source
from ptarmigan.data.space import Space

FEW = 5
"""Samples below which people are told that a trained file names what only these have."""

S = TypeVar("S", bound=Space, default=Space, covariant=True)


class Dataset(Generic[S]):
    """Real samples, in no order.

    Args:
        source: raw samples by index.
        space: what one sample is.
        condition: what samples are conditioned on, where that is a sample of another space; else they are
            conditioned on their classes, where they have such.
        mixture: what the samples were drawn from, where that is known.
        held_out: other real samples that are never trained on, to score against; ``source`` when None.

    Attributes:
        understood: of a file that can be read in several ways, how it was, in lines for people.
        named: what a trained file has to say of single samples, in lines for people.
    """

    understood: tuple[str, ...] = ()

    def __init__(
        self,
        source: Source,
        space: S,
        *,
        condition: Condition | None = None,
        held_out: Source | None = None,
        mixture: Mixture | None = None,
    ) -> None:
        self.source, self.space, self.condition = source, space, condition
        self.held_out, self.mixture = held_out or source, mixture
        self.named = rare_classes(source)

    def __len__(self) -> int:
        return len(self.source)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one encoded sample."""
        return self.space.shape

    @property
    def labelled(self) -> bool:
        """Whether every sample comes with its class."""
        return self.condition is None and self.source.labels is not None

    @property
    def paired(self) -> bool:
        """Whether every sample is learnt with the condition that belongs to it."""
        return self.condition is not None and self.condition.paired

    @property
    def blank(self) -> Blank:
        """The same data without a sample: what a trained network is built again with."""
        return Blank(self.space, None if self.condition is None else self.condition.space)

    def require_classes(self) -> int:
        """How many classes there are, for a conditional game.

        Raises:
            ValueError: the samples have none.
        """
        if not self.space.classes:
            raise ValueError(
                "this data has no classes, which a conditional game needs: put the samples of each class in "
                "a folder of their own, or train without classes"
            )
        return len(self.space.classes)

    def require_condition(self) -> Condition:
        """What samples are conditioned on, for a game that needs more than a class.

        Raises:
            ValueError: there is nothing.
        """
        if self.condition is None:
            raise ValueError("this data has no inputs to translate from")
        return self.condition

    def require_inputs(self) -> Space:
        """The space of what is translated, for a translation.

        Raises:
            ValueError: the samples come with no inputs.
        """
        return self.require_condition().space

    def conditions(self, rows: Indices, *, held_out: bool = False) -> Tensor | None:
        """What the samples at ``rows`` are conditioned on, as ``batch.c`` has it; None where it is nothing.

        Where conditions belong to no samples, they are those at the same places, from the first again after
        the last. They are not augmented.

        Args:
            rows: which samples.
            held_out: of those that are never trained on.
        """
        given = self.condition
        if given is None:
            labels = (self.held_out if held_out else self.source).labels
            return None if labels is None else torch.from_numpy(labels[rows])
        source = given.held_out if held_out else given.source
        return given.space.encode(source.read(rows % len(source)))


def rare_classes(source: Source) -> tuple[str, ...]:
    """That a trained file names classes of hardly any sample, in a line; none where it does not."""
    if source.labels is None or not len(source):
        return ()
    counts = np.bincount(source.labels, minlength=len(source.classes))
    found = [f"{name} ({n})" for name, n in zip(source.classes, counts, strict=False) if 0 < n < FEW]
    more = f" and {len(found) - FEW:,} more" if len(found) > FEW else ""
    return (f"it names classes of fewer than {FEW} samples: {', '.join(found[:FEW])}{more}",) if found else ()
