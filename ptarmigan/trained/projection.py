"""Projection of samples into the latents of a trained generator, its encoder, and what is kept of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.features import Features
from ptarmigan.metrics.perceptual import Distance, perceptual_distance
from ptarmigan.tasks.latents.encoder import TrainedEncoder, train_encoder
from ptarmigan.tasks.latents.kept_projection import read_encoder, write_encoder
from ptarmigan.tasks.latents.projection import STEPS, Start, nearest_start, project
from ptarmigan.tasks.latents.tuning import tune
from ptarmigan.trained.directions import weights_of
from ptarmigan.trained.generator import Generator

ENCODER = Path("latents", "encoder.safetensors")
PHOTOS = Path("latents", "photos")


@dataclass(frozen=True, eq=False)
class Projection:
    """Samples in the latents of a generator.

    Attributes:
        trained: the generator, or one that was tuned to make exactly these.
        w: latents ``(n, styles, size)``.
        c: their conditions, or None.
        target: what was projected, raw.
    """

    trained: Generator
    w: Tensor
    c: Tensor | None
    target: NDArray[Any]

    @cached_property
    def result(self) -> NDArray[Any]:
        """What the generator makes of w, raw."""
        return self.synthesise(self.w)

    def synthesise(self, w: Tensor) -> NDArray[Any]:
        """Samples of other latents of the same conditions, such as of edited ones."""
        trained = self.trained
        with torch.no_grad(), trained.autocast():
            return trained.space.decode(trained.space_of_w.synthesise(w, self.c).float())

    def errors(self) -> NDArray[np.float64]:
        """The root mean squared error of each, in units of encoded samples."""
        space = self.trained.space
        a, b = space.encode(self.result), space.encode(self.target)
        return (a - b).double().square().flatten(1).mean(1).sqrt().numpy()


class Projector:
    """Projects samples into the latents of a generator.

    Args:
        trained: the generator.
        folder: of the run, where its encoder is kept; None for none.
        features: in which samples are compared; by their numbers when None.

    Attributes:
        encoder: where projection starts; None before there is one.

    Raises:
        ValueError: its samples are not made of latents, or the file of the encoder is not of this run.
    """

    def __init__(
        self,
        trained: Generator,
        folder: str | os.PathLike[str] | None = None,
        features: Features | None = None,
    ) -> None:
        self.trained, self.latent = trained, trained.space_of_w
        self.distance: Distance = perceptual_distance(features)
        self.path = None if folder is None else Path(folder) / ENCODER
        self.weights = weights_of(trained)
        self.classes = len(trained.space.classes) if trained.conditional() else 0
        if trained.conditional() and not self.classes:
            raise ValueError(f"this run of {trained.recipe} is given more than classes: nothing is projected")
        self.encoder: TrainedEncoder | None = None
        if self.path is not None and self.path.exists():
            self.encoder = read_encoder(self.path, trained.space, self.latent, self.classes, self.weights)

    def learn(self, real: Samples | None = None, *, steps: int = 3_000, seed: int = 0) -> TrainedEncoder:
        """Train the encoder from the generator's samples, and from real ones where given; it is kept.

        Args:
            real: real samples.
            steps: of the training.
            seed: the random seed.
        """
        if steps < 1:
            raise ValueError(f"--steps {steps}: an encoder needs at least one step")
        self.encoder = train_encoder(
            self.latent,
            self.trained.space,
            lambda n, step: self.trained.conditions(None, n, seed + step) if self.classes else None,
            self.distance,
            classes=self.classes,
            real=real,
            steps=steps,
            seed=seed,
        )
        if self.path is not None:
            write_encoder(self.path, self.encoder, self.weights)
        return self.encoder

    def project(
        self,
        raw: NDArray[Any],
        *,
        steps: int = STEPS,
        plus: bool = False,
        tuned: bool = False,
        given: Any = None,
        seed: int = 0,
        tell: Callable[[int, Tensor], None] = lambda step, distances: None,
    ) -> Projection:
        """Find latents of which samples like these are made.

        It starts from the encoder where there is one, else from the mean of w, or, without a w or where the
        class is not known, from the nearest of some samples.

        Args:
            raw: samples in the data's own units.
            steps: of the optimisation.
            plus: in w+: a w for every layer.
            tuned: tune the weights of a copy of the generator afterwards (pivotal tuning).
            given: the class of all of them; found out when None.
            seed: the random seed.
            tell: is called with every step and the distances before it.

        Raises:
            ValueError: they are not like the run's samples, there is no such class, or nothing to do.
        """
        self.trained.space.check(raw)
        if steps < 0 or (plus and self.latent.styles == 1):
            raise ValueError(
                "--plus needs a w for every layer, and this generator has one in all: leave it out"
                if plus
                else f"--steps {steps}: it cannot be negative"
            )
        x = self.trained.space.encode(raw).to(self.trained.device, torch.get_default_dtype())
        start = self.start(x, given, seed)
        w = project(self.latent, x, start, self.distance, steps=steps, plus=plus, seed=seed, tell=tell)
        trained = self.trained
        if tuned:
            game = tune(self.latent, x, w, start.c, self.distance, seed=seed)
            trained = type(self.trained)(game, self.trained.space, self.trained.description)
        return Projection(trained, w, start.c, raw)

    def start(self, x: Tensor, given: Any, seed: int) -> Start:
        """Where the projection of encoded samples starts."""
        c = None if given is None else self.trained.conditions(given, len(x))
        if self.encoder is not None:
            with torch.no_grad():
                found: Start = self.encoder(x, c)
                return found
        if self.latent.name == "w" and (c is not None or not self.classes):
            return Start(self.latent.means(c, len(x)), c)

        def conditions(n: int) -> Tensor | None:
            return self.trained.conditions(given, n, seed) if self.classes else None

        return nearest_start(self.latent, x, self.distance, conditions, seed=seed)
