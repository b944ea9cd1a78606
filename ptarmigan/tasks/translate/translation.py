"""The game of translation: samples are made from inputs, such as pictures of day from those of night."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game
from ptarmigan.data.space import Space


class Translation(Game):
    """A game whose samples are made from inputs: ``batch.c`` holds inputs, ``batch.x`` what they become.

    ``latent`` is 0 where an input has one translation only.
    """

    latent = 0

    @abstractmethod
    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """Inputs of shape ``(n, ...)``, encoded as their space encodes them, made into samples.

        Args:
            a: the inputs; pictures may have any height and width.
            z: standard normal, of shape ``(n, latent)``: which of its translations an input gets.
        """

    def back(self, b: Tensor, z: Tensor) -> Tensor | None:
        """Samples made into inputs again; None where the game goes one way only."""
        return None

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Translations of the inputs ``c``."""
        if c is None:
            raise ValueError("a translation is made from an input, and there is none")
        return self.translate(c, z)


def both(batch: Batch) -> tuple[Tensor, Tensor]:
    """The samples and the inputs of a batch.

    Raises:
        ValueError: there are no inputs.
    """
    if batch.c is None:
        raise ValueError("this game is played with inputs, and the batch has none")
    return batch.x, batch.c


def alike(a: Space, b: Space) -> bool:
    """Whether a sample of one space can stand for one of the other, as a photo for a photo."""
    return type(a) is type(b) and a.shape == b.shape
