"""What a trained generator has to do with latents: from z to w to samples, and between two of them."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core.game import Conditional
from ptarmigan.core.inference import inference
from ptarmigan.core.memory import check_memory
from ptarmigan.metrics.path import slerp
from ptarmigan.tasks.generate import CHUNK, check_count, latents, some_classes
from ptarmigan.tasks.latents.space import LatentSpace, check_editable, latent_space
from ptarmigan.trained.base import Trained


class Latents(Trained, ABC):
    """A trained run whose samples are functions of latents.

    w has the shape ``(n, styles, size)``: one for every layer that takes one. A generator without a w has its
    z in that place, with one style.
    """

    @cached_property
    def space_of_w(self) -> LatentSpace:
        """The latents that are edited.

        Raises:
            ValueError: samples are not made of latents.
        """
        check_editable(self.game, self.recipe)
        return latent_space(self.game)

    def latents(self, n: int = 64, *, seed: int = 0) -> Tensor:
        """The z ``(n, latent)`` of the samples that ``sample`` makes of the same seed.

        Raises:
            ValueError: they do not go into memory.
        """
        check_memory(8 * self.game.latent * n, f"{n:,} latents")
        chunks = []
        for chunk in range(-(-n // CHUNK)):
            with inference(self.game, seed, "sample", chunk, samples=CHUNK):
                chunks.append(latents(self.game))
        return torch.cat(chunks)[:n]

    def map(self, z: Tensor, *, given: Any = None, seed: int = 0) -> Tensor:
        """From z ``(n, latent)`` to w ``(n, styles, size)``.

        Args:
            z: the latents.
            given: the condition of all samples, see ``sample``.
            seed: of the classes, where none is given.

        Raises:
            ValueError: there is no such condition, or samples are not made of latents.
        """
        with inference(self.game, seed, "map", samples=CHUNK):
            return self.space_of_w.map(z, self.conditions(given, len(z), seed))

    def synthesise(self, w: Tensor, *, given: Any = None, seed: int = 0) -> NDArray[Any]:
        """Samples, in the data's own units, of w ``(n, styles, size)``.

        Args:
            w: latents, as ``map`` gives them.
            given: the condition of all samples, where that is not in w.
            seed: of the classes, where none is given, and of the generator's own noise.

        Raises:
            ValueError: w has another shape, or there is no such condition.
        """
        space = self.space_of_w
        if w.dim() != 3 or tuple(w.shape[1:]) != (space.styles, space.size) or not len(w):
            raise ValueError(
                f"w of this run has the shape (n, {space.styles}, {space.size}), not {tuple(w.shape)}"
            )
        check_count(self.space, len(w))
        c, out = self.conditions(given, len(w), seed), []
        for start in range(0, len(w), CHUNK):
            part = slice(start, start + CHUNK)
            with inference(self.game, seed, "synthesise", samples=CHUNK, precision=self.precision):
                x = space.synthesise(whole(w[part].to(self.device)), None if c is None else whole(c[part]))
            out.append(self.space.decode(x[: len(w[part])]))
        return np.concatenate(out)

    def truncate(
        self, w: Tensor, truncation: float, *, cutoff: int = 0, given: Any = None, seed: int = 0
    ) -> Tensor:
        """Truncation: w nearer to the mean of its condition, w̄ + ψ (w − w̄); less diverse, more typical.

        Args:
            w: of shape ``(n, styles, size)``.
            truncation: ψ: 1 is w itself, 0 the mean.
            cutoff: only the first so many styles, which are the coarse ones; all when 0.
            given: the condition of all samples, see ``sample``.
            seed: of the classes, where none is given.
        """
        with inference(self.game, seed, "truncate", samples=CHUNK):
            return self.space_of_w.truncate(w, truncation, self.conditions(given, len(w), seed), cutoff)

    def mix(self, coarse: Tensor, fine: Tensor, cut: int) -> Tensor:
        """Style mixing: the first ``cut`` styles of one w, and the others of another.

        Raises:
            ValueError: w goes into one layer only, or there are not so many.
        """
        styles = self.space_of_w.styles
        if not 0 < cut < styles:
            most = f"from 1 to {styles - 1}" if styles > 1 else "nowhere, since its latents go into one layer"
            raise ValueError(f"styles of this run can be cut {most}, not at {cut}")
        return torch.cat([coarse[:, :cut], fine[:, cut:]], 1)

    def interpolate(
        self,
        frames: int = 8,
        *,
        stops: int = 2,
        seed: int = 0,
        given: Any = None,
        class_: str | int | None = None,
        along: Literal["z", "w"] = "z",
    ) -> NDArray[Any]:
        """Interpolate between samples: ``frames`` for each segment, then the last stop.

        Args:
            frames: samples from one stop to the next.
            stops: the number of latents that are interpolated between.
            seed: the random seed.
            given: the condition of all samples, see ``sample``.
            class_: the condition as a class.
            along: great circles in z, or straight lines in w.

        Raises:
            ValueError: fewer than two stops or one frame, more samples than go into memory, or no w.
        """
        if stops < 2 or frames < 1:
            raise ValueError("an interpolation needs at least two stops and one frame between them")
        latent = latent_space(self.game)
        if along == "w" and latent.name != "w":
            raise ValueError(f"{self.recipe} has no w: its z are interpolated along great circles")
        check_count(self.space, frames * (stops - 1) + 1)
        check_memory(8 * self.game.latent * frames * stops, f"{frames * stops:,} latents")
        first = self.condition(asked_for(given, class_, None), 1, seed)
        c = None if first is None else torch.from_numpy(np.repeat(first, CHUNK, 0)).to(self.device)
        ends = self.latents(stops, seed=seed)
        if along == "w":
            ends = latent.map(ends, None if c is None else c[:1].expand(stops, *c.shape[1:]))
        go = leg if along == "z" else line
        walk = torch.cat([*(go(ends[i], ends[i + 1], frames) for i in range(stops - 1)), ends[-1:]])
        out = []
        for start in range(0, len(walk), CHUNK):
            part = walk[start : start + CHUNK]
            with inference(self.game, seed, "interpolate", samples=CHUNK, precision=self.precision):
                w = whole(part)
                x = latent.synthesise(w if along == "w" else latent.map(w, c), c)
            out.append(self.space.decode(x[: len(part)]))
        return np.concatenate(out)

    def conditions(self, given: Any, n: int, seed: int = 0) -> Tensor | None:
        """``condition`` as a tensor on the device."""
        found = self.condition(given, n, seed)
        return None if found is None else torch.from_numpy(found).to(self.device)

    def condition(self, given: Any, n: int, seed: int = 0) -> NDArray[Any] | None:
        """The conditions of ``n`` samples: by default, classes as frequent as in the data.

        Raises:
            ValueError: there is no such class or value, or the recipe is not conditional.
        """
        if given is None:
            return self.classes(n, seed)
        found = self.space.condition(given, n, seed)
        if len(self.space.classes) != 1 and not self.conditional():
            raise ValueError(self.space.unconditional(self.recipe))
        return found

    def classes(self, n: int, seed: int = 0) -> NDArray[np.int64] | None:
        """The classes of ``sample``'s samples; None where the run has none."""
        return some_classes(self.frequencies, n, seed)

    def conditional(self) -> bool:
        """Whether samples depend on their conditions: a recipe may ignore the classes of the data."""
        if any(isinstance(module, Conditional) for module in self.game.modules()):
            return True
        if len(self.space.classes) < 2:
            return False
        with inference(self.game, 0, "sample", 0, samples=CHUNK):
            z = latents(self.game)
        found = []
        for class_ in (0, len(self.space.classes) - 1):
            with inference(self.game, 0, "classes", samples=CHUNK):
                found.append(self.game.sample(z, torch.full((len(z),), class_, device=z.device)))
        return not torch.equal(*found)


