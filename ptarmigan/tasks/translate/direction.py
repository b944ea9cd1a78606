"""One direction of a trained translation, for pictures of any size, depth and channels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.backends import cudnn

from ptarmigan.core import noise
from ptarmigan.core.inference import inference
from ptarmigan.data.space import Space
from ptarmigan.modalities.image.decode import Pixels
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.modalities.sound.space import SoundSpace
from ptarmigan.tasks.translate.forms import ALPHA, PictureSpace, deep, formed, sized, with_alpha
from ptarmigan.tasks.translate.sound_direction import SoundDirection
from ptarmigan.tasks.translate.tiles import Tile, scaled, tiled
from ptarmigan.tasks.translate.translation import Translation

Progress: TypeAlias = Callable[[float], None]
"""Is called with the share of the work that is done."""


def no_progress(share: float) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Direction:
    """A translation of pictures.

    Every tile is translated by itself and with the same noise, so that its translation does not depend on
    other tiles or pictures.

    Attributes:
        game: translates, in evaluation mode.
        given: the space of inputs.
        space: the space of outputs.
        backwards: by ``game.back``.
        precision: the dtype of autocast, or None.
    """

    game: Translation
    given: PictureSpace
    space: PictureSpace
    backwards: bool = False
    precision: torch.dtype | None = None

    def __call__(
        self, pixels: Pixels, *, seed: int = 0, fit: bool = False, progress: Progress = no_progress
    ) -> Pixels:
        """Translate a picture; the output has its size (times the scale), bit depth and alpha.

        Where the networks take and make no alpha, it is unchanged. Label maps are class numbers ``(height,
        width, 1)``, as input and as output.

        Args:
            pixels: ``(height, width, channels)`` uint8 or uint16; grey, colour, with alpha or without.
            seed: the random seed of the latent, where the game has one.
            fit: squeeze the picture into the size of training and enlarge the result, instead of tiling.
            progress: is called with the share that is done.

        Raises:
            ValueError: a label map holds a number that is not a class.
        """
        seen = formed(pixels, self.given)
        height, _ = self.size(seen)
        bands, done = [], 0
        for band in [self.squeezed(seen, seed)] if fit else self.tiled(seen, seed):
            bands.append(band)
            done += len(band)
            progress(done / height)
        output = np.concatenate(bands)
        if not (isinstance(self.given, ImageSpace) and isinstance(self.space, ImageSpace)):
            return output
        output = deep(output, pixels.dtype)
        unseen = pixels.shape[2] in ALPHA and not {self.given.channels, self.space.channels} & set(ALPHA)
        return with_alpha(output, pixels) if unseen else output

    def size(self, pixels: Pixels) -> tuple[int, int]:
        """Height and width of the translation of a picture."""
        sides = zip(pixels.shape[:2], self.given.shape[1:], self.space.shape[1:], strict=True)
        height, width = (scaled(*side) for side in sides)
        return height, width

    def tiled(self, seen: Pixels, seed: int) -> Iterator[Pixels]:
        """Bands of the translation of a picture in the form of ``given``."""
        (_, *tile), (_, *output) = self.given.shape, self.space.shape
        for band in tiled(seen, (tile[0], tile[1]), (output[0], output[1]), lambda one: self.tile(one, seed)):
            yield self.decoded(band)

    def squeezed(self, seen: Pixels, seed: int) -> Pixels:
        """The translation of a picture that is resized to the size of training."""
        _, height, width = self.given.shape
        small = sized(seen, height, width, smooth=isinstance(self.given, ImageSpace))
        output = self.decoded(self.tile(small, seed))
        return sized(output, *self.size(seen), smooth=isinstance(self.space, ImageSpace))

    def decoded(self, band: Tile) -> Pixels:
        """Encoded pixels ``(channels, rows, width)`` as a picture."""
        return np.asarray(self.space.decode(torch.from_numpy(band)[None])[0])

    def tile(self, tile: Pixels, seed: int) -> Tile:
        """The encoded translation of a picture of the size of training."""
        output = self.translate_tile(tile, seed)
        assert output is not None, "translators of no direction are refused before"
        return np.asarray(output[0].cpu().double().numpy())

    def possible(self) -> bool:
        """Whether the game has this direction."""
        channels = 1 if isinstance(self.given, LabelSpace) else self.given.channels
        return self.translate_tile(np.zeros((*self.given.shape[1:], channels), np.uint8), 0) is not None

    def translate_tile(self, tile: Pixels, seed: int) -> Tensor | None:
        """The networks' output for one tile; None where the game has the other direction only."""
        device = next(self.game.parameters()).device
        a = self.given.encode(tile[None]).to(device, torch.get_default_dtype())
        # some of cuDNN's transposed convolutions add up in another order each time
        alike = cudnn.flags(benchmark=False, deterministic=True) if device.type == "cuda" else nullcontext()
        with inference(self.game, seed, "translate", samples=1, precision=self.precision), alike:
            z = noise.normal(1, self.game.latent)
            return self.game.back(a, z) if self.backwards else self.game.translate(a, z)


def direction_of(
    game: Translation, given: Space, space: Space, name: str, trained: str, precision: torch.dtype | None
) -> Direction | SoundDirection:
    """One direction of a translation between two spaces of pictures, or of sounds.

    Args:
        game: translates, in evaluation mode.
        given: the space of inputs in training.
        space: the space of outputs in training.
        name: AtoB or BtoA; as in training when empty.
        trained: the direction of training.
        precision: the dtype of autocast, or None.

    Raises:
        ValueError: it translates something else, or has the other direction only.
    """
    if name not in ("", "AtoB", "BtoA"):
        raise ValueError(f"--direction {name}: expected AtoB or BtoA")
    if isinstance(given, SoundSpace) and isinstance(space, SoundSpace):
        if name not in ("", trained):
            raise ValueError(f"this run translates {trained} only: leave --direction out")
        return SoundDirection(game, given, space, precision)
    if not isinstance(given, ImageSpace | LabelSpace) or not isinstance(space, ImageSpace | LabelSpace):
        raise ValueError("this run translates neither pictures nor sounds")
    if name in ("", trained):
        return Direction(game, given, space, precision=precision)
    backwards = Direction(game, space, given, backwards=True, precision=precision)
    if not backwards.possible():
        raise ValueError(f"this run translates {trained} only: leave --direction out")
    return backwards
