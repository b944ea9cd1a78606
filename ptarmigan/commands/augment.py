"""``ptarmigan augment``: oversample rare classes with a GAN, and measure whether it helps."""

from __future__ import annotations

from typing import Annotated, Any

import tyro

from ptarmigan.commands.options import parse, use_data_dir
from ptarmigan.data.reading import Reading
from ptarmigan.media.console import say
from ptarmigan.media.show import show, show_json, show_table


def augment(args: list[str]) -> int:
    """``ptarmigan augment --data X``."""

    def options(
        data: str,
        kind: str = "",
        label: str = "",
        out: str = "",
        class_: Annotated[str, tyro.conf.arg(name="class")] = "",
        recipe: str = "",
        steps: int = 0,
        ratio: float = 1.0,
        splits: int = 5,
        categorical: tuple[str, ...] = (),
        size: str = "",
        crop: bool = False,
        seed: int = 0,
        json_: Annotated[bool, tyro.conf.arg(name="json")] = False,
        quiet: bool = False,
        data_dir: str = "",
        device: str = "auto",
        reading: Reading = Reading(),
    ) -> None:
        """Oversample rare classes with a GAN, and measure whether a classifier improves.

        On repeated splits of the real samples a classifier is trained on one part and tested on the other:
        without resampling, with class weights, random oversampling, SMOTE, shifted images, and with the GAN.
        A page next to the output shows the results.

        Args:
            data: a table, or images with classes: a name, a folder, an archive or a file.
            kind: image or table, where it is not clear from the data.
            label: the column of a table that holds the classes.
            out: of a table a .csv or .parquet, whose column synthetic marks generated rows; of images a
                folder or an .npz; augmented.csv or augmented when empty.
            class_: the class that is measured; the rarest when empty.
            recipe: of the GAN, such as table.tvae or image.r1gan; a suitable one when empty.
            steps: training steps; the recipe's default when 0.
            ratio: the size of every class after oversampling, at least, as a share of the most frequent
                class; above 0 and at most 1.
            splits: the number of splits; 0 measures nothing.
            categorical: columns of a table that are categories although they hold numbers.
            size: resize images to HxW first.
            crop: crop them to that shape instead of squeezing.
            seed: the random seed.
            json_: print JSON.
            quiet: show no progress.
            data_dir: the folder of named data sets.
            device: auto, cpu, cuda, mps.
            reading: of tables and series, how text files are read.
        """
        from ptarmigan.api import augment as augmented

        use_data_dir(data_dir)
        how: dict[str, Any] = {
            "splits": splits,
            "categorical": categorical,
            "size": size,
            "crop": crop,
            "kind": kind,
            "reading": reading,
        }
        how |= {"ratio": ratio, "class_": class_, "recipe": recipe or None, "steps": steps or None}
        if not (quiet or json_):
            how["say"] = say
        found, written = augmented(data, label=label, out=out, seed=seed, device=device, **how)
        if json_:
            show_json({"written": written} | (found.plain() if found else {}))
            return
        if found is not None:
            head, *rows = found.table()
            show_table(head, rows)
            show(f"{found.verdict()} (class {found.rare}, {found.share:.1%} of the samples; 95 % intervals)")
        show(*written.splitlines())

    parse(options, args, "augment")
    return 0
