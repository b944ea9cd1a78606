"""How trained networks are used: with noise of their own, and with nothing of the caller's changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.core.process import suitable, threads


@contextmanager
def inference(
    game: Game, seed: int, *position: int | str, samples: int, precision: torch.dtype | None = None
) -> Iterator[None]:
    """A block in which a game in evaluation mode computes; what it computes depends on the arguments alone.

    There are no gradients but those that it enables itself, also where the caller is in inference mode.

    Args:
        game: the networks.
        seed: the random seed of the noise.
        *position: of the noise.
        samples: how many are computed at once.
        precision: the dtype of autocast, or None.
    """
    device = next(game.parameters()).device
    with noise.isolated():
        noise.at(seed, *position, device=device)
        autocast = torch.autocast(device.type, precision, enabled=precision is not None)
        with torch.inference_mode(False), torch.no_grad(), autocast, threads(suitable(game, samples)):
            yield
