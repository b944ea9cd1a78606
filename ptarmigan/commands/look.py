"""``ptarmigan report``, ``send``, ``push``, ``doctor`` and ``data``: pages and descriptions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from ptarmigan.commands.options import parse, use_data_dir, use_recipe
from ptarmigan.core.errors import UsageError
from ptarmigan.data.reading import Reading, reading_of
from ptarmigan.media.console import say
from ptarmigan.media.show import show, show_json

if TYPE_CHECKING:
    from ptarmigan.modalities.modality import Description


def report(args: list[str]) -> int:
    """``ptarmigan report RUN``."""

    def options(run: tyro.conf.Positional[str], data_dir: str = "", recipe: str = "") -> None:
        """Write a run's page again, and name it.

        Args:
            run: the run's folder.
            data_dir: where named data sets already are.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.report.page import write_report

        use_data_dir(data_dir)
        use_recipe(recipe, run)
        show(str(write_report(Path(run))))

    parse(options, args, "report")
    return 0


def send(args: list[str]) -> int:
    """``ptarmigan send RUN``."""

    def options(run: tyro.conf.Positional[str], report_to: tuple[str, ...]) -> None:
        """Send a run that has ended to trackers, from its log; train --report-to does it as it goes on.

        Args:
            run: the run's folder.
            report_to: wandb, mlflow, swanlab or a plug-in's.
        """
        from ptarmigan.training.trackers.send import send

        n = send(Path(run), report_to)
        show(f"sent {n:,} lines and pictures of {run} to {', '.join(report_to)}")

    parse(options, args, "send")
    return 0


def push(args: list[str]) -> int:
    """``ptarmigan push RUN user/name``."""

    def options(
        run: tyro.conf.Positional[str],
        repo: tyro.conf.Positional[str],
        private: bool = False,
        revision: str = "",
        license: str = "",
    ) -> None:
        """Push a trained run to the Hugging Face Hub: weights, a card with scores, and a picture.

        Args:
            run: the run's folder.
            repo: user/name; it is made where there is none.
            private: make it for its owner alone.
            revision: a branch; the main one when empty.
            license: of the weights, as the Hub spells it, such as cc-by-4.0.
        """
        from ptarmigan.report.push import push

        show(f"pushed to {push(run, repo, private=private, revision=revision, license=license)}")

    parse(options, args, "push")
    return 0


def doctor(args: list[str]) -> int:
    """``ptarmigan doctor RUN``."""

    def options(
        run: tyro.conf.Positional[str],
        live: bool = False,
        json_: Annotated[bool, tyro.conf.arg(name="json")] = False,
        recipe: str = "",
    ) -> int:
        """Diagnose a run, finished or not: faults, since which step, and treatments.

        The exit code is 1 where a fault was found, else 0.

        Args:
            run: the run's folder.
            live: follow it until it ends.
            json_: print JSON.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.doctor import read
        from ptarmigan.report.doctor import as_json, follow, opinions, report_lines

        folder = Path(run)
        use_recipe(recipe, run)
        if live:
            history, found = follow(folder, (lambda *_: None) if json_ else show)
        else:
            history = read(folder)
            found = opinions(history, folder)
        if json_:
            show_json(as_json(history, folder, found))
        elif not live:
            show(*report_lines(history, found))
        return 1 if found else 0

    return parse(options, args, "doctor")


def data(args: list[str]) -> int:
    """``ptarmigan data SOURCE``."""
    from ptarmigan.media.files import create
    from ptarmigan.tasks.write import check_picture_place

    def options(
        source: tyro.conf.Positional[str],
        kind: str = "",
        pair: str = "",
        labels: Literal["none", "A", "B"] = "none",
        size: str = "",
        crop: bool = False,
        rate: int = 0,
        length: int = 0,
        out: str = "",
        data_dir: str = "",
        reading: Reading = Reading(),
    ) -> None:
        """Describe a source of samples: count, sizes, channels, classes, bad files, duplicates.

        Of a table, each column: its kind, missing cells, distinct values, and a summary.

        Args:
            source: a name, or a folder, an archive or a file of samples; iris, wine, or a table's file.
            kind: image, table, series, ..., where it is not clear from the source.
            pair: describe the pairs of a translation: auto, side, or how inputs are made, such as lowres:4.
            labels: the side of these that is label maps.
            size: resize images to HxW first.
            crop: crop them to that shape instead of squeezing.
            rate: of sounds, samples a second to which all are resampled; the most common one when 0.
            length: of sounds, samples of a clip; found when 0.
            out: a .png with some of the samples.
            data_dir: the folder of named data sets.
            reading: of tables and series, how text files are read.
        """
        use_data_dir(data_dir)
        if out:
            check_picture_place(Path(out))
        how: dict[str, Any] = {"size": size, "crop": crop}
        if pair or labels != "none":
            if rate or length:
                raise UsageError("--rate and --length are of sounds, and --pair and --labels of pictures")
            from ptarmigan.tasks.translate.describe import describe_pairs

            found = describe_pairs(source, pair=pair or "auto", labels=labels, **how)
        else:
            found = described(source, kind, how | {"rate": rate, "length": length} | reading_of(reading))
        lines = list(found.lines)
        if out:
            with create(Path(out)) as draft:
                found.preview.save(draft, "PNG")
            lines += [f"preview: {out}"]
        show(*lines)

    parse(options, args, "data")
    return 0


def described(source: str, kind: str, how: dict[str, Any]) -> Description:
    """Describe a source; the kind that it was recognised as comes first.

    Raises:
        UsageError: this kind of data does not have an option that was given.
    """
    from ptarmigan.modalities.recognise import recognise

    taken = recognise(source, kind)
    given = {name: value for name, value in how.items() if value}
    if strange := [name for name in given if name not in taken.modality.option_names]:
        raise UsageError(f"--{strange[0]}: {source} is {taken.line}, and that is no option of these")
    if taken.reason:
        say(taken.line)
    return taken.modality.describe(taken.modality.options(source, **given))
