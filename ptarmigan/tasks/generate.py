"""Generation: samples from latents, of which the first do not depend on the number, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.game import Game, at_temperature, is_tempered
from ptarmigan.core.inference import inference
from ptarmigan.core.memory import check_memory
from ptarmigan.data.permutation import Indices, permute
from ptarmigan.data.samples import sample_bytes
from ptarmigan.data.space import Space
from ptarmigan.metrics.panel import Metric
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.registry import modality_of
from ptarmigan.tasks.latents.space import latent_space
from ptarmigan.tasks.likelihood import held_out_nll
from ptarmigan.tasks.sweep import SWEPT, sweep
from ptarmigan.tasks.task import Figure, Section, Task

CHUNK = 64
"""Samples made at once. Fixed, and the last chunk is made whole and cut, because the rounding of a matrix
product depends on how many rows it has."""
SAMPLE_COPIES = 2
"""Chunks of samples, and all of them together."""
PAIRS = 36
"""Real samples, and generated ones, in a report."""


@dataclass(frozen=True)
class Shard:
    """One of several processes that make samples together: some chunks in a row, about as many each.

    Attributes:
        index: from 0.
        count: how many processes.
    """

    index: int = 0
    count: int = 1

    def chunks(self, n: int) -> range:
        """The numbers of its chunks among those of ``n`` samples."""
        every = -(-n // CHUNK)
        return range(every * self.index // self.count, every * (self.index + 1) // self.count)

    def span(self, n: int) -> range:
        """The numbers of its samples among ``n``."""
        mine = self.chunks(n)
        return range(min(n, mine.start * CHUNK), min(n, mine.stop * CHUNK))


ALONE = Shard()


def latents(game: Game) -> Tensor:
    """A chunk of standard normal ``z``."""
    return noise.normal(CHUNK, game.latent)


def encoded(
    game: Game,
    n: int,
    *,
    seed: int = 0,
    classes: NDArray[Any] | None = None,
    truncation: float = 1.0,
    temperature: float = 1.0,
    precision: torch.dtype | None = None,
    shard: Shard = ALONE,
) -> Iterator[Tensor]:
    """Chunks of encoded samples on the device, ``n`` in all, from a game in evaluation mode.

    Args:
        game: generates the samples.
        n: how many.
        seed: of the latents.
        classes: the class, or another condition, of each, where the game is conditional.
        truncation: below 1, less diverse and more typical samples, see ``LatentSpace.sample``.
        temperature: of distributions that the game draws from, see ``Tempered``.
        precision: the dtype of autocast, or None.
        shard: which of the chunks.

    Raises:
        ValueError: the game draws from no distributions, and a temperature is asked for.
    """
    device, space = next(game.parameters()).device, latent_space(game)
    for chunk in shard.chunks(n):
        start, c = chunk * CHUNK, None
        if classes is not None:
            mine = classes[start : start + CHUNK]
            mine = mine[np.arange(CHUNK) % len(mine)]
            c = torch.from_numpy(mine).to(device)
        alone = inference(game, seed, "sample", chunk, samples=CHUNK, precision=precision)
        with alone, at_temperature(game, temperature):
            x = space.sample(latents(game), c, truncation)
        yield x[: n - start]


def generate(
    game: Game,
    space: Space,
    n: int,
    *,
    seed: int = 0,
    classes: NDArray[Any] | None = None,
    truncation: float = 1.0,
    temperature: float = 1.0,
    precision: torch.dtype | None = None,
) -> Iterator[NDArray[Any]]:
    """Chunks of raw samples: ``encoded`` with the same arguments, decoded by ``space``."""
    chunks = encoded(
        game,
        n,
        seed=seed,
        classes=classes,
        truncation=truncation,
        temperature=temperature,
        precision=precision,
    )
    return map(space.decode, chunks)


def check_count(space: Space, n: int) -> None:
    """See that ``n`` samples go into memory.

    Raises:
        ValueError: they do not.
    """
    check_memory(SAMPLE_COPIES * sample_bytes(space) * n, f"{n:,} samples", "ask for fewer (--n)")


def some_classes(frequencies: NDArray[Any] | None, n: int, seed: int) -> Indices | None:
    """``n`` classes drawn with the data's frequencies; None where it has no classes."""
    if frequencies is None or len(frequencies) == 0:
        return None
    check_memory(3 * 8 * n, f"{n:,} samples", "ask for fewer (--n)")
    weights = np.asarray(frequencies, np.float64)
    drawn = np.random.default_rng(noise.key(seed, "classes")).choice(
        len(weights), size=n, p=weights / weights.sum()
    )
    return drawn.astype(np.int64)


