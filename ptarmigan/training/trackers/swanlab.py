"""SwanLab: ``--report-to swanlab``, also offline (``SWANLAB_MODE=offline``)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar, final

from PIL import Image

from ptarmigan.training.trackers.tracker import PROJECT, Tracker, flat, new_identifier


@final
class SwanLab(Tracker):
    """An experiment of SwanLab, in the project of ``SWANLAB_PROJECT`` or ``ptarmigan``."""

    name: ClassVar[str] = "swanlab"

    def begin(self, known: str, description: Mapping[str, Any]) -> str:
        """Begin, or go on; its files are in the run's folder."""
        identifier = known or new_identifier()
        self.package.init(
            project=os.environ.get("SWANLAB_PROJECT", PROJECT),
            experiment_name=self.folder.name,
            config=flat(description),
            logdir=str(self.folder / "swanlog"),
            mode=os.environ.get("SWANLAB_MODE"),
            id=identifier,
            resume="allow",
        )
        return identifier

    def send(self, step: int, values: Mapping[str, float]) -> None:
        """One point of every curve."""
        self.package.log(dict(values), step=step)

    def send_picture(self, step: int, image: Image.Image) -> None:
        """A picture at its step."""
        self.package.log({"samples": self.package.Image(image)}, step=step)

    def finish(self) -> None:
        """Wait until all was sent."""
        self.package.finish()
