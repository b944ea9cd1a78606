"""A function of a run as one graph, in which the batch is dynamic and noise is an input."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.errors import one_line
from ptarmigan.core.inference import inference
from ptarmigan.core.process import ignored
from ptarmigan.exports.functions import MAP, SAMPLES, SCORE, Function, X

TRACED = 2
"""Samples in the batch that is traced: of one, what is added over samples might be left out."""
BATCH = "batch"
LONG = 160
"""Characters of a library's reason, at most."""


@dataclass(frozen=True)
class Port:
    """An input or an output of a graph.

    Attributes:
        name: of the tensor.
        dtype: as numpy calls it.
        shape: without the number of samples, where there is one for each.
        batched: whether there is one for each sample.
        drawn: ``normal``, ``uniform`` or ``class``, where it is drawn; empty where it is not.
        words: what it is, for people.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    batched: bool
    drawn: str = ""
    words: str = ""


class Graph(nn.Module):
    """A function whose noise is given beside its inputs.

    Args:
        function: what is computed.
    """

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.game, self.function = function.game, function

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        """The outputs of the function's inputs, and of what its networks would draw, after them."""
        count = len(self.function.inputs)
        with noise.given(given[count:]):
            return self.function.call(*given[:count])


@dataclass(frozen=True, eq=False)
class Captured:
    """A function as a graph.

    Attributes:
        function: what it computes.
        program: the graph of torch.
        inputs: of the graph: those of the function, then its noise.
        outputs: of the graph.
    """

    function: Function
    program: torch.export.ExportedProgram
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


@dataclass(frozen=True, eq=False)
class Case:
    """Inputs of a graph, and what torch makes of them."""

    inputs: list[Tensor]
    drawn: list[noise.Drawn]
    outputs: tuple[Tensor, ...]

    @property
    def tensors(self) -> list[Tensor]:
        """What a graph is given."""
        return [*self.inputs, *(one.values for one in self.drawn)]


def case(function: Function, n: int, seed: int = 0) -> Case:
    """``n`` samples by torch, and the noise with which they were made."""
    rng = torch.Generator().manual_seed(noise.key(seed, "export", function.name, n))
    inputs = [one.example(n, rng) for one in function.inputs]
    with inference(function.game, seed, "export", samples=n), noise.recorded() as drawn:
        outputs = function.call(*inputs)
    return Case(inputs, drawn, outputs)


def capture(function: Function) -> Captured:
    """The graph of a function.

    Raises:
        ValueError: there is none, and why.
    """
    two, three = case(function, TRACED), case(function, TRACED + 1)
    batch = torch.export.Dim(BATCH)
    inputs = [
        port(one.name, a, b, one.drawn, one.words)
        for one, a, b in zip(function.inputs, two.inputs, three.inputs, strict=True)
    ]
    several = len(two.drawn) > 1
    for i, (a, c) in enumerate(zip(two.drawn, three.drawn, strict=True)):
        words = f"the networks' own noise: independent {WORDS[a.kind]} numbers"
        inputs.append(port(f"noise{i + 1}" if several else "noise", a.values, c.values, a.kind, words))
    dynamic = tuple({0: batch} if one.batched else {} for one in inputs)
    with refusals(function), inference(function.game, 0, "export", samples=TRACED):
        program = torch.export.export(
            Graph(function), tuple(two.tensors), dynamic_shapes={"given": dynamic}, strict=False
        )
    refuse_chance(program)
    outputs = [
        port(name, a, b, words=OUTPUTS[name])
        for name, a, b in zip(function.outputs, two.outputs, three.outputs, strict=True)
    ]
    return Captured(function, program, tuple(inputs), tuple(outputs))


OUTPUTS = {
    X: "samples as networks see them",
    SAMPLES: "samples in the data's own units; pictures are pixels",
    SCORE: "anomaly scores",
    MAP: "how anomalous every pixel is",
}
WORDS = {"normal": "standard normal", "uniform": "uniform (from 0 to 1)"}


def port(name: str, two: Tensor, three: Tensor, drawn: str = "", words: str = "") -> Port:
    """An input or output by what it is of a batch of two and of three."""
    batched = two.shape[:1] != three.shape[:1]
    dtype = str(two.dtype).removeprefix("torch.")
    return Port(name, dtype, tuple(two.shape[batched:]), batched, drawn, words)


def refuse_chance(program: torch.export.ExportedProgram) -> None:
    """See that a graph draws nothing itself: nobody could repeat what it makes.

    Raises:
        ValueError: an operation of it does.
    """
    for node in program.graph.nodes:
        if draws(node):
            raise ValueError(
                f"this run cannot be exported: {node.target} draws from torch's own generator; a network "
                "that draws from ptarmigan.core.noise can be"
            )


def draws(node: torch.fx.Node) -> bool:
    """Whether an operation draws numbers, which recurrent layers do in training only."""
    if torch.Tag.nondeterministic_seeded not in getattr(node.target, "tags", ()):
        return False
    schema: Any = getattr(node.target, "_schema", None)
    names = [argument.name for argument in schema.arguments]
    given = dict(zip(names, node.args, strict=False)) | node.kwargs
    return given.get("train") is not False


@contextmanager
def refusals(function: Function) -> Iterator[None]:
    """Errors of torch's exporters as one line that names the operation.

    Raises:
        ValueError: the function cannot be a graph.
    """
    try:
        with ignored():  # of deprecations in the exporters
            yield
    except Exception as error:
        raise ValueError(f"this run's {function.name} cannot be exported: {reason(error)}") from error


def reason(error: BaseException) -> str:
    """Which operation it was, as far as an error says; else its first line."""
    chain = list(causes(error))
    words = " ".join(map(str, chain))
    if "Constraints violated" in words:
        return "an operation fixes the number of samples in a batch"
    if found := re.search(r"aten[.:]+(\w+)", words):
        return f"the operation aten.{found[1]} has no place in such a graph"
    if "data-dependent" in words:
        return "it branches on what it computes, and a graph cannot"
    first: Sequence[str] = str(chain[-1]).strip().splitlines() or [type(error).__name__]
    return one_line(ValueError(first[0]))[:LONG]


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it was raised of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
