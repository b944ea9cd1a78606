"""A trained generator of pictures from sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.metrics.panel import Evaluation
from ptarmigan.metrics.request import Request
from ptarmigan.tasks.caption.evaluate import evaluator, of_held_out
from ptarmigan.trained.generator import Generator


class Illustrator(Generator):
    """Generates samples of sentences: ``sample(4, given="a red circle")``; a list of them is gone through.

    Where no sentence is given, each sample has one of those that are kept with the weights.
    """

    inputs: Space

    def __init__(self, game: Game, space: Space, description: dict[str, Any]) -> None:
        super().__init__(game, space, description)
        if not self.inputs:
            raise ValueError("this run's file has no space of captions")
        kept = torch.tensor(description.get("given") or [[]], dtype=torch.float64)
        if kept.shape[1:] != self.inputs.shape:
            raise ValueError("the captions that this run's file keeps do not fit their space")
        self.kept = self.inputs.decode(kept)

    def read_condition(self, words: Sequence[str]) -> list[str]:
        """Sentences, each in quotes; where nothing is in quotes all words are one sentence."""
        return list(words) if any(" " in word.strip() for word in words) else [" ".join(words)]

    def condition(self, given: Any, n: int, seed: int = 0) -> NDArray[Any]:
        """The sentences of ``n`` samples as numbers of their words.

        Raises:
            ValueError: one is empty, or has a word that the run has not learnt.
        """
        return self.classes(n, seed) if given is None else self.inputs.given(given, n)

    def classes(self, n: int, seed: int = 0) -> NDArray[Any]:
        """The sentences of samples where none are given."""
        return self.kept[np.random.default_rng(noise.key(seed, "classes")).integers(len(self.kept), size=n)]

    def captions(self, n: int, *, seed: int = 0, given: Any = None) -> list[str]:
        """The captions of the samples that ``sample`` makes of the same arguments."""
        return self.inputs.titles(self.condition(given, n, seed))

    def evaluate(self, samples: Samples, n: int, seed: int, request: Request) -> Evaluation:
        """The scores of samples of held-out captions."""
        known = evaluator(samples, request, n)
        request.notify(f"{known.n:,} samples of held-out captions")
        given = of_held_out(samples, known.n)
        chunks = self._conditioned(known.n, seed, given, 1.0, 1.0)
        return known.evaluate(np.concatenate(list(map(self.space.decode, chunks))))
