"""The scores of a run that translates: of held-out inputs, there and back again."""

from __future__ import annotations

import numpy as np

from ptarmigan.metrics.panel import Evaluation
from ptarmigan.metrics.request import Request
from ptarmigan.tasks.translate.cycle import noisy
from ptarmigan.tasks.translate.evaluate import evaluate, evaluator
from ptarmigan.tasks.translate.translation import Translate
from ptarmigan.trained import Trained
from ptarmigan.training.run import Run


def of_translation(run: Run, trained: Trained, seed: int, request: Request) -> Evaluation:
    """The scores of the translations of the first held-out inputs, or of all there are."""
    samples, game = run.samples, trained.game
    count = evaluator(samples, request).n
    task = Translate(samples, seed=seed, n=count, precision=trained.precision)
    request.tell(f"{count:,} translations")
    outputs = np.concatenate(list(task.translate(game, np.arange(count))))
    request.tell("the way back")
    back = task.back(game, outputs)
    in_noise = None if back is None else task.back(game, noisy(outputs, samples.space, seed))
    returned = None if back is None or in_noise is None else (back, in_noise)
    return evaluate(samples, outputs, request, returned)
