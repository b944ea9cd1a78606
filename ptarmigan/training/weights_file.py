"""The weights file to share: the EMA weights, with all that is needed to use them without the data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors.torch import save as to_bytes
from torch import nn

from ptarmigan.data.known import to_share
from ptarmigan.media.files import write
from ptarmigan.tasks.task import Task
from ptarmigan.training import run_folder as folders
from ptarmigan.training.trainer import Trainer


def write_weights(trainer: Trainer, task: Task, name: str) -> None:
    """Write the current EMA weights into the run's folder.

    Args:
        trainer: of the run.
        task: of the game; its description is part of the metadata.
        name: of the file.
    """
    precision = trainer.precision
    with trainer.ema.applied_to(trainer.run.game) as game:
        described = to_share(folders.load(trainer.folder)) | {
            **task.described(game),
            **game.described(),
            "precision": str(precision).removeprefix("torch.") if precision else None,
            "step": trainer.step,
            "scores": trainer.scores,
        }
    write_networks(trainer.folder / name, trainer.ema.networks, described)


def write_networks(path: Path, networks: nn.ModuleDict, described: dict[str, Any]) -> None:
    """Write networks with what is said of them."""
    tensors = {key: value.detach().cpu().contiguous() for key, value in networks.state_dict().items()}
    write(path, to_bytes(tensors, metadata={"ptarmigan": json.dumps(described)}))
