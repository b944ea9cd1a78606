"""The common options of recipes, and how a recipe is called.

    @configurable
    def recipe(data: Images = Images(), *, lr: float = 2e-4, training: Training = Training()) -> Run:
        samples = training.open(data)
        game = ...
        return training.run(game, samples, {"generator": ..., "discriminator": ...})

A parameter whose default is a frozen dataclass is a group: its fields are options of the recipe. The
docstring of the function describes the others, but for those in ``COMMON``.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from torch.optim import Optimizer

from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.data.samples import Samples
from ptarmigan.data.space import Space
from ptarmigan.modalities.networks import Networks
from ptarmigan.modalities.registry import networks_for
from ptarmigan.training.options import call, is_group
from ptarmigan.training.run import Run

Recipe: TypeAlias = Callable[..., Run]


COMMON = {
    "width": "of the networks: channels of the layer next to the image, or units of a hidden layer.",
    "latent": "the size of z.",
    "lr": "the learning rate, of Adam where there is no other optimizer; at the start, where it falls.",
    "generator_lr": "the generator's learning rate.",
    "discriminator_lr": "the discriminator's learning rate.",
    "conditional": "learn the classes too.",
    "weight": "λ, of the gradient penalty.",
    "critic_steps": "critic steps for one of the generator.",
    "segment": "samples that recordings are cut into, unless there is a --length.",
    "discriminator_width": "channels of the first layers of the discriminators.",
    "lazy": "the penalties are added at every n-th step.",
}
"""Descriptions of common options, where a recipe has no own one."""

S = TypeVar("S", bound=Space, covariant=True)


class Opens(Protocol[S]):
    """Options of data, whose samples have a space of type ``S``."""

    @property
    def open(self) -> Callable[..., Samples[S]]:
        """``(batch=…, seed=…, …) -> Samples``."""
        ...


@dataclass(frozen=True, kw_only=True)
class Training:
    """The length of a run, its batches, the EMA of its weights, and the random seed."""

    half_life: float = 10_000.0
    """Half-life of the EMA weights, in samples, at most: it grows at the start."""
    steps: int = 20_000
    """Steps of the run."""
    batch: int = 64
    """Samples in a batch."""
    seed: int = 0
    """The random seed: of the initial weights, the order of samples, and all noise."""

    def open(self, data: Opens[S], **how: Any) -> Samples[S]:
        """Open the data in batches, shuffled by the seed, from which initial weights follow too.

        Args:
            data: options of the data.
            **how: further arguments of its ``open``.
        """
        samples = data.open(batch=self.batch, seed=self.seed, **how)
        noise.at(self.seed, "weights")
        return samples

    def open_with_networks(self, data: Opens[S], **how: Any) -> tuple[Samples[S], Networks]:
        """The same, and the plain networks of the data's modality."""
        samples = self.open(data, **how)
        return samples, networks_for(samples.space)

    def run(self, game: Game, samples: Samples, optimizers: Mapping[str, Optimizer], **more: Any) -> Run:
        """A run of this length, half-life and seed.

        Args:
            game: networks and turns.
            samples: real samples.
            optimizers: one for every player.
            **more: other arguments of ``Run``, or one of these to differ.
        """
        mine = {"steps": self.steps, "seed": self.seed, "half_life": self.half_life}
        return Run(game, samples, optimizers, **(mine | more))


def configurable(recipe: Recipe) -> Recipe:
    """Let a recipe take options in groups or flat, and record recipe and options on the run.

    ``recipe("digits", size="16", steps=9)`` is ``recipe(Images("digits", size="16"), training=…)`` with these
    steps; what is not given has the recipe's own defaults.
    """
    recipe.__doc__ = described(recipe)

    @functools.wraps(recipe)
    def configured(*args: Any, **options: Any) -> Run:
        return call(recipe, *args, **options)

    return configured


def described(recipe: Recipe) -> str:
    """A recipe's docstring, with the options of ``COMMON`` that it says nothing of."""
    words = inspect.cleandoc(recipe.__doc__ or "")
    names = [name for name in inspect.signature(recipe).parameters if name in COMMON]
    missing = [name for name in names if not re.search(rf"^ +{name}:", words, re.MULTILINE)]
    if not missing:
        return words
    before, found, after = words.partition("\nArgs:\n")
    lines = [f"    {name}: {COMMON[name]}" for name in missing]
    return "\n".join([before if found else f"{before}\n", "Args:", *lines, after])


def variant(recipe: Recipe, module: str, **defaults: Any) -> Recipe:
    """A recipe with other defaults: the same system for another kind of data, or with other settings.

    Args:
        recipe: the recipe that is varied.
        module: the module that holds the variant: ``__name__``.
        **defaults: by parameter; of a group, the whole group, which may be another one.
    """
    signature, function = inspect.signature(recipe), inspect.unwrap(recipe)

    @functools.wraps(recipe)
    def varied(*args: Any, **options: Any) -> Run:
        return function(*args, **options)  # type: ignore[no-any-return]

    parameters = signature.parameters.values()
    groups = {name: type(value) for name, value in defaults.items() if is_group(value)}
    changed = [
        p.replace(default=defaults.get(p.name, p.default), annotation=groups.get(p.name, p.annotation))
        for p in parameters
    ]
    varied.__module__ = module
    varied.__signature__ = signature.replace(parameters=changed)  # type: ignore[attr-defined]
    varied.__annotations__ = {**recipe.__annotations__, **groups}
    return configurable(varied)
