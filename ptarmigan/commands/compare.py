"""``ptarmigan compare``: the scores of several runs."""

from __future__ import annotations

from typing import Annotated

import tyro

from ptarmigan.commands.options import parse, use_data_dir, use_recipe
from ptarmigan.media.show import show, show_drawn, show_json

WIDE = 200
"""The width of a table in a file, in characters."""


def compare(args: list[str]) -> int:
    """``ptarmigan compare RUN RUN ...``."""

    def options(
        runs: tyro.conf.Positional[tuple[str, ...]],
        beside: tuple[str, ...] = (),
        out: str = "compare.html",
        json_: Annotated[bool, tyro.conf.arg(name="json")] = False,
        data_dir: str = "",
        device: str = "auto",
        recipe: str = "",
    ) -> None:
        """Compare runs on the same data: a table, and a page with samples and curves.

        Runs that differ only in seed are one group. A run without scores is scored first.

        Args:
            runs: folders of at least two runs, or of one where --beside is given.
            beside: models that are fitted to the same data and scored in the same way: mixture, kernels (of
                rows of numbers, and points), hmm (of series).
            out: the page.
            json_: print JSON.
            data_dir: where named data sets already are.
            device: where to make samples.
            recipe: the file of the runs' recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.api import compare as compared
        from ptarmigan.report.compare import terminal

        use_data_dir(data_dir)
        use_recipe(recipe, *runs)
        found = compared(runs, beside=beside, out=out, device=device)
        if json_:
            show_json(found.plain())
            return
        show_drawn(terminal(found), WIDE)
        show(*(found.verdict(row) for row in found.rows[:1]), *found.notes)
        show(f"all that can be said, with samples and curves: {out}")

    parse(options, args, "compare")
    return 0