def asked_for(given: Any, class_: str | int | None, where: Mapping[Any, Any] | None) -> Any:
    """The condition by any of the three arguments; None for none.

    Raises:
        ValueError: more than one is given.
    """
    found = [wish for wish in (given, class_, where or None) if wish is not None]
    if len(found) > 1:
        raise ValueError("give the condition in one way: by --given, by --class or by --where")
    return found[0] if found else None


def whole(part: Tensor) -> Tensor:
    """A chunk made whole: the rounding of a matrix product depends on how many rows it has."""
    return torch.cat([part, part[-1:].expand(CHUNK - len(part), *part.shape[1:])])


def leg(a: Tensor, b: Tensor, frames: int) -> Tensor:
    """``frames`` points from ``a`` (included) to ``b`` (not) along the great circle between them."""
    first, last = (end.cpu().double().expand(frames, -1) for end in (a, b))
    return slerp(first, last, shares(frames)[:, None]).to(a)


def line(a: Tensor, b: Tensor, frames: int) -> Tensor:
    """``frames`` points from ``a`` (included) to ``b`` (not) along a straight line."""
    return torch.lerp(a.double(), b.double(), shares(frames).reshape(-1, *(1,) * a.dim()).to(a.device)).to(a)


def shares(frames: int) -> Tensor:
    """Evenly spaced numbers from 0 (included) to 1 (not)."""
    return torch.arange(frames, dtype=torch.float64) / frames
