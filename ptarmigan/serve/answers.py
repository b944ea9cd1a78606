"""What a trained run answers: the very files that the command line writes, byte for byte."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ptarmigan.core.errors import UsageError
from ptarmigan.media.foreign import read_bytes
from ptarmigan.tasks.detect.detect import detect
from ptarmigan.tasks.translate.sounds import translate_any
from ptarmigan.tasks.write import write_samples
from ptarmigan.trained import Trained
from ptarmigan.trained.detector import Detector
from ptarmigan.trained.generator import Generator
from ptarmigan.trained.translator import Translator

PICTURES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}


class Answers:
    """Samples, translations and anomaly scores of one trained run.

    Args:
        trained: the run.
        most: samples of a request, at most.
    """

    def __init__(self, trained: Trained, most: int = 10_000) -> None:
        self.trained, self.most = trained, most

    @property
    def task(self) -> str:
        """``sample``, ``translate`` or ``detect``: what the run is for."""
        if isinstance(self.trained, Translator):
            return "translate"
        return "detect" if isinstance(self.trained, Detector) else "sample"

    @property
    def forms(self) -> list[str]:
        """The formats of samples: endings of files."""
        return [form for form in self.trained.space.writers() if form]

    def condition(self, given: str, where: Mapping[str, str]) -> Any:
        """What samples are conditioned on, as ``--given``, ``--class`` and ``--where`` say it."""
        if given and where:
            raise UsageError("give the condition in one way: as given, or as where")
        return {name: value or None for name, value in where.items()} if where else given or None

    def generator(self, n: int) -> Generator:
        """The generator that makes ``n`` samples.

        Raises:
            ValueError: the run makes none, or that are too many.
        """
        if not isinstance(self.trained, Generator):
            raise UsageError(f"this run is of {self.trained.recipe}, which generates no samples: {self.task}")
        if not 1 <= n <= self.most:
            raise UsageError(f"n is from 1 to {self.most:,}, not {n}")
        return self.trained

    def example(self) -> NDArray[Any] | None:
        """One sample; None of a run that generates none."""
        return self.trained.sample(1) if isinstance(self.trained, Generator) else None

    def sample(self, form: str, n: int, given: Any, **how: Any) -> bytes:
        """``ptarmigan sample RUN --out x.FORM``.

        Args:
            form: the ending of the file, such as ``.png``.
            n: the number of samples.
            given: what all are conditioned on.
            **how: seed, truncation, temperature.

        Raises:
            ValueError: the condition or a number is wrong, or there is no such format.
        """
        generator = self.generator(n)
        if form not in self.forms:
            raise UsageError(f"there is no format {form!r}; there are {', '.join(self.forms)}")
        with tempfile.TemporaryDirectory() as place:
            out = Path(place, f"samples{form}")
            write_samples(generator.space, generator.batches(n, given=given, **how), n, out)
            return read_bytes(out)

    def translate(self, picture: bytes, kind: str, seed: int, direction: str) -> bytes:
        """``ptarmigan translate RUN x.png --out y.png``.

        Args:
            picture: a file.
            kind: its type, such as ``image/png``.
            seed: of the latent.
            direction: ``AtoB``, ``BtoA``, or as it was trained.

        Raises:
            ValueError: it is no picture, or the run translates none.
        """
        if not isinstance(self.trained, Translator):
            raise UsageError(f"this run is of {self.trained.recipe}, which translates nothing: {self.task}")
        if kind not in PICTURES:
            raise UsageError(f"a picture is one of {', '.join(PICTURES)}")
        way: Any = direction
        with tempfile.TemporaryDirectory() as place:
            source, out = Path(place, f"picture{PICTURES[kind]}"), Path(place, f"translated{PICTURES[kind]}")
            source.write_bytes(picture)
            translate_any(self.trained.direction(way), source, out, n=1, seed=seed, fit=False)
            return read_bytes(out)

    def detect(self, rows: bytes, contamination: float) -> bytes:
        """``ptarmigan detect RUN x.csv --out y.csv``.

        Args:
            rows: a CSV file with the columns of the run.
            contamination: the fraction of the training samples above the threshold.

        Raises:
            ValueError: these are no such rows, or the run detects nothing.
        """
        if not isinstance(self.trained, Detector):
            raise UsageError(f"this run is of {self.trained.recipe}, which detects nothing: {self.task}")
        with tempfile.TemporaryDirectory() as place:
            source, out = Path(place, "rows.csv"), Path(place, "scores.csv")
            source.write_bytes(rows)
            detect(self.trained, str(source), contamination).write(out)
            return read_bytes(out)
