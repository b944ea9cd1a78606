"""The directions of a run: found, named, kept in its folder, and applied."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.features import ClassifierFeatures
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.registry import modality_of
from ptarmigan.nets.digest import digest
from ptarmigan.tasks.generate import CHUNK
from ptarmigan.tasks.latents import directions as finding
from ptarmigan.tasks.latents.directions import Direction
from ptarmigan.tasks.latents.kept import check_name, read_directions, write_directions
from ptarmigan.tasks.latents.two_sets import two_classes
from ptarmigan.trained.base import Trained
from ptarmigan.trained.generator import Generator

FILE = Path("latents", "directions.safetensors")
By = Literal["sefa", "components", "features"]


class Directions:
    """Directions of a trained generator by name.

    Args:
        trained: the generator.
        folder: of the run, where they are kept; they are nowhere kept when None.

    Raises:
        ValueError: its samples are not made of latents, or the file that is there is not of this run.
    """

    def __init__(self, trained: Generator, folder: str | os.PathLike[str] | None = None) -> None:
        self.trained, self.space = trained, trained.space_of_w
        self.weights = weights_of(trained)
        self.path = None if folder is None else Path(folder) / FILE
        shape = (self.space.styles, self.space.size)
        self.known = {} if self.path is None else read_directions(self.path, shape, self.weights)

    def __getitem__(self, name: str) -> Direction:
        if name not in self.known:
            names = (
                f"there are {', '.join(self.known)}" if self.known else "there is none yet: find some with"
            )
            hint = "" if self.known else " 'ptarmigan directions RUN --by sefa'"
            raise ValueError(f"there is no direction {name!r}; {names}{hint}")
        return self.known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)

    def find(
        self, by: By = "sefa", k: int = 5, *, layers: str = "", given: Any = None
    ) -> dict[str, Direction]:
        """Find directions, and keep them under names such as ``sefa-0``.

        Args:
            by: sefa: in the generator's weights; components: of w; features: in its samples' embedding.
            k: how many.
            layers: the styles that they change, such as ``0-3``; all when empty.
            given: the condition of the samples that are looked at.

        Raises:
            ValueError: the generator has none of this kind, or there are no such layers.
        """
        which = parse_layers(layers, self.space.styles)
        if k < 1:
            raise ValueError(f"{k} directions cannot be found: ask for at least one (--k)")
        if by == "features":
            found = finding.by_features(self.space, k, which, self._seen(self.trained.space.embed, given))
        else:
            w = self.trained.map(self.trained.latents(finding.SEEN), given=given)[:, 0]
            two = self.trained.conditions(given, 2)
            if by == "sefa":
                found = finding.by_weights(self.space, k, which, w, two)
            else:
                found = finding.by_components(self.space, k, which, w)
        named = {f"{by}-{i}": direction for i, direction in enumerate(found)}
        return self._keep(named)

    def between_classes(
        self, name: str, a: str, b: str, samples: Samples | None = None, *, layers: str = ""
    ) -> Direction:
        """From one class to another: of w that hold the class, else of samples told to be of the class.

        Args:
            name: what it is called.
            a: the class that it leads from.
            b: the class that it leads to.
            samples: the run's data, with whose classifier samples are told.
            layers: the styles that it changes.

        Raises:
            ValueError: there is no such class, or the latents do not decide the class.
        """
        check_name(name)
        which, words = parse_layers(layers, self.space.styles), f"from {a} to {b}"
        if self.trained.conditional():
            if self.space.name == "z":
                raise ValueError(
                    f"{words}: the class of this run is not in its latents: ask for it by --class"
                )
            z = self.trained.latents(finding.SEEN)
            left, right = (self.trained.map(z, given=one)[:, 0] for one in (a, b))
        else:
            if samples is None:
                raise ValueError(f"{words}: the run's data is needed, to tell samples by their classes")
            ends = [int(self.trained.space.condition(one, 1)[0]) for one in (a, b)]
            left, right = self._told(samples, ends)
        return self._keep({name: finding.difference(self.space, which, left, right, words)})[name]

    def between_sets(self, name: str, a: Any, b: Any, *, layers: str = "") -> Direction:
        """From samples as those of one source to samples as those of another, which a classifier tells apart.

        As in InterFaceGAN: Shen et al. 2020, arXiv 1907.10786.

        Args:
            name: what it is called.
            a: a source as for training, such as a folder of faces that do not smile.
            b: another, such as of faces that do.
            layers: the styles that it changes.

        Raises:
            ValueError: one cannot be read, or hardly any sample is like it.
            FileNotFoundError: there is none.
        """
        check_name(name)
        which = parse_layers(layers, self.space.styles)
        samples = two_classes(self.trained.open(a), self.trained.open(b))
        left, right = self._told(samples, [0, 1])
        words = "from one set to another"
        return self._keep({name: finding.difference(self.space, which, left, right, words)})[name]

    def rename(self, old: str, new: str) -> None:
        """Call a direction otherwise.

        Raises:
            ValueError: there is none, or the new name is taken or none.
        """
        check_name(new)
        if new in self.known:
            raise ValueError(f"there is a direction {new!r} already")
        found = self[old]
        del self.known[old]
        self._keep({new: found})

    def apply(self, w: Tensor, amounts: Mapping[str, float]) -> Tensor:
        """Move w ``(n, styles, size)`` along directions by so many standard deviations.

        Raises:
            ValueError: there is no such direction.
        """
        steps = [amount * self[name].step.to(w) for name, amount in amounts.items()]
        return w + torch.stack(steps).sum(0) if steps else w

    def _told(self, samples: Samples, classes: Sequence[int]) -> list[Tensor]:
        """The latents of samples that a classifier of real ones tells to be of these classes."""
        features = modality_of(samples.space).evaluator(samples, Request()).features
        classifier = None if features is None else features()
        if not isinstance(classifier, ClassifierFeatures):
            raise ValueError(f"there is no classifier of {samples.space.words}: find directions by features")

        def see(x: Tensor) -> NDArray[np.float64]:
            told = classifier.probabilities(classifier(self.trained.space.decode(x))).argmax(1)
            return np.asarray(told, np.float64)

        seen = self._seen(see, None)
        return [seen.w[torch.from_numpy(seen.values == one)] for one in classes]

    def _seen(self, see: Any, given: Any) -> finding.Seen:
        c = self.trained.conditions(given, finding.SEEN)
        return finding.look(self.space, see, lambda i: None if c is None else c[i * CHUNK : (i + 1) * CHUNK])

    def _keep(self, more: dict[str, Direction]) -> dict[str, Direction]:
        self.known |= more
        if self.path is not None:
            write_directions(self.path, self.known, self.weights)
        return more


def weights_of(trained: Trained) -> str:
    """A digest of the weights by which samples are made."""
    return digest(nn.ModuleDict({name: getattr(trained.game, name) for name in trained.game.ema}))


def parse_layers(words: str, styles: int) -> range:
    """The styles of ``3`` or ``0-3``, both ends included; all of none.

    Raises:
        ValueError: there are no such layers.
    """
    if not words:
        return range(styles)
    first, _, last = words.partition("-")
    if (
        not (first.isdecimal() and (last or first).isdecimal())
        or not int(first) <= int(last or first) < styles
    ):
        raise ValueError(
            f"--layers {words}: this run has the layers 0 to {styles - 1}, such as 0-{styles - 1}"
        )
    return range(int(first), int(last or first) + 1)
