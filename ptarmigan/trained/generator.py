"""A trained generator: samples from latents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from operator import index
from typing import TYPE_CHECKING, Any, ClassVar, Literal, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core.game import is_tempered
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.panel import Evaluation
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.registry import modality_of
from ptarmigan.tasks.generate import ALONE, Shard, check_count, encoded
from ptarmigan.tasks.likelihood import LIKELIHOOD, likelihood_score
from ptarmigan.trained.base import DETECTS_NOTHING, TRANSLATES_NONE
from ptarmigan.trained.latents import Latents, asked_for
from ptarmigan.trained.path import PATH, STEPS, path_score

if TYPE_CHECKING:
    import pandas as pd


class Generator(Latents):
    """Generates samples from latents, as a module too: ``generator(z)`` are encoded samples."""

    refusals: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("translate", "direction"), TRANSLATES_NONE),
        **dict.fromkeys(("anomaly_scores", "anomaly_maps", "threshold"), DETECTS_NOTHING),
    }

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Encoded samples ``(n, *shape)`` of latents ``(n, latent)``, and of what they are conditioned on."""
        return self.game.sample(z, c)

    @overload
    def sample(
        self,
        n: int = ...,
        *,
        seed: int = ...,
        given: Any = ...,
        class_: str | int | None = ...,
        where: Mapping[Any, Any] | None = ...,
        truncation: float = ...,
        temperature: float = ...,
        tensors: Literal[True],
    ) -> Tensor: ...

    @overload
    def sample(
        self,
        n: int = ...,
        *,
        seed: int = ...,
        given: Any = ...,
        class_: str | int | None = ...,
        where: Mapping[Any, Any] | None = ...,
        truncation: float = ...,
        temperature: float = ...,
        tensors: Literal[False] = ...,
    ) -> NDArray[Any]: ...

    def sample(
        self,
        n: int = 64,
        *,
        seed: int = 0,
        given: Any = None,
        class_: str | int | None = None,
        where: Mapping[Any, Any] | None = None,
        truncation: float = 1.0,
        temperature: float = 1.0,
        tensors: bool = False,
    ) -> NDArray[Any] | Tensor:
        """``n`` samples in the data's own units, such as ``(n, height, width, channels)`` uint8.

        The first of a thousand are the same as the first of ten.

        Args:
            n: how many.
            seed: the random seed.
            given: the condition of all samples, where the run is conditional: a class, by name or number; a
                sentence, where it learnt captions; for tables, and for series with metadata, values of
                columns, such as ``{"sex": "Female"}``.
            class_: the condition as a class.
            where: the condition as values of columns.
            truncation: below 1, less diverse and more typical samples: w goes towards its mean, and where
                there is none z is drawn from a truncated normal distribution.
            temperature: of text, below 1 the same.
            tensors: return encoded samples, ``(n, *shape)`` on the device.

        Raises:
            ValueError: there is no such class or value, or a number is out of range.
        """
        n = index(n)  # of uint8 sizes in bytes would overflow
        check_count(self.space, n)
        wanted = asked_for(given, class_, where)
        chunks = self._encoded(n, seed, wanted, truncation, temperature)
        return torch.cat(list(chunks)) if tensors else np.concatenate(list(map(self.space.decode, chunks)))

    def batches(
        self,
        n: int,
        *,
        seed: int = 0,
        given: Any = None,
        class_: str | int | None = None,
        where: Mapping[Any, Any] | None = None,
        truncation: float = 1.0,
        temperature: float = 1.0,
        shard: Shard = ALONE,
    ) -> Iterator[NDArray[Any]]:
        """``sample`` in chunks, in constant memory; those of a shard where processes share the work."""
        chunks = self._encoded(n, seed, asked_for(given, class_, where), truncation, temperature, shard)
        return map(self.space.decode, chunks)

    def _encoded(
        self,
        n: int,
        seed: int,
        given: Any,
        truncation: float,
        temperature: float,
        shard: Shard = ALONE,
    ) -> Iterator[Tensor]:
        n = index(n)
        if n < 1:
            raise ValueError(f"cannot generate {n} samples: ask for at least one (--n)")
        if not 0 < truncation <= 1:
            raise ValueError(f"truncation is above 0 and at most 1, not {truncation:g} (--truncation)")
        if truncation < 1 and is_tempered(self.game):
            raise ValueError(
                "--truncation is for latents: text is made more typical by --temperature, such as 0.8"
            )
        return self._conditioned(n, seed, self.condition(given, n, seed), truncation, temperature, shard)

    def _conditioned(
        self,
        n: int,
        seed: int,
        conditions: NDArray[Any] | None,
        truncation: float,
        temperature: float,
        shard: Shard = ALONE,
    ) -> Iterator[Tensor]:
        """Chunks of encoded samples of given conditions."""
        return encoded(
            self.game,
            n,
            seed=seed,
            classes=conditions,
            truncation=truncation,
            temperature=temperature,
            precision=self.precision,
            shard=shard,
        )

    def frame(
        self, n: int = 64, *, seed: int = 0, given: Any = None, where: Mapping[Any, Any] | None = None
    ) -> pd.DataFrame:
        """``n`` samples as a data frame; of a table, with its columns and dtypes.

        Args:
            n: how many.
            seed: the random seed.
            given: the condition of all samples, see ``sample``.
            where: the condition as values of columns.

        Raises:
            ValueError: there is no data frame of such samples, or no such value.
        """
        found: pd.DataFrame = self.space.frame(self.sample(n, seed=seed, given=given, where=where))
        return found

    def evaluate(self, samples: Samples, n: int, seed: int, request: Request) -> Evaluation:
        """The scores of ``n`` samples, and the perceptual path length where it is requested."""
        conditional, kind = self.conditional(), modality_of(samples.space)
        others = replace(
            request,
            metrics=[m for m in request.metrics if m not in (PATH, LIKELIHOOD)],
            n=n,
            conditional=conditional,
        )
        evaluator = kind.evaluator(samples, others)
        walked = PATH in request.metrics or ("all" in request.metrics and evaluator.features is not None)
        if walked and evaluator.features is None:
            raise ValueError(f"there is no measure {PATH!r} of {kind.plural}")
        request.notify(f"{n:,} samples")
        classes = self.classes(n, seed) if conditional else None
        found = evaluator.evaluate(self.sample(n, seed=seed), classes, self.space.classes)
        likelihood = None
        if not request.metrics or {"all", LIKELIHOOD} & {m for m in request.metrics if isinstance(m, str)}:
            likelihood = likelihood_score(self.game, samples)
        if likelihood is not None:
            found = replace(found, scores=(*found.scores, likelihood))
        elif LIKELIHOOD in request.metrics:
            raise ValueError(f"a run of {self.recipe} has no likelihood: leave it out of --metrics")
        if not walked or evaluator.features is None:
            return found
        request.notify(PATH)
        path = path_score(
            self.game, evaluator.features(), self.classes(min(n, STEPS), seed), min(n, STEPS), seed
        )
        return replace(found, scores=(*found.scores, path))
