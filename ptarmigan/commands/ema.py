"""``ptarmigan ema``: the best EMA of a finished run's weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from ptarmigan.commands.options import parse, use_data_dir, use_recipe
from ptarmigan.core.errors import UsageError
from ptarmigan.media.show import show, show_json, show_table


def ema(args: list[str]) -> int:
    """``ptarmigan ema RUN``."""

    def options(
        run: tyro.conf.Positional[str],
        widths: tuple[float, ...] = (),
        n: int = 2_500,
        seed: int = 0,
        json_: Annotated[bool, tyro.conf.arg(name="json")] = False,
        quiet: bool = False,
        data_dir: str = "",
        device: str = "auto",
        recipe: str = "",
    ) -> None:
        """Find the best EMA of a finished run's weights by its score, without training again.

        Averages of several widths are kept during training; those of other widths follow from them. The best
        one is what sample, score and all other commands use from then on, if it is better on samples that it
        was not chosen by, too. It is dropped when training goes on, or by removing ema.safetensors.

        Args:
            run: the run's folder.
            widths: the standard deviations of the averages, as fractions of the training, from 0.005 to 0.2;
                0.01 0.015 0.025 0.04 0.06 0.1 0.15 when empty.
            n: samples in a score.
            seed: the random seed of the samples.
            json_: print JSON.
            quiet: show no progress.
            data_dir: where named data sets already are.
            device: where to compute.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from dataclasses import asdict

        from ptarmigan.evaluation.ema import TRIED, choose_ema

        if strange := [width for width in widths if not 0.005 <= width <= 0.2]:
            raise UsageError(f"--widths {strange[0]:g}: a fraction of the training, from 0.005 to 0.2")
        if n < 1:
            raise UsageError(f"--n {n}: a score is of one sample or more")
        use_data_dir(data_dir)
        use_recipe(recipe, run)
        still = quiet or json_
        found = choose_ema(Path(run), widths=widths or TRIED, n=n, seed=seed, device=device, quiet=still)
        if json_:
            show_json(asdict(found))
            return
        rows = [
            (f"{each.step:,}", each.words, f"{each.score:.4g}", "the best" if each == found.best else "")
            for each in found.tried
        ]
        show_table(("step", "EMA", found.metric, ""), rows)
        before, now = found.fresh
        kept = "this run keeps the weights as trained"
        taken = f"this run now uses {found.best.words} of step {found.best.step:,}" if found.chosen else kept
        show(f"of other samples {now:.4g}, as trained {before:.4g}: {taken}")

    parse(options, args, "ema")
    return 0
