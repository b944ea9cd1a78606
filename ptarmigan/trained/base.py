"""The common part of trained runs: EMA networks, their space, and the run's description."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from ptarmigan.core.game import Game
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.metrics.panel import Evaluation
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.recognise import warn_of_namesake
from ptarmigan.modalities.registry import modality_of, optional_from_json

TRANSLATES = "this run translates: use 'ptarmigan translate RUN PICTURES'"
NO_LATENTS = "this run translates: it has no latents to edit, project or choose by"
TRANSLATES_NONE = "this run generates samples and does not translate: use 'ptarmigan sample RUN'"
DETECTS_NOTHING = (
    "this run is of {recipe}, which is no detector: train one of 'ptarmigan list' that begins with anomaly"
)


class OtherTaskError(ValueError, AttributeError):
    """A method of another kind of run was called."""


class Trained(nn.Module, ABC):
    """The EMA networks of a run, with their space: a ``Generator``, a ``Translator`` or a ``Detector``.

    Attributes:
        game: the networks, in evaluation mode.
        space: of the samples.
        inputs: the space of the inputs of a translation; else None.
        description: of the run.
        frequencies: class frequencies of its data; None where it has no classes.
        precision: the dtype of autocast, or None.
    """

    refusals: ClassVar[Mapping[str, str]] = {}
    """Methods of other kinds of runs, and the messages of their errors."""

    def __init__(self, game: Game, space: Space, description: dict[str, Any]) -> None:
        super().__init__()
        self.game, self.space, self.description = game, space, description
        frequencies = description.get("frequencies")
        self.frequencies = None if frequencies is None else np.asarray(frequencies)
        self.inputs = optional_from_json(description.get("inputs"))
        wanted = description.get("precision")
        self.precision: torch.dtype | None = torch.bfloat16 if wanted == "bfloat16" else None

    def __getattr__(self, name: str) -> Any:
        if name in self.refusals:
            raise OtherTaskError(self.refusals[name].format(recipe=self.recipe))
        return super().__getattr__(name)

    @property
    def recipe(self) -> str:
        """The name of the recipe."""
        return str(self.description.get("recipe"))

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.game.parameters()).device

    def read_condition(self, words: Sequence[str]) -> Any:
        """Parse ``--given`` into the argument ``given`` of ``sample``."""
        return self.space.read_condition(words)

    def captions(self, n: int, *, seed: int = 0, given: Any = None) -> list[str]:
        """The captions of the samples that ``sample`` makes of the same arguments; none of other runs."""
        return []

    @abstractmethod
    def evaluate(self, samples: Samples, n: int, seed: int, request: Request) -> Evaluation:
        """The scores of ``n`` samples of the run, by the evaluator of their kind.

        Args:
            samples: the real ones.
            n: how many are scored; of translations as many as there are inputs, at most.
            seed: the random seed of the samples.
            request: measures and features.

        Raises:
            ValueError: a measure is unknown, or ``n`` is not positive.
        """

    def autocast(self) -> torch.autocast:
        """The precision that samples are made at."""
        return torch.autocast(self.device.type, self.precision, enabled=self.precision is not None)

    def open(self, data: Any) -> Samples:
        """Other data than those of training, read with the options of the run.

        Args:
            data: a source as for training.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ValueError: these are no data of this kind, or not of the form of the run's.
        """
        warn_of_namesake(data)
        known, mine = modality_of(self.space), self.description["options"]
        options = {name: mine[name] for name in known.option_names if name in mine and name != "data"}
        options = {name: tuple(v) if isinstance(v, list) else v for name, v in options.items()}
        samples = known.options(data=data, **options).open(batch=1)
        if samples.space.words != self.space.words:
            where = data if isinstance(data, str | os.PathLike) else "the array"
            raise ValueError(
                f"{where} holds {samples.space.words}, and the run is of {self.space.words}: train it with a "
                "size, and others are made to fit"
            )
        return samples
