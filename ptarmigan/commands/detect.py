"""``ptarmigan detect``: find anomalies."""

from __future__ import annotations

from pathlib import Path

import tyro

from ptarmigan.commands.options import parse
from ptarmigan.media.show import show, show_table


def detect(args: list[str]) -> int:
    """``ptarmigan detect RUN DATA``."""

    def options(
        run: tyro.conf.Positional[str],
        data: tyro.conf.Positional[str],
        out: str = "scores.csv",
        heat: str = "",
        contamination: float = 0.1,
        best: bool = False,
        device: str = "auto",
        recipe: str = "",
    ) -> None:
        """Find anomalies: rows, or images, unlike those that a detector was trained on.

        The scores of an isolation forest and of a PCA are printed and written too, as baselines. With labels
        y in an .npz (0 for a normal row), or a folder of images named good or normal among others, the
        detection performance of each is printed.

        Args:
            run: the run's folder, or its generator.safetensors alone; of a recipe that begins with anomaly.
            data: a .csv, .npy or .npz file of rows of numbers, with the columns of the run; or images, as
                training takes them.
            out: a .csv for the scores, a line for each row, numbered from 0, or file; higher is more
                anomalous. A run on windows (--length) scores each row, after the first ones, together with
                those before it.
            heat: a new folder for pictures of anomaly maps; of runs on images.
            contamination: the fraction of the training samples above the threshold.
            best: the weights with the best score, not the last.
            device: where to compute.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.media.files import check_vacant
        from ptarmigan.tasks.detect.detect import detect as detected
        from ptarmigan.tasks.detect.maps import write_maps
        from ptarmigan.trained import load

        for place in filter(None, (out, heat)):
            check_vacant(Path(place))
        trained = load(run, best=best, device=device, recipe=recipe)
        found = detected(trained, data, contamination)
        if heat:
            write_maps(trained, found.test, found.train, Path(heat))
        found.write(Path(out))
        head, *rows = found.table()
        show_table(head, rows)
        for bad in found.test.bad[:3]:
            show(f"left out: {bad}")
        show(f"the others were fitted to {found.note}")
        show(f"scores: {out}" + (f"; heat: {heat}" if heat else ""))

    parse(options, args, "detect")
    return 0
