"""``ptarmigan augment``: rare classes filled up, and whether that helps."""

from __future__ import annotations

from typing import Annotated, Any

import tyro

from ptarmigan.commands.options import parsed, use_data_dir
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
    ) -> None:
        """Fill up rare classes with what a GAN makes of them, and measure whether that helps.

        On repeated splits of the real samples a classifier learns from one part and is asked about the other:
        with nothing done, with class weights, random oversampling, SMOTE, moved images, and with the GAN.
        A page beside what is written shows it.

        Args:
            data: a table, or images with classes: a name, a folder, an archive or a file.
            kind: image or table, where the data do not tell.
            label: the column of a table that holds the classes.
            out: of a table a .csv or .parquet, whose column synthetic says what is made; of images a folder
                or an .npz; augmented.csv or augmented when empty.
            class_: the class that the measures are about; the rarest when empty.
            recipe: of the GAN, such as table.tvae or image.r1gan; one that fits when empty.
            steps: the length of its training; the recipe's own when 0.
            ratio: how often the GAN makes a class to be there, for each sample of the most frequent; above 0
                and at most 1.
            splits: how many; 0 measures nothing.
            categorical: columns of a table that are categories although they hold numbers.
            size: resize images to HxW first.
            crop: cut them to that shape instead of squeezing.
            seed: the random seed.
            json_: print JSON.
            quiet: show no progress.
            data_dir: where named data sets already are.
            device: where to train.
        """
        from ptarmigan.api import augment as augmented

        use_data_dir(data_dir)
        how: dict[str, Any] = {
            "splits": splits,
            "categorical": categorical,
            "size": size,
            "crop": crop,
            "kind": kind,
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

    parsed(options, args, "augment")
    return 0
