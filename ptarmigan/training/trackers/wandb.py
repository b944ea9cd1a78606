"""Weights & Biases: ``--report-to wandb``, also offline (``WANDB_MODE=offline``)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar, final

from PIL import Image

from ptarmigan.training.trackers.tracker import PROJECT, Tracker, flat, new_identifier


@final
class WandB(Tracker):
    """A run of Weights & Biases, in the project of ``WANDB_PROJECT`` or ``ptarmigan``."""

    name: ClassVar[str] = "wandb"

    def begin(self, known: str, description: Mapping[str, Any]) -> str:
        """Begin, or go on; its files are in the run's folder."""
        identifier, config = known or new_identifier(), flat(description)
        self.run = self.package.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            id=identifier,
            name=self.folder.name,
            config=config,
            tags=[str(config["recipe"])[:64]],
            resume="allow",
            dir=str(self.folder),
            settings=self.package.Settings(console="off", silent=True),
        )
        return identifier

    def send(self, step: int, values: Mapping[str, float]) -> None:
        """One point of every curve."""
        self.run.log(dict(values), step=step)

    def send_picture(self, step: int, image: Image.Image) -> None:
        """A picture at its step."""
        self.run.log({"samples": self.package.Image(image)}, step=step)

    def finish(self) -> None:
        """Wait until all was sent."""
        self.run.finish()
