"""One engine for adversarial learning.

Names are imported when they are first used, so ``import ptarmigan`` and ``ptarmigan --help`` do not wait for
torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ptarmigan.adversary import Adversary
    from ptarmigan.api import compare, export, train
    from ptarmigan.core.batch import Batch
    from ptarmigan.core.game import Game, State, Terms, Turn
    from ptarmigan.data.space import Space
    from ptarmigan.estimators.anomaly import AnomalyGAN
    from ptarmigan.estimators.oversampler import GANOverSampler
    from ptarmigan.estimators.series import SeriesGAN
    from ptarmigan.estimators.table import TableGAN
    from ptarmigan.evaluation.score import score
    from ptarmigan.metrics.measure import Measure
    from ptarmigan.trained import Trained, load
    from ptarmigan.trained.keras_layer import keras_layer
    from ptarmigan.training.loggers import Logger
    from ptarmigan.training.outcome import Outcome
    from ptarmigan.training.rules import Rule, alternating, extragradient, simultaneous
    from ptarmigan.training.run import Run
    from ptarmigan.training.settings import Settings
    from ptarmigan.training.trainer import Hook, Trainer
    from ptarmigan.tuning.tune import tune
    from ptarmigan.tuning.tuned import Tuned

__version__ = "0.1.0"

_HOMES = {
    "Adversary": "ptarmigan.adversary",
    "AnomalyGAN": "ptarmigan.estimators.anomaly",
    "Batch": "ptarmigan.core.batch",
    "GANOverSampler": "ptarmigan.estimators.oversampler",
    "Game": "ptarmigan.core.game",
    "Hook": "ptarmigan.training.trainer",
    "Logger": "ptarmigan.training.loggers",
    "Measure": "ptarmigan.metrics.measure",
    "Outcome": "ptarmigan.training.outcome",
    "Rule": "ptarmigan.training.rules",
    "Run": "ptarmigan.training.run",
    "SeriesGAN": "ptarmigan.estimators.series",
    "Settings": "ptarmigan.training.settings",
    "Space": "ptarmigan.data.space",
    "State": "ptarmigan.core.game",
    "TableGAN": "ptarmigan.estimators.table",
    "Terms": "ptarmigan.core.game",
    "Trained": "ptarmigan.trained",
    "Trainer": "ptarmigan.training.trainer",
    "Tuned": "ptarmigan.tuning.tuned",
    "Turn": "ptarmigan.core.game",
    "alternating": "ptarmigan.training.rules",
    "compare": "ptarmigan.api",
    "export": "ptarmigan.api",
    "extragradient": "ptarmigan.training.rules",
    "keras_layer": "ptarmigan.trained.keras_layer",
    "load": "ptarmigan.trained",
    "score": "ptarmigan.evaluation.score",
    "simultaneous": "ptarmigan.training.rules",
    "train": "ptarmigan.api",
    "tune": "ptarmigan.tuning.tune",
}

__all__ = [
    "Adversary",
    "AnomalyGAN",
    "Batch",
    "GANOverSampler",
    "Game",
    "Hook",
    "Logger",
    "Measure",
    "Outcome",
    "Rule",
    "Run",
    "SeriesGAN",
    "Settings",
    "Space",
    "State",
    "TableGAN",
    "Terms",
    "Trained",
    "Trainer",
    "Tuned",
    "Turn",
    "__version__",
    "alternating",
    "compare",
    "export",
    "extragradient",
    "keras_layer",
    "load",
    "score",
    "simultaneous",
    "train",
    "tune",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ptarmigan' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
