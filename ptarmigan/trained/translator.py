"""A trained translator: samples from inputs, such as pictures from pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from operator import index
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.panel import Evaluation
from ptarmigan.metrics.request import Request
from ptarmigan.tasks.translate.cycle import noisy
from ptarmigan.tasks.translate.direction import Direction, direction_of
from ptarmigan.tasks.translate.evaluate import evaluate, evaluator
from ptarmigan.tasks.translate.kinds import pixels_of, through
from ptarmigan.tasks.translate.outputs import Outputs
from ptarmigan.tasks.translate.sound_direction import SoundDirection
from ptarmigan.tasks.translate.translation import Translation
from ptarmigan.trained.base import DETECTS_NOTHING, NO_LATENTS, TRANSLATES, Trained


class Translator(Trained):
    """Translates inputs, such as pictures; as a module, encoded inputs and latents."""

    game: Translation
    refusals: ClassVar[Mapping[str, str]] = {
        "interpolate": "this run translates: it has no samples to interpolate between",
        **dict.fromkeys(("latents", "map", "synthesise", "truncate", "mix", "space_of_w"), NO_LATENTS),
        **dict.fromkeys(("frame", "condition", "classes", "conditional"), TRANSLATES),
        **dict.fromkeys(("anomaly_scores", "anomaly_maps", "threshold"), DETECTS_NOTHING),
    }

    def forward(self, a: Tensor, z: Tensor) -> Tensor:
        """Encoded samples of encoded inputs ``(n, …)`` and latents ``(n, latent)``."""
        return self.game.translate(a, z)

    def read_condition(self, words: Sequence[str]) -> Any:
        """The path of a picture."""
        return Path(" ".join(words))

    def sample(self, n: int = 1, *, seed: int = 0, given: Any = None) -> NDArray[Any]:
        """``n`` translations of one picture, in the data's own units; each further one has the next seed.

        Args:
            n: how many.
            seed: of the first.
            given: the picture: a Pillow image, an array, or the path of a file.

        Raises:
            ValueError: there is no picture, or it cannot be taken.
        """
        return np.concatenate(list(self.batches(n, seed=seed, given=given)))

    def batches(
        self,
        n: int,
        *,
        seed: int = 0,
        given: Any = None,
        truncation: float = 1.0,
        temperature: float = 1.0,
    ) -> Iterator[NDArray[Any]]:
        """``sample``, one at a time."""
        if given is None or truncation != 1 or temperature != 1:
            raise ValueError(TRANSLATES)
        if n < 1:
            raise ValueError(f"cannot generate {n} samples: ask for at least one (--n)")
        direction = self.direction()
        if not isinstance(direction, Direction):
            raise ValueError("this run translates sounds: use translate")
        pixels = pixels_of(given, direction)
        return (direction(pixels, seed=index(seed) + i)[None] for i in range(n))

    def translate(self, image: Any, *, direction: str = "", seed: int = 0, fit: bool = False) -> Any:
        """A picture translated: of the same kind and size (times the scale of a super-resolution).

        Pictures larger than those of training are translated in overlapping tiles, smaller ones are
        reflection-padded. The translation of a picture does not depend on others.

        Args:
            image: a Pillow image; an array ``(height, width)``, ``(height, width, channels)`` or ``(n,
                height, width, channels)`` of uint8 or uint16; a tensor ``(channels, height, width)`` or
                ``(n, channels, height, width)`` of uint8, or of floats from 0 to 1; or a list of these.
                Label maps are class numbers. Of a run of sounds an array ``(length,)`` or ``(length,
                channels)`` from -1 to 1, at the run's rate.
            direction: AtoB or BtoA; as it was trained when empty.
            seed: which of its translations a picture gets, where there are several.
            fit: squeeze pictures into the size of training and enlarge the result, instead of tiling.

        Raises:
            ValueError: the run goes the other way only, or cannot take the picture.
        """
        way = self.direction(direction)
        if not isinstance(way, Direction):
            return way(np.asarray(image, np.float32), seed=seed)
        return through(image, way, lambda pixels: way(pixels, seed=seed, fit=fit))

    def direction(self, name: str = "") -> Direction | SoundDirection:
        """The function that translates the pixels of one picture, or the samples of one sound.

        Args:
            name: AtoB or BtoA; as it was trained when empty.

        Raises:
            ValueError: this is no translation of these, or goes the other way only.
        """
        if not self.inputs:
            raise ValueError("this run's file has no space of inputs")
        trained = self.description.get("options", {}).get("direction", "AtoB")
        return direction_of(self.game, self.inputs, self.space, name, trained, self.precision)

    def evaluate(self, samples: Samples, n: int, seed: int, request: Request) -> Evaluation:
        """The scores of translations of held-out inputs, in both directions where there are two."""
        request = replace(request, n=n)
        known = evaluator(samples, request)
        count = known.n
        outputs = Outputs(samples, seed, self.precision)
        request.notify(f"{count:,} translations")
        raw = np.concatenate(list(outputs.held_out(self.game, np.arange(count), known.members)))
        request.notify("translations back")
        way_back = self.game.back
        back, returned = outputs.back(self.game, way_back, raw), None
        if back is not None:
            in_noise = outputs.back(self.game, way_back, noisy(raw, samples.space, seed))
            returned = None if in_noise is None else (back, in_noise)
        return evaluate(samples, raw, request, returned)
