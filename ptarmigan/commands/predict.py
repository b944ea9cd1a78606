"""``ptarmigan predict``: what follows from the fields in a file, by a trained run, as an ensemble."""

from __future__ import annotations

from pathlib import Path

import tyro

from ptarmigan.commands.options import parse
from ptarmigan.core.errors import UsageError


def predict(args: list[str]) -> int:
    """``ptarmigan predict RUN DATA``."""

    def options(
        run: tyro.conf.Positional[str],
        data: tyro.conf.Positional[str],
        out: str = "predicted.nc",
        members: int = 1,
        seed: int = 0,
        best: bool = False,
        device: str = "auto",
        recipe: str = "",
    ) -> int:
        """Predict what follows from data: the next fields from the last ones, fine fields from coarse ones.

        Args:
            run: the run's folder, or its generator.safetensors alone.
            data: a file with the variables of the run, of any size.
            out: the file to write: an .nc with members and coordinates, or a .png of maps.
            members: of the ensemble.
            seed: the random seed of the first member; each further one has the next seed.
            best: the weights with the best score, not the last.
            device: where to make them.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.media.show import show
        from ptarmigan.modalities.registry import modality_of
        from ptarmigan.trained import load

        if members < 1:
            raise UsageError(f"--members {members}: an ensemble has one member or more")
        trained = load(run, best=best, device=device, recipe=recipe)
        known = modality_of(trained.space)
        if known.predict is None:
            raise UsageError(f"{run} is of {trained.recipe}, which predicts nothing: use sample or translate")
        words = known.predict(trained, data, Path(out), members, seed)
        show(f"predictions: {out} ({words})")
        return 0

    return parse(options, args, "predict")
