"""``ptarmigan directions`` and ``ptarmigan edit``: what people do with latents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from ptarmigan.commands.options import parse
from ptarmigan.commands.project import open_run
from ptarmigan.core.errors import UsageError
from ptarmigan.media.show import show

if TYPE_CHECKING:
    from ptarmigan.trained.directions import Directions


def directions(args: list[str]) -> int:
    """``ptarmigan directions RUN``."""

    def options(
        run: tyro.conf.Positional[str],
        by: Literal["sefa", "components", "features", ""] = "",
        k: int = 5,
        name: str = "",
        from_: Annotated[str, tyro.conf.arg(name="from")] = "",
        to: str = "",
        without: str = "",
        with_: Annotated[str, tyro.conf.arg(name="with")] = "",
        rename: str = "",
        layers: str = "",
        given: tuple[str, ...] = (),
        class_: Annotated[str, tyro.conf.arg(name="class")] = "",
        seed: int = 0,
        out: str = "directions.png",
        best: bool = False,
        device: str = "auto",
        recipe: str = "",
    ) -> None:
        """Find directions of a run's latents, keep them in its folder, and show them as strips.

        Without --by, --name and --rename those that are there are listed.

        Args:
            run: the run's folder.
            by: sefa (in the weights), components (principal ones of w) or features (principal components of
                how samples look).
            k: how many of these.
            name: what a difference is to be called: with --from and --to, or --without and --with.
            from_: the class that it leads from.
            to: the class that it leads to.
            without: a folder of samples that it leads from, such as of faces that do not smile.
            with_: a folder of samples that it leads to.
            rename: old=new, to call one that was found by what it changes.
            layers: the layers that it changes, such as 0-3, where each has a w of its own; all when empty.
            given: the condition of the samples that are looked at and shown.
            class_: the condition as a class.
            seed: the random seed of the samples that are shown.
            out: a .png for the strips.
            best: the weights with the best score, not the last.
            device: where to compute.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.commands.sample import condition
        from ptarmigan.media.files import create
        from ptarmigan.tasks.write import check_picture_place
        from ptarmigan.trained.edit import strips

        found = open_directions(run, best, device, recipe)
        wish = condition(found.trained, given, class_, ())
        if rename:
            old, _, new = rename.partition("=")
            found.rename(old, new)
            show(f"{old} is now {new}")
            return
        if not by and not name:
            show(
                *(f"{each}: {found[each].found}" for each in found)
                if found
                else ["there are no directions yet"]
            )
            return
        check_picture_place(Path(out))
        if name:
            difference(found, run, name, (from_, to), (without, with_), layers)
            names: Sequence[str] = [name]
        else:
            names = list(found.find(by or "sefa", k, layers=layers, given=wish))
        with create(Path(out)) as draft:
            strips(found, names, seed=seed, given=wish).save(draft, "PNG")
        show(*(f"{each}: {found[each].found}" for each in names), f"strips: {out}")

    parse(options, args, "directions")
    return 0


def difference(
    found: Directions, run: str, name: str, classes: tuple[str, str], sets: tuple[str, str], layers: str
) -> None:
    """Find the direction between two classes, or between two folders.

    Raises:
        UsageError: neither is given, or both.
    """
    if all(classes) == all(sets):
        raise UsageError(
            f"--name {name}: say what it leads from and to, by --from and --to, or --without and --with"
        )
    if all(sets):
        found.between_sets(name, *sets, layers=layers)
        return
    from ptarmigan.trained.loading import rebuild

    told = not found.trained.conditional()
    found.between_classes(name, *classes, rebuild(Path(run)).samples if told else None, layers=layers)


def edit(args: list[str]) -> int:
    """``ptarmigan edit RUN --direction NAME=1.5``."""

    def options(
        run: tyro.conf.Positional[str],
        direction: tuple[str, ...] = (),
        photo: str = "",
        n: int = 8,
        given: tuple[str, ...] = (),
        class_: Annotated[str, tyro.conf.arg(name="class")] = "",
        seed: int = 0,
        out: str = "edited.png",
        best: bool = False,
        device: str = "auto",
        recipe: str = "",
    ) -> None:
        """Move samples of a run, or a projected photo, along directions of its latents.

        Args:
            run: the run's folder, with its directions.
            direction: name=1.5, in standard deviations; several add up.
            photo: the name of a photo that was projected, in place of samples.
            n: the number of samples.
            given: the condition of all samples: a class; of a table or series column=value.
            class_: the condition as a class.
            seed: the random seed of the samples.
            out: a .png (each sample above the edited one), or what sample writes, of edited ones.
            best: the weights with the best score, not the last.
            device: where to compute.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        import numpy as np

        from ptarmigan.commands.sample import condition
        from ptarmigan.media.files import check_vacant, create
        from ptarmigan.media.rows import titled_rows
        from ptarmigan.tasks.write import write_samples
        from ptarmigan.trained.edit import edited
        from ptarmigan.trained.photo import edited_photo

        amounts = parse_amounts(direction)
        found = open_directions(run, best, device, recipe)
        wish = condition(found.trained, given, class_, ())
        check_vacant(Path(out))
        space = found.trained.space
        words = ", ".join(f"{name} {amount:+g}" for name, amount in amounts.items())
        if photo:
            projected, after = edited_photo(found, Path(run), photo, amounts)
            made, n = np.concatenate([projected.target, projected.result, after]), 1
            drawn = [(f"photo, projection, {words}", space.strip(made, 2))]
        else:
            before, after = edited(found, amounts, n, seed=seed, given=wish)
            drawn = [("samples", space.render(before)), (words, space.render(after))]
        if Path(out).suffix.lower() != ".png":
            show(write_samples(space, iter([after]), n, Path(out)))
            return
        with create(Path(out)) as draft:
            titled_rows(drawn).save(draft, "PNG")
        show(f"before and after: {out}")

    parse(options, args, "edit")
    return 0


def open_directions(run: str, best: bool, device: str, recipe: str) -> Directions:
    """The directions of a run's folder.

    Raises:
        UsageError: it is no folder of a run.
        ValueError: it cannot be loaded, or has no latents.
    """
    from ptarmigan.trained.directions import Directions

    return Directions(open_run(run, best, device, recipe), run)


def parse_amounts(words: Sequence[str]) -> dict[str, float]:
    """Amounts from ``name=1.5``.

    Raises:
        UsageError: there is none, or one is not of that form.
    """
    found = {}
    for word in words:
        name, sign, amount = word.rpartition("=")
        try:
            found[name] = float(amount)
        except ValueError:
            sign = ""
        if not sign or not math.isfinite(found[name]):
            raise UsageError(f"--direction {word}: expected name=number, such as smile=1.5")
    if not found:
        raise UsageError("name a direction, such as --direction sefa-0=1.5")
    return found
