"""Samples of a run that its discriminator chooses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.errors import must_fit
from ptarmigan.core.game import Game
from ptarmigan.core.inference import inference
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import Samples
from ptarmigan.media.console import say
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.neighbours import precision_recall
from ptarmigan.tasks.generate import CHUNK, check_count, latents
from ptarmigan.tasks.latents.calibration import Calibration, calibrate
from ptarmigan.tasks.latents.choose import Chosen, Rejection, metropolis_hastings, reject
from ptarmigan.trained.generator import Generator
from ptarmigan.trained.loading import rebuild
from ptarmigan.training.checkpoint import Checkpoints
from ptarmigan.training.run import Run

How = Literal["rejection", "mh"]
SCORED = 2_048
"""Held-out samples, and generated ones, by whose scores the discriminator is calibrated."""


@dataclass(frozen=True)
class Effect:
    """What a choice does, in the embedding of the samples' space: precision and recall, before and after."""

    before: tuple[Estimate, Estimate]
    after: tuple[Estimate, Estimate]


class Chooser:
    """Chooses samples of a run by its discriminator, calibrated on held-out samples.

    Args:
        trained: the generator.
        folder: of the run, which has its discriminator and says where its data are.
        run: the run itself, where it was made in Python.

    Raises:
        ValueError: the folder has no state, the data are missing, or no discriminator scores single samples.
        FileNotFoundError: the data are missing.
    """

    def __init__(self, trained: Generator, folder: str | Path, run: Run | None = None) -> None:
        self.trained, found = trained, rebuild(Path(folder), run)
        self.samples: Samples = found.samples
        self.game = game_with_discriminator(found.game, Path(folder), trained)

    def sample(self, n: int, how: How, *, seed: int = 0, given: Any = None, chain: int = 640) -> Chosen:
        """``n`` samples that the discriminator chooses.

        Args:
            n: how many.
            how: rejection (DRS), or mh: the ends of Metropolis-Hastings chains.
            seed: the random seed.
            given: the condition of all samples, see ``Generator.sample``.
            chain: of mh, the steps of every chain.

        Raises:
            ValueError: there is no such condition, or hardly any sample is accepted.
        """
        check_count(self.trained.space, n)
        if n < 1 or chain < 1:
            raise ValueError("ask for at least one sample (--n), of chains of at least one step (--chain)")
        if how == "rejection":
            rule = Rejection.after(self.probabilities[1])

            def propose(batch: int) -> tuple[NDArray[Any], NDArray[np.float64]]:
                return self._propose(given, seed, batch, 0)

            return reject(propose, rule, n, lambda batch: coins(seed, "reject", batch))
        ends = list(self._ends(n, seed, given, chain))
        return Chosen(np.concatenate(ends)[:n], len(ends) * CHUNK * chain)

    def effect(self, chosen: NDArray[Any], *, seed: int = 0, given: Any = None) -> Effect:
        """Precision and recall of as many samples that were not chosen, and of those that were.

        Args:
            chosen: raw samples.
            seed: of the others.
            given: their condition.
        """
        n = min(len(chosen), len(self.samples.held_out))
        rows = permute(np.arange(n), len(self.samples.held_out), "effect")
        plain = self.trained.sample(n, seed=seed, given=given)
        real, before, after = (
            self.trained.space.embed(self.trained.space.encode(raw).float())
            for raw in (self.samples.held_out.read(rows), plain, chosen[:n])
        )
        return Effect(precision_recall(real, before), precision_recall(real, after))

    @cached_property
    def calibration(self) -> Calibration:
        """From scores to probabilities, by half of those that are known."""
        real, fake = self.scores
        return calibrate(real[::2], fake[::2])

    @cached_property
    def probabilities(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of held-out and of generated samples: the halves that the calibration has not seen."""
        real, fake = self.scores
        return self.calibration(real[1::2]), self.calibration(fake[1::2])

    @cached_property
    def scores(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of held-out samples, and of as many generated ones."""
        n = min(SCORED, len(self.samples.held_out))
        rows = permute(np.arange(n), len(self.samples.held_out), "calibration")
        labels = self.samples.held_out.labels
        real = []
        for i in range(0, n, CHUNK):
            x = self.trained.space.encode(self.samples.held_out.read(rows[i : i + CHUNK]))
            c = None if labels is None else torch.from_numpy(labels[rows[i : i + CHUNK]])
            real.append(self._score(x, c))
        fake = [self._made(None, 0, "calibration", i, 0)[1] for i in range(-(-n // CHUNK))]
        return np.concatenate(real), np.concatenate(fake)[:n]

    def _ends(self, n: int, seed: int, given: Any, chain: int) -> Iterator[NDArray[Any]]:
        stuck = 0
        for j in range(-(-n // CHUNK)):
            start = self.probabilities[0]
            begin = start[(np.arange(CHUNK) + j * CHUNK) % len(start)]
            ends, moved = metropolis_hastings(
                lambda step, j=j: self._propose(given, seed, j, 1 + step),  # type: ignore[misc]
                begin,
                chain,
                lambda step, j=j: coins(seed, "mh", j, step),  # type: ignore[misc]
            )
            stuck += int((~moved).sum())
            yield ends
        if stuck:
            say(f"{stuck} chains never left the real sample that they began at: take a longer --chain")

    def _propose(
        self, given: Any, seed: int, batch: int, step: int
    ) -> tuple[NDArray[Any], NDArray[np.float64]]:
        x, scores = self._made(given, seed, "choose", batch, step)
        return self.trained.space.decode(x), self.calibration(scores)

    def _made(
        self, given: Any, seed: int, what: str, batch: int, step: int
    ) -> tuple[Tensor, NDArray[np.float64]]:
        """A chunk of samples, and their scores; of a chain all have the same classes."""
        c = self.trained.conditions(given, CHUNK, noise.key(seed, what, batch) % 2**31)
        game = self.trained.game
        with inference(game, seed, what, batch, step, samples=CHUNK, precision=self.trained.precision):
            x = game.sample(latents(game), c).float()
        return x, self._score(x, c)

    def _score(self, x: Tensor, c: Tensor | None) -> NDArray[np.float64]:
        """Scores of up to a chunk of samples, always beside the same real ones.

        So that what a discriminator sees of the whole batch, such as its standard deviation, says little of
        single samples.
        """
        beside, classes = self._beside
        with inference(self.game, 0, "score", samples=2 * CHUNK):
            both = torch.cat([x.to(beside), beside])
            labels = None if c is None or classes is None else torch.cat([c.to(classes), classes])
            found = self.game.discriminate(both, labels)
        assert found is not None  # asked in the beginning
        return found[: len(x)].double().cpu().numpy()

    @cached_property
    def _beside(self) -> tuple[Tensor, Tensor | None]:
        rows = np.arange(CHUNK) % len(self.samples.held_out)
        x = self.trained.space.encode(self.samples.held_out.read(rows)).to(self.trained.device)
        labels = self.samples.held_out.labels
        c = None if labels is None else torch.from_numpy(labels[rows]).to(self.trained.device)
        return x.to(torch.get_default_dtype()), c


def game_with_discriminator(game: Game, folder: Path, trained: Generator) -> Game:
    """A game with the discriminator of the newest state of a run.

    Raises:
        ValueError: there is no state, it does not fit, or no discriminator scores single samples.
    """
    state = Checkpoints(folder, 1, say).newest()
    if state is None:
        raise ValueError(
            f"{folder} has no state-*.pt, in which the discriminator is: samples cannot be chosen"
        )
    with must_fit(f"the newest state of {folder} does not fit {trained.recipe} as it is in this version"):
        game.load_state_dict(state["game"])
    game.to(trained.device).eval().requires_grad_(False)
    with inference(game, 0, "sample", samples=CHUNK):
        x = trained.sample(2, tensors=True).float()
        c = trained.conditions(None, 2)
        if game.discriminate(x, c) is None:
            raise ValueError(
                f"no discriminator of {trained.recipe} scores single samples: none can be chosen"
            )
    return game


def coins(seed: int, *position: str | int) -> NDArray[np.float64]:
    """Uniform numbers for a chunk."""
    return np.random.default_rng(noise.key(seed, "coins", *position)).random(CHUNK)
