"""Sentences as vectors: states of a language model of real text that is in neither set that it compares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ptarmigan.core.optim import adam
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import ArraySource
from ptarmigan.metrics.features import Vectors
from ptarmigan.metrics.trained_networks import fingerprint, load_or_train, rate
from ptarmigan.modalities.text.nets import LanguageModel
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.tokens import BOS, PAD

VERSION = 1
WIDTH, BATCH, RATE = 64, 64, 4e-3
EPOCHS, STEPS = 6, 1_000
"""How long it is trained, at most."""
PART = 3


def thirds(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which of ``n`` sentences the network learns, and the others; all for both where there are too few."""
    order = permute(np.arange(n), n, "text", "thirds")
    cut = n // PART
    return (np.sort(order[:cut]), np.sort(order[cut:])) if cut else (np.arange(n), np.arange(n))


@dataclass(frozen=True, eq=False)
class LanguageFeatures:
    """The mean and the last of the states of an LSTM, 128 numbers a sentence.

    Attributes:
        space: of the sentences.
        learnt: raw sentences that it learns, which are among neither of two sets that it compares.
        others: real ones that its quality is told by.
    """

    space: TextSpace
    learnt: NDArray[np.int32]
    others: NDArray[np.int32]

    @cached_property
    def hash(self) -> str:
        """A digest of what it learns."""
        return fingerprint(ArraySource(self.learnt), "text", VERSION, self.space.tokens)

    @cached_property
    def name(self) -> str:
        """Its quality: the perplexity of real sentences that it did not learn."""
        with torch.no_grad():
            ids = torch.from_numpy(self.others[:BATCH]).long()
            found = -self.network.log_probabilities(ids)
            perplexity = float((found.sum() / (ids != PAD).sum()).exp())
        return f"language model of {len(self.learnt):,} other sentences (perplexity {perplexity:.3g})"

    @cached_property
    def network(self) -> LanguageModel:
        """From the cache, or trained now."""

        def make() -> LanguageModel:
            return LanguageModel(self.space, WIDTH, WIDTH).float()

        def train(network: LanguageModel) -> None:
            fit(network, torch.from_numpy(self.learnt).long())

        return load_or_train("language-model", self.hash, VERSION, make, train)

    @torch.no_grad()
    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """The features of sentences ``(n, 128)``; padding changes nothing."""
        ids = torch.from_numpy(self.space.scored(raw)).long()
        begun = torch.cat([ids.new_full((len(ids), 1), BOS), ids[:, :-1]], 1)
        states: Tensor = self.network.recurrent(self.network.inputs(begun, None))[0]
        there = (ids != PAD)[:, :, None]
        count = there.sum(1)
        mean = (states * there).sum(1) / count.clamp(min=1)
        last = states[torch.arange(len(ids)), (count[:, 0] - 1).clamp(min=0)]
        found: Vectors = torch.cat([mean, last], 1).numpy()
        return found


def fit(network: nn.Module, ids: Tensor) -> None:
    """Maximum likelihood, in an order and at rates that are always the same."""
    assert isinstance(network, LanguageModel)
    optimizer = adam(network, RATE, (0.9, 0.999))
    batches = -(-len(ids) // BATCH)
    steps = min(EPOCHS * batches, STEPS)
    for step in range(steps):
        epoch, at = divmod(step, batches)
        rows = permute(
            np.arange(at * BATCH, min((at + 1) * BATCH, len(ids))), len(ids), "text", "features", epoch
        )
        optimizer.param_groups[0]["lr"] = RATE * rate((step + 0.5) / steps)
        optimizer.zero_grad()
        (-network.log_probabilities(ids[torch.from_numpy(rows)]).sum() / len(rows)).backward()
        optimizer.step()
