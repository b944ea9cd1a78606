"""One engine for adversarial learning.

Names are imported when they are first used, so ``import ptarmigan`` and ``ptarmigan --help`` do not wait for
torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ptarmigan.api import train
    from ptarmigan.batch import Batch
    from ptarmigan.comparison.compare import compare
    from ptarmigan.estimators.anomaly import AnomalyGAN
    from ptarmigan.estimators.oversampler import GANOverSampler
    from ptarmigan.estimators.series import SeriesGAN
    from ptarmigan.estimators.table import TableGAN
    from ptarmigan.game import Game, State, Terms, Turn
    from ptarmigan.judge import score
    from ptarmigan.rules import Rule, alternating, extragradient, simultaneous
    from ptarmigan.run import Run
    from ptarmigan.settings import Settings
    from ptarmigan.spaces import Space
    from ptarmigan.trained import Trained, load

__version__ = "0.1.0"

_HOMES = {
    "AnomalyGAN": "ptarmigan.estimators.anomaly",
    "Batch": "ptarmigan.batch",
    "GANOverSampler": "ptarmigan.estimators.oversampler",
    "Game": "ptarmigan.game",
    "Rule": "ptarmigan.rules",
    "Run": "ptarmigan.run",
    "SeriesGAN": "ptarmigan.estimators.series",
    "Settings": "ptarmigan.settings",
    "Space": "ptarmigan.spaces",
    "State": "ptarmigan.game",
    "TableGAN": "ptarmigan.estimators.table",
    "Terms": "ptarmigan.game",
    "Trained": "ptarmigan.trained",
    "Turn": "ptarmigan.game",
    "alternating": "ptarmigan.rules",
    "compare": "ptarmigan.comparison.compare",
    "extragradient": "ptarmigan.rules",
    "load": "ptarmigan.trained",
    "score": "ptarmigan.judge",
    "simultaneous": "ptarmigan.rules",
    "train": "ptarmigan.api",
}

__all__ = [
    "AnomalyGAN",
    "Batch",
    "GANOverSampler",
    "Game",
    "Rule",
    "Run",
    "SeriesGAN",
    "Settings",
    "Space",
    "State",
    "TableGAN",
    "Terms",
    "Trained",
    "Turn",
    "__version__",
    "alternating",
    "compare",
    "extragradient",
    "load",
    "score",
    "simultaneous",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ptarmigan' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
