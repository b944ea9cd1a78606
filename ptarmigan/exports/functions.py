"""The functions of a trained run that are exported: what each is given besides noise, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ptarmigan.core.game import Conditional, Game
from ptarmigan.data.space import Space
from ptarmigan.tasks.translate.translation import Translation
from ptarmigan.trained import Trained
from ptarmigan.trained.detector import Detector
from ptarmigan.trained.illustrator import Illustrator
from ptarmigan.trained.latents import Latents
from ptarmigan.trained.translator import Translator

X, SAMPLES, SCORE, MAP = "x", "samples", "score", "map"
"""Outputs: samples as networks see them, and in the data's own units; anomaly scores and maps."""


@dataclass(frozen=True, eq=False)
class Input:
    """What a function is given.

    Attributes:
        name: of the graph's input.
        words: what it is, for people.
        example: ``(n, generator)`` to a batch of some, ``(n, …)``.
        drawn: ``normal`` or ``class``, where numbers can be drawn for it; empty where it is asked for.
    """

    name: str
    words: str
    example: Callable[[int, torch.Generator], Tensor]
    drawn: str = ""


@dataclass(frozen=True, eq=False)
class Function:
    """One function of a run, whose noise is what ``core.noise`` gives while it is called.

    Attributes:
        name: of its file.
        words: what it does, for people.
        game: whose networks it computes with.
        inputs: in order.
        outputs: their names, in order.
        call: from the inputs to the outputs, for any number of samples.
        space: of the samples it makes; None where it makes none.
    """

    name: str
    words: str
    game: Game
    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    call: Callable[..., tuple[Tensor, ...]]
    space: Space | None = None


def functions(trained: Trained) -> list[Function]:
    """Those of a run: to generate, to generate on a condition, to translate either way, or to detect.

    Raises:
        ValueError: the run's scores cannot be a graph.
    """
    if isinstance(trained, Translator):
        return translations(trained)
    if isinstance(trained, Detector):
        return [detector(trained)]
    assert isinstance(trained, Latents)
    return generators(trained)


def generators(trained: Latents) -> list[Function]:
    """``z`` to samples, of a class where there are some; and on other conditions."""
    game, space = trained.game, trained.space
    if isinstance(trained, Illustrator):
        kept = torch.from_numpy(trained.kept).to(torch.get_default_dtype())
        asked = Input("condition", "the numbers of a sentence's words", some_of(kept))
        return [making("generator", "makes samples of sentences", game, space, (latents(game), asked))]
    on_conditions = takes_conditions(game)
    if trained.conditional() and not on_conditions:
        asked = Input("class", "the number of the class", some_classes(len(space.classes)), "class")
        return [making("generator", "makes samples of classes", game, space, (latents(game), asked))]
    ignored = trained.frequencies is not None

    def sample(z: Tensor) -> Tensor:
        return game.sample(z, torch.zeros_like(z[:, 0], dtype=torch.long) if ignored else None)

    found = [making("generator", "makes samples", game, space, (latents(game),), sample)]
    examples = space.asked() if on_conditions else []
    if examples:
        vectors = torch.from_numpy(np.concatenate([space.condition(given, 1) for given in examples]))
        asked = Input("condition", "what samples are to be, encoded", some_of(vectors))
        words = "makes samples that are what a condition asks for"
        found.append(making("conditional", words, game, space, (latents(game), asked)))
    return found


def takes_conditions(game: Game) -> bool:
    """Whether samples are made on conditions other than classes."""
    return any(isinstance(module, Conditional) for module in game.modules())


def translations(trained: Translator) -> list[Function]:
    """Inputs to samples, and back where the run goes both ways."""
    game, inputs, space = trained.game, trained.inputs, trained.space
    if not inputs:
        raise ValueError("this run's file has no space of inputs")
    there = trained.description.get("options", {}).get("direction", "AtoB")
    back = "BtoA" if there == "AtoB" else "AtoB"
    z = (latents(game),) if game.latent else ()

    def translate(a: Tensor, *z: Tensor) -> Tensor:
        return game.translate(a, *z or (a.new_zeros(a.shape[0], 0),))

    def return_(b: Tensor, *z: Tensor) -> Tensor:
        return torch.as_tensor(game.back(b, *z or (b.new_zeros(b.shape[0], 0),)))

    found = [making(there, "translates", game, space, (encoded(inputs), *z), translate)]
    if goes_back(game, space):
        found.append(making(back, "translates back", game, inputs, (encoded(space), *z), return_))
    return found


def detector(trained: Detector) -> Function:
    """Samples to their anomaly scores, and of images to the maps."""
    game = trained.game
    if game.searches:
        raise ValueError(
            f"{trained.recipe} cannot be exported: an anomaly score of it is a search down gradients, and a "
            "graph has none; train anomaly.fanogan, whose encoder stands for the search"
        )
    maps = torch.zeros(2, *trained.space.shape).dim() == 4

    def detect(x: Tensor) -> tuple[Tensor, ...]:
        found = game.anomaly_map(x) if maps else None
        return (game.anomaly_score(x),) if found is None else (game.anomaly_score(x), found)

    outputs = (SCORE, MAP)[: 1 + maps]
    words = "says how anomalous samples are: the higher, the more"
    return Function("detector", words, game, (encoded(trained.space),), outputs, detect)


def making(
    name: str,
    words: str,
    game: Game,
    space: Space,
    inputs: tuple[Input, ...],
    make: Callable[..., Tensor] | None = None,
) -> Function:
    """A function that makes samples, which it also gives in the data's own units where a graph can."""
    make = make or game.sample
    decodes = space.decoded(torch.zeros(1, *space.shape)) is not None

    def call(*given: Tensor) -> tuple[Tensor, ...]:
        x = make(*given)
        raw = space.decoded(x) if decodes else None
        return (x,) if raw is None else (x, raw)

    return Function(name, words, game, inputs, (X, SAMPLES)[: 1 + decodes], call, space)


def latents(game: Game) -> Input:
    """Z."""
    words = "latents: independent standard normal numbers"
    return Input("z", words, lambda n, rng: torch.randn(n, game.latent, generator=rng), "normal")


def encoded(space: Space) -> Input:
    """Samples as networks see them; examples are noise within the range of encoded numbers."""

    def example(n: int, rng: torch.Generator) -> Tensor:
        if space.bounds is None:
            return torch.randn(n, *space.shape, generator=rng)
        low, high = space.bounds
        return low + (high - low) * torch.rand(n, *space.shape, generator=rng)

    return Input("input", f"{space.words}, encoded", example)


def some_classes(count: int) -> Callable[[int, torch.Generator], Tensor]:
    """Examples of classes."""
    return lambda n, rng: torch.randint(count, (n,), generator=rng)


def some_of(vectors: Tensor) -> Callable[[int, torch.Generator], Tensor]:
    """Examples that are rows."""
    return lambda n, rng: vectors[torch.randint(len(vectors), (n,), generator=rng)]


def goes_back(game: Translation, space: Space) -> bool:
    """Whether a translation has a way back."""
    with torch.no_grad():
        return game.back(torch.zeros(1, *space.shape), torch.zeros(1, game.latent)) is not None
