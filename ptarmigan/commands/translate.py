"""``ptarmigan translate``: translate pictures or sounds with a trained run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import tyro

from ptarmigan.commands.options import parse
from ptarmigan.core.errors import UsageError


def translate(args: list[str]) -> int:
    """``ptarmigan translate RUN PICTURES``."""

    def options(
        run: tyro.conf.Positional[str],
        pictures: tyro.conf.Positional[str],
        out: str = "translated",
        direction: Literal["AtoB", "BtoA", ""] = "",
        n: int = 1,
        seed: int = 0,
        fit: bool = False,
        best: bool = False,
        device: str = "auto",
        recipe: str = "",
    ) -> int:
        """Translate pictures of any size, or sounds of any length, with a trained run.

        Large pictures are translated in overlapping tiles of the size of training; names, sizes, alpha and
        metadata are kept. The exit code is 1 where files of a folder had to be left out.

        Args:
            run: the run's folder, or its generator.safetensors alone.
            pictures: a picture, a GIF, a video, or a folder or a zip of these; or sound files.
            out: a folder, or for one picture or sound a file, whose ending is the format.
            direction: AtoB or BtoA, where the run goes both ways; as it was trained when empty.
            n: translations of each picture, where it has several: name-0.png, name-1.png, ...
            seed: the random seed of the first; each further one has the next seed.
            fit: squeeze pictures into the size of training and enlarge the results, instead of tiling.
            best: the weights with the best score, not the last.
            device: where to make them.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.tasks.translate.sounds import translate_any
        from ptarmigan.trained import load

        trained = load(run, best=best, device=device, recipe=recipe)
        way = trained.direction(direction)
        if n < 1 or (n > 1 and trained.game.latent == 0):
            said = "a picture has one translation by this run" if n > 1 else "there is nothing to make"
            raise UsageError(f"--n {n}: {said}")
        left_out = translate_any(way, Path(pictures), Path(out), n=n, seed=seed, fit=fit)
        return 1 if left_out else 0

    return parse(options, args, "translate")
