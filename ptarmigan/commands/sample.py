"""``ptarmigan sample`` and ``ptarmigan interpolate``: what a trained run makes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from ptarmigan.commands.options import parsed
from ptarmigan.core.errors import UsageError
from ptarmigan.media.show import show

if TYPE_CHECKING:
    from ptarmigan.trained import Trained


def sample(args: list[str]) -> int:
    """``ptarmigan sample RUN``."""

    def options(
        run: tyro.conf.Positional[str],
        out: str = "samples.png",
        n: int = 64,
        seed: int = 0,
        given: tuple[str, ...] = (),
        class_: Annotated[str, tyro.conf.arg(name="class")] = "",
        truncation: float = 1.0,
        where: tuple[str, ...] = (),
        best: bool = False,
        device: str = "auto",
        recipe: str = "",
    ) -> None:
        """Make samples with a trained run.

        Args:
            run: the run's folder, or its generator.safetensors alone.
            out: a folder (one file a sample), an .npz or .npy (one array), a .png (a grid), or of a table or
                series a .csv or .parquet.
            n: how many samples.
            seed: of the samples: the first of many are the same as the first of few.
            given: what all samples are to be: a class; of a table or series column=value; of a translation
                the file of a picture.
            class_: short for a class.
            truncation: below 1, less variety and more typical samples.
            where: short for what columns of a table, or of series' metadata, are to hold, as column=value.
            best: the weights with the best score, not the last.
            device: where to make them.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.tasks.write import write_samples
        from ptarmigan.trained import load

        trained = load(run, best=best, device=device, recipe=recipe)
        wish = condition(trained, given, class_, where)
        batches = trained.batches(n, seed=seed, given=wish, truncation=truncation)
        show(write_samples(trained.space, batches, n, Path(out)))

    parsed(options, args, "sample")
    return 0


def condition(trained: Trained, given: tuple[str, ...], class_: str, where: tuple[str, ...]) -> Any:
    """What samples are asked to be, by any of the three options; None where by none.

    Raises:
        UsageError: by two of them.
    """
    if sum(map(bool, (given, class_, where))) > 1:
        raise UsageError("say what samples are to be in one way: by --given, by --class or by --where")
    if given:
        return trained.read_condition(given)
    return asked(where) if where else class_ or None


def asked(where: tuple[str, ...]) -> dict[str, str | None]:
    """What ``column=value`` asks for; nothing after the sign asks for a missing value.

    Raises:
        UsageError: it is not of that form.
    """
    for words in where:
        if "=" not in words:
            raise UsageError(f"--where {words}: expected column=value, such as --where sex=Female")
    pairs = (words.split("=", 1) for words in where)
    return {name: value or None for name, value in pairs}


def interpolate(args: list[str]) -> int:
    """``ptarmigan interpolate RUN``."""

    def options(
        run: tyro.conf.Positional[str],
        out: str = "interpolation.png",
        n: int = 16,
        stops: int = 4,
        seed: int = 0,
        given: tuple[str, ...] = (),
        class_: Annotated[str, tyro.conf.arg(name="class")] = "",
        best: bool = False,
        device: str = "auto",
        recipe: str = "",
    ) -> None:
        """Walk along great circles of the latent space, from one sample to the next.

        Args:
            run: the run's folder, or its generator.safetensors alone.
            out: a .png (a strip for each leg), a .gif or an .mp4.
            n: samples from one stop to the next.
            stops: how many samples are walked between.
            seed: of the stops.
            given: what all samples are to be: a class; of a table or series column=value.
            class_: short for a class.
            best: the weights with the best score, not the last.
            device: where to make them.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.tasks.write import write_walk
        from ptarmigan.trained import load

        trained = load(run, best=best, device=device, recipe=recipe)
        wish = condition(trained, given, class_, ())
        walk = trained.interpolate(n, stops=stops, seed=seed, given=wish)
        show(write_walk(trained.space, walk, n, Path(out)))

    parsed(options, args, "interpolate")
    return 0
