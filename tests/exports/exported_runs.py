"""Recipes as trained runs that were not trained, and exporters that build their tables once."""

from __future__ import annotations

import functools

import jaxtyping
import numpy as np
import pytest
from torch.onnx._internal.exporter import _registration

from ptarmigan import zoo
from ptarmigan.contract.recipes import small
from ptarmigan.contract.recipes import small_run as run_of
from ptarmigan.core import noise
from ptarmigan.nets.layers import fold
from ptarmigan.tasks.choice import task_of
from ptarmigan.trained import Trained
from ptarmigan.trained.loading import kind_of
from ptarmigan.training.options import build
from ptarmigan.training.run import Run


@pytest.fixture(scope="module", autouse=True)
def quick_exporters():
    """Torch reads all of its operations anew for every graph, which takes longer than most graphs here.

    Shapes of annotations are not checked: what checks them compares sizes, which would fix the batch.
    """
    registry = _registration.ONNXRegistry
    kept = registry.__dict__["from_torchlib"]
    registry.from_torchlib = staticmethod(functools.cache(registry.from_torchlib))
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
    registry.from_torchlib = kept


def trained_of(name: str, **options: object) -> Trained:
    """The networks of a recipe with its small options, as they are in the beginning."""
    with noise.isolated():
        noise.seed_torch(0)
        run = build(zoo.recipe(name), small(name) | options) if options else run_of(name)
    return as_trained(run, name)


def as_trained(run: Run, name: str) -> Trained:
    """A run as ``load`` would give it."""
    game = run.game.eval().requires_grad_(False)
    fold(game)
    labels, condition = run.samples.source.labels, run.samples.condition
    counts = None if labels is None else np.bincount(labels, minlength=len(run.space.classes)).tolist()
    description = {
        "recipe": name,
        "options": {},
        "step": 0,
        "frequencies": counts,
        "inputs": None if condition is None else condition.space.to_json(),
        **task_of(game, run.samples).described(game),
    }
    return kind_of(game)(game, run.space, description).eval()