def every_class(count: int, n: int) -> Indices | None:
    """``n`` classes in turn, so that a grid shows all of them; None where there are none."""
    return np.arange(n, dtype=np.int64) % count if count else None


class Generate(Task):
    """Samples from latents, compared with real ones."""

    repeated = "latents"

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics of samples."""
        return modality_of(self.space).evaluator(self.samples, Request(n=self.n)).metrics

    @cached_property
    def frequencies(self) -> NDArray[np.int64] | None:
        """The class frequencies of the data; None where it has no classes."""
        labels = self.samples.source.labels
        return None if labels is None else np.bincount(labels, minlength=len(self.space.classes))

    def picture(self, game: Game) -> Image.Image:
        """Samples of all classes; in the plane, over real ones and the discriminator's scores."""
        space, n = self.space, self.space.shown
        real = self.samples.source.read(np.arange(min(space.beside or n, len(self.samples))))

        def surface(points: NDArray[Any]) -> NDArray[Any] | None:
            with torch.no_grad():
                x = space.encode(points).to(next(game.parameters()))
                heights = game.discriminate(x)
            return None if heights is None else heights.float().cpu().numpy()

        return space.render(self.some(game, n), real, surface)

    def scores(self, game: Game) -> dict[str, float]:
        """Every metric of samples whose classes are as frequent as in the data, and the likelihood."""
        raw = self.generate(game, self.n, some_classes(self.frequencies, self.n, self.seed))
        return {metric.name: metric(raw) for metric in self.metrics} | held_out_nll(
            game, self.samples, self.n
        )

    def described(self, game: Game) -> dict[str, Any]:
        """The space, and its class frequencies."""
        frequencies = None if self.frequencies is None else self.frequencies.tolist()
        return {"space": self.space.to_json(), "frequencies": frequencies}

    def some(self, game: Game, n: int) -> NDArray[Any]:
        """``n`` raw samples of all classes in turn."""
        return self.generate(game, n, every_class(len(self.space.classes), n))

    @staticmethod
    def caption(step: int) -> str:
        """A sentence about the weights and the step."""
        return f"Samples of the EMA weights at step {step:,}."

    def section(self, game: Game) -> Section:
        """Real samples and as many generated ones, of the same classes where the game is conditional."""
        source, n = self.samples.source, min(PAIRS, len(self.samples))
        rows = permute(np.arange(n), len(source), "report", "real")
        generated = self.generate(game, n, None if source.labels is None else source.labels[rows])
        real = self.space.render(source.read(rows))
        same = ", the same class at the same place" if self.depends_on_classes(game) else ""
        return Section(
            "Beside real samples",
            "",
            (
                Figure(real, "real samples", "Real: from the training data."),
                Figure(self.space.render(generated), "generated samples", f"Generated{same}."),
                *self.swept(game),
            ),
        )

    def swept(self, game: Game) -> Iterator[Figure]:
        """Quality against diversity, where the game draws at a temperature."""
        if not is_tempered(game):
            return
        evaluator = modality_of(self.space).evaluator(self.samples, Request(n=SWEPT))
        classes = some_classes(self.frequencies, SWEPT, self.seed)

        def draw(temperature: float) -> NDArray[Any]:
            return self.generate(game, SWEPT, classes, temperature)

        if evaluator.between is not None:
            yield sweep(draw, evaluator.metrics, evaluator.between)

    def depends_on_classes(self, game: Game) -> bool:
        """Whether a sample of the first class differs from one of the last, of the same latent."""
        several = len(self.space.classes)
        if several < 2 or self.frequencies is None:
            return False
        first, last = (self.generate(game, 1, np.array([c])) for c in (0, several - 1))
        return not np.array_equal(first, last)

    def generate(self, game: Game, n: int, classes: Indices | None, temperature: float = 1.0) -> NDArray[Any]:
        """``n`` raw samples of the same latents every time."""
        check_count(self.space, n)
        how: dict[str, Any] = {"classes": classes, "temperature": temperature, "precision": self.precision}
        return np.concatenate(list(generate(game, self.space, n, seed=self.seed, **how)))
