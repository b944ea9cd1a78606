"""What a run shows of itself: pictures and scores of its averaged weights, and the file to share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as to_bytes

from ptarmigan.media.files import write
from ptarmigan.tasks.choice import task_of
from ptarmigan.training import run_folder as folders
from ptarmigan.training.ema import Average
from ptarmigan.training.private import privacy
from ptarmigan.training.run import Run
from ptarmigan.training.settings import Settings


class Studio:
    """Makes pictures, scores and the shared file of one run.

    Attributes:
        task: what is done with the samples.
    """

    def __init__(self, run: Run, folder: Path, settings: Settings, precision: torch.dtype | None) -> None:
        self.run, self.folder, self.precision = run, folder, precision
        self.task = task_of(
            run.game, run.samples, seed=run.seed, n=settings.score_samples, precision=precision
        )

    def keep(self, average: Average, name: str, found: dict[str, Any]) -> None:
        """Write the averaged weights, with all that is needed to use them, as one file."""
        with average.playing(self.run.game) as game:
            described = folders.load(self.folder) | {
                **self.task.described(game),
                **privacy(game),
                "precision": str(self.precision).removeprefix("torch.") if self.precision else None,
                **found,
            }
        tensors = {
            key: value.detach().cpu().contiguous() for key, value in average.networks.state_dict().items()
        }
        data = to_bytes(tensors, metadata={"ptarmigan": json.dumps(described)})
        write(self.folder / name, data)
