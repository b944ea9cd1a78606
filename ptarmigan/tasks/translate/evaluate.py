"""The judge of what is made of inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptarmigan.evaluation.features import looked_at
from ptarmigan.evaluation.request import Asked
from ptarmigan.evaluation.written import written
from ptarmigan.tasks.translate.cycle import noisy
from ptarmigan.tasks.translate.measures import Translations
from ptarmigan.tasks.translate.translation import Translate
from ptarmigan.trained import Trained
from ptarmigan.training.run import Run


def of_run(run: Run, trained: Trained, n: int, seed: int, asked: Asked) -> dict[str, Any]:
    """The scores of the translations of ``n`` held-out inputs, or of all there are."""
    asked.of_no_table()
    samples, game, tell = run.samples, trained.game, asked.tell
    features = looked_at(samples, asked)
    judge = Translations(samples, features, n, asked.metrics, what=samples.space.words, tell=tell)
    task = Translate(samples, seed=seed, n=judge.n, precision=trained.precision)
    tell(f"{judge.n:,} translations")
    outputs = np.concatenate(list(task.translate(game, np.arange(judge.n))))
    tell("the way back")
    back = task.back(game, outputs)
    in_noise = None if back is None else task.back(game, noisy(outputs, samples.space, seed))
    returned = None if back is None or in_noise is None else (back, in_noise)
    return written(judge.judge(outputs, returned), judge.n, features.name, features.hash)
