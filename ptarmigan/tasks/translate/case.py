"""What translations are measured on: held-out inputs, and what there is to compare outputs with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.condition import Condition
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.metrics.features import Features
from ptarmigan.modalities.image.classifier import Classifier, Unlabelled, learn
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.translate import mapping
from ptarmigan.tasks.translate.domain import classified_as_b, learn_domains
from ptarmigan.tasks.translate.mapping import Mapping
from ptarmigan.tasks.translate.perceptual_distance import Layered

Raw: TypeAlias = NDArray[Any]


class Case:
    """The first ``n`` held-out inputs, and what there is to compare their translations with.

    Args:
        samples: the real ones, with inputs.
        n: how many inputs, at most.
        features: what is looked at.

    Attributes:
        given: the inputs.
        matched: whether every input has a target.
    """

    def __init__(self, samples: Samples, n: int, features: Callable[[], Features]) -> None:
        self.samples, self._features = samples, features
        self.given: Condition = samples.require_condition()
        self.n = min(n, len(self.given.held_out))

    @property
    def space(self) -> Space:
        """What an output is."""
        return self.samples.space

    @property
    def matched(self) -> bool:
        """Whether every input has a target."""
        return self.given.matched

    @cached_property
    def features(self) -> Features:
        """What is looked at."""
        return self._features()

    @cached_property
    def inputs(self) -> Raw:
        """Raw inputs."""
        return self.given.held_out.read(np.arange(self.n))

    @cached_property
    def targets(self) -> Raw:
        """What should have come out, where that is known."""
        return self.samples.held_out.read(np.arange(self.n))

    @cached_property
    def layers(self) -> Layered:
        """The features where their layers can be looked at, else those of a network that learns turns."""
        if isinstance(self.features, Layered):
            return self.features
        assert isinstance(self.space, ImageSpace)
        return learn(Unlabelled(self.samples.source), self.space)

    @cached_property
    def segmenter(self) -> Mapping:
        """A network that finds the classes of inputs in real outputs."""
        assert isinstance(self.given.space, LabelSpace)
        return mapping.learn(self.samples.source, self.space, self.given.source, self.given.space)

    @cached_property
    def domains(self) -> Classifier:
        """A classifier of inputs and samples."""
        assert isinstance(self.space, ImageSpace)
        return learn_domains(self.given.source, self.samples.source, self.space)

    @cached_property
    def of_b(self) -> NDArray[np.float64]:
        """Which held-out samples are taken for what they are."""
        return classified_as_b(self.domains, self.samples.held_out)

    @cached_property
    def right(self) -> float:
        """How often the classifier of domains is right."""
        of_a = classified_as_b(self.domains, self.given.held_out)
        return float(np.concatenate([1 - of_a, self.of_b]).mean())
