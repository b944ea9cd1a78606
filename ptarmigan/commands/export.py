"""``ptarmigan export``: a trained run as a graph that needs no ptarmigan."""

from __future__ import annotations

from typing import Literal

import tyro

from ptarmigan.commands.options import parse, use_data_dir
from ptarmigan.media.show import show


def export(args: list[str]) -> int:
    """``ptarmigan export RUN``."""

    def options(
        run: tyro.conf.Positional[str],
        to: Literal["onnx", "pt2", "triton"] = "onnx",
        out: str = "exported",
        verify_score: int = 0,
        best: bool = False,
        quiet: bool = False,
        data_dir: str = "",
        recipe: str = "",
    ) -> None:
        """Export a trained run, so that it runs without ptarmigan.

        Everything that is drawn is an input of the graph: latents, classes and the networks' own noise. The
        graph is held against torch at batches of 1, 2, 7 and 64, and is not written where it differs.

        Args:
            run: the run's folder, or its generator.safetensors alone.
            to: onnx, for ONNX Runtime, browsers and others; pt2, of torch.export; triton, a repository of
                models for NVIDIA's server.
            out: a new folder: the graphs, a model card, config.json, inputs and outputs to check by, and with
                onnx use.py, which needs onnxruntime and numpy alone.
            verify_score: also score so many samples of the graphs, which has to give the run's score within
                its error; the card then has these scores.
            best: the weights with the best score, not the last.
            quiet: show no progress.
            data_dir: where named data sets already are.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.api import export as export_run

        use_data_dir(data_dir)
        show(
            *export_run(run, out=out, to=to, verify_score=verify_score, best=best, recipe=recipe, quiet=quiet)
        )

    parse(options, args, "export")
    return 0
