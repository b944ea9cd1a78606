"""MLflow: ``--report-to mlflow``, to the server of ``MLFLOW_TRACKING_URI`` or into ``mlflow.db`` (SQLite)."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, final

from PIL import Image

from ptarmigan.training.trackers.tracker import PROJECT, Tracker, flat

DATABASE = "mlflow.db"
LONGEST = 6000
"""Characters of a parameter that MLflow takes."""


@final
class MLflow(Tracker):
    """A run of MLflow, in the experiment of ``MLFLOW_EXPERIMENT_NAME`` or ``ptarmigan``."""

    name: ClassVar[str] = "mlflow"

    def begin(self, known: str, description: Mapping[str, Any]) -> str:
        """Begin, or go on."""
        place = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path(DATABASE).absolute()}"
        self.client = self.package.MlflowClient(place)
        self.identifier = known or self.new(description)
        self.client.update_run(self.identifier, status="RUNNING")
        return self.identifier

    def new(self, description: Mapping[str, Any]) -> str:
        """A new run with the options as its parameters."""
        title = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
        found = self.client.get_experiment_by_name(title)
        experiment = found.experiment_id if found else self.client.create_experiment(title)
        identifier = str(self.client.create_run(experiment, run_name=self.folder.name).info.run_id)
        for name, value in flat(description).items():
            self.client.log_param(identifier, name, str(value)[:LONGEST])
        return identifier

    def send(self, step: int, values: Mapping[str, float]) -> None:
        """One point of every curve."""
        now, kind = int(time.time() * 1000), self.package.entities.Metric
        points = [kind(key(name), value, now, step) for name, value in values.items()]
        self.client.log_batch(self.identifier, metrics=points)

    def send_picture(self, step: int, image: Image.Image) -> None:
        """A picture at its step."""
        self.client.log_image(self.identifier, image.convert("RGB"), key="samples", step=step)

    def finish(self) -> None:
        """Say that the run has ended."""
        self.client.set_terminated(self.identifier)


def key(name: str) -> str:
    """A name as MLflow takes it: letters, digits and a few signs."""
    return re.sub(r"[^\w\-. :/]", "_", name, flags=re.ASCII)
