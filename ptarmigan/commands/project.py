"""``ptarmigan project`` and ``ptarmigan encoder``: photos in the latents of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from ptarmigan.commands.options import parse
from ptarmigan.core.errors import UsageError
from ptarmigan.media.show import show

if TYPE_CHECKING:
    from ptarmigan.trained.generator import Generator


def project(args: list[str]) -> int:
    """``ptarmigan project RUN photo.png``."""

    def options(
        run: tyro.conf.Positional[str],
        photo: tyro.conf.Positional[str],
        out: str = "projection.png",
        name: str = "",
        steps: int = 500,
        plus: bool = False,
        tune: bool = False,
        class_: Annotated[str, tyro.conf.arg(name="class")] = "",
        features: str = "auto",
        weights: str = "",
        beside: int = 8,
        seed: int = 0,
        best: bool = False,
        device: str = "auto",
        recipe: str = "",
    ) -> None:
        """Find the latents of which a run makes a photo, so that it can be edited.

        It starts where the run's encoder says, once there is one (ptarmigan encoder RUN).

        Args:
            run: the run's folder.
            photo: a picture of any size and mode; its middle is cut out.
            out: a .png with the photo, the projection and their difference.
            name: what it is kept as, for edit --photo; that of its file when empty.
            steps: of the optimisation.
            plus: a w of its own for every layer, where the generator has one: nearer, and worse to edit.
            tune: tune a copy of the generator afterwards, so that it makes the photo (pivotal tuning).
            class_: of the photo, where the run has classes; found out when empty.
            features: in which pictures are compared: auto (the evaluator's own), pixels, squeezenet, ...
            weights: a file of the features' weights.
            beside: so many held-out real pictures are projected too, and their error printed beside.
            seed: the random seed.
            best: the weights with the best score, not the last.
            device: where to compute.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.media.files import create
        from ptarmigan.tasks.latents.kept import check_name
        from ptarmigan.tasks.write import check_picture_place
        from ptarmigan.trained import photo as photos
        from ptarmigan.trained.projection import Projector

        trained, folder = open_run(run, best, device, recipe), Path(run)
        check_picture_place(Path(out))
        called = name or photos.name_of(Path(photo))
        check_name(called)
        raw, said = trained.space.load(Path(photo))
        data = photos.data_of(folder)
        projector = Projector(trained, folder, photos.features_of(data, features, weights))
        how: dict[str, Any] = {"steps": steps, "plus": plus, "seed": seed}
        found = projector.project(raw, tuned=tune, given=class_ or None, **how)
        lines = [f"{photo}: {said}"] if said else []
        error = f"error {found.errors()[0]:.3f} (root mean squared, of values from -1 to 1)"
        if data is not None and beside > 0:
            others = photos.held_out_errors(projector, data, beside, **how)
            untuned = " before tuning" if tune else ""
            error += f"; of {len(others)} held-out real ones{untuned} {others.mean():.3f} on average"
        with create(Path(out)) as draft:
            photos.shown(found).save(draft, "PNG")
        photos.keep(found, trained, folder, called)
        known = "" if found.c is None else f", as of class {trained.space.classes[int(found.c[0])]}"
        show(*lines, error, f"projection: {out}; kept as {called}{known}: edit {run} --photo {called}")

    parse(options, args, "project")
    return 0


def encoder(args: list[str]) -> int:
    """``ptarmigan encoder RUN``."""

    def options(
        run: tyro.conf.Positional[str],
        steps: int = 3_000,
        features: str = "auto",
        weights: str = "",
        seed: int = 0,
        best: bool = False,
        device: str = "auto",
        recipe: str = "",
    ) -> None:
        """Train an encoder of a run from its own samples, and from its data where they are to be had.

        It is kept in the run's folder, and projection starts from it.

        Args:
            run: the run's folder.
            steps: of the training, of 64 samples each.
            features: in which pictures are compared: auto (the evaluator's own), pixels, squeezenet, ...
            weights: a file of the features' weights.
            seed: the random seed.
            best: the weights with the best score, not the last.
            device: where to compute.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.trained import photo as photos
        from ptarmigan.trained.projection import ENCODER, Projector

        trained, folder = open_run(run, best, device, recipe), Path(run)
        data = photos.data_of(folder)
        projector = Projector(trained, None, photos.features_of(data, features, weights))
        projector.path = folder / ENCODER
        projector.learn(data, steps=steps, seed=seed)
        of = "its own samples" if data is None else "its own samples and its data"
        show(f"encoder: {projector.path} ({steps:,} steps, from {of})")

    parse(options, args, "encoder")
    return 0


def open_run(run: str, best: bool, device: str, recipe: str) -> Generator:
    """A generator from the folder of its run, in which things are kept.

    Raises:
        UsageError: it is no folder.
        ValueError: it cannot be loaded, or has no latents.
    """
    from ptarmigan.trained import load

    trained = load(run, best=best, device=device, recipe=recipe)
    if not Path(run).is_dir():
        raise UsageError(f"{run} is a file: what is found of latents is kept in the folder of a run")
    trained.space_of_w  # noqa: B018  # those that have none say so
    return trained  # type: ignore[return-value]
