"""A game names its task, and the task says what is shown, measured and kept of it."""

from __future__ import annotations

import numpy as np
import pytest

from ptarmigan import zoo
from ptarmigan.contract import recipes as contract
from ptarmigan.core.game import Game
from ptarmigan.tasks.choice import task_of, task_type
from ptarmigan.tasks.detect.detector import Detect
from ptarmigan.tasks.generate import Generate
from ptarmigan.tasks.translate.translation import Translate
from ptarmigan.training.options import build
from ptarmigan.training.run import Run

TASKS = {
    "toy.gan": Generate,
    "image.cgan": Generate,
    "table.tvae": Generate,
    "anomaly.ganomaly": Detect,
    "translate.pix2pix": Translate,
}


def small(name: str) -> Run:
    return build(zoo.recipe(name), contract.small(name))


@pytest.mark.parametrize("name", TASKS)
def test_a_game_names_its_task(name):
    run = small(name)
    run.game.eval()
    task = task_of(run.game, run.samples, n=20)
    assert type(task) is task_type(run.game) is TASKS[name]
    assert task.described(run.game)["space"] == run.space.to_json()
    raw, real = task.some(run.game, 3), run.samples.source.read(np.arange(3))
    assert (raw.shape, raw.dtype) == (real.shape, real.dtype)
    section = task.section(run.game)
    assert section.title
    assert section.figures
    assert all(figure.name and figure.caption and figure.picture.width > 1 for figure in section.figures)


def test_what_a_detector_keeps_are_scores_of_training_samples():
    run = small("anomaly.ganomaly")
    kept = task_of(run.game.eval(), run.samples).described(run.game)["abnormality"]
    assert len(kept) == 1_001
    assert kept == sorted(kept)


def test_a_picture_is_the_same_every_time():
    run = small("image.cgan")
    task = task_of(run.game.eval(), run.samples)
    first = np.asarray(task.picture(run.game))
    np.testing.assert_array_equal(first, task.picture(run.game))


def test_a_translation_needs_inputs():
    run, other = small("translate.pix2pix"), small("image.cgan")
    with pytest.raises(ValueError, match="no inputs"):
        task_of(run.game, other.samples)


def test_what_names_no_task_is_refused():
    class Wrong(Game):
        task = int

        def turns(self):
            return ()

        def sample(self, z, c=None):
            return z

    with pytest.raises(TypeError, match=r"Wrong\.task is int"):
        task_type(Wrong())
