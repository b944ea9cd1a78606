"""The scores of what exported graphs make, beside those of the run itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ptarmigan.core import noise
from ptarmigan.core.game import Game, Turn
from ptarmigan.exports.graph import Captured
from ptarmigan.exports.verify import Compute
from ptarmigan.metrics.panel import Evaluation, Score
from ptarmigan.metrics.request import Notify, Request
from ptarmigan.tasks.translate.translation import Translation
from ptarmigan.trained import Trained, rebuild
from ptarmigan.trained.detector import Detector
from ptarmigan.training.run import Run

ROUNDING = 1e-3
"""By how much a score may differ, as a share of it, where its error is not known."""


@dataclass(frozen=True, eq=False)
class Exported:
    """A graph that computes, in place of the function that it was made of."""

    captured: Captured
    compute: Compute

    def __call__(self, *given: Tensor) -> Tensor:
        """The first output of the function's inputs, with the noise that its networks would draw."""
        rows = given[0].shape[0]
        ports = self.captured.inputs
        drawn = [draw(one.drawn, (rows,) * one.batched + one.shape) for one in ports[len(given) :]]
        tensors = [
            one.detach().cpu().to(getattr(torch, of.dtype))
            for one, of in zip([*given, *drawn], ports, strict=True)
        ]
        return torch.from_numpy(self.compute(tensors)[0])


def draw(kind: str, shape: tuple[int, ...]) -> Tensor:
    """Noise as networks draw it."""
    return noise.normal(*shape) if kind == "normal" else noise.uniform(*shape)


class ExportedGame(Game):
    """A game that samples by graphs.

    Args:
        game: it stands for.
        graphs: by the names of their functions.
    """

    def __init__(self, game: Game, graphs: Mapping[str, Exported]) -> None:
        super().__init__()
        self.networks, self.graphs, self.latent = game, graphs, game.latent

    def turns(self) -> tuple[Turn, ...]:
        """None: it is trained."""
        return ()

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Samples of latents, and of a class or a condition where there is one."""
        graph = self.graphs["generator"]
        if c is not None and "conditional" in self.graphs:
            return self.graphs["conditional"](z, c)
        takes = any(one.name == "class" for one in graph.captured.inputs)
        return graph(z, c) if takes and c is not None else graph(z)


class ExportedTranslation(Translation):
    """A translation by graphs.

    Args:
        game: it stands for.
        there: the graph of the direction that it was trained in.
        back: of the other one; None where there is none.
    """

    def __init__(self, game: Translation, there: Exported, back: Exported | None) -> None:
        super().__init__()
        self.networks, self.there, self.returns, self.latent = game, there, back, game.latent

    def turns(self) -> tuple[Turn, ...]:
        """None: it is trained."""
        return ()

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        """Outputs of inputs."""
        return self.there(a, z) if self.latent else self.there(a)

    def back(self, b: Tensor, z: Tensor) -> Tensor | None:
        """Inputs of outputs."""
        if self.returns is None:
            return None
        return self.returns(b, z) if self.latent else self.returns(b)


def exported(trained: Trained, graphs: Mapping[str, Exported]) -> Trained:
    """The run with graphs in place of its networks."""
    game, known = trained.game, [*graphs.values()]
    stand_in: Game = (
        ExportedTranslation(game, known[0], known[1] if len(known) > 1 else None)
        if isinstance(game, Translation)
        else ExportedGame(game, graphs)
    )
    return type(trained)(stand_in, trained.space, trained.description).eval()


def compare_scores(
    folder: Path,
    trained: Trained,
    graphs: Mapping[str, Exported],
    n: int,
    *,
    run: Run | None = None,
    notify: Notify,
) -> Evaluation:
    """The scores of ``n`` samples that graphs make of the latents and noise of the run's own.

    Args:
        folder: of the run.
        trained: the run.
        graphs: by the names of their functions.
        n: how many samples.
        run: with its data, where it was made in Python.
        notify: is called with a line on what is being computed.

    Raises:
        ValueError: a score differs from the run's by more than its error, or the run detects.
        FileNotFoundError: the data of the run is missing.
    """
    if isinstance(trained, Detector):
        raise ValueError("a detector is scored by 'ptarmigan detect': leave --verify-score out")
    samples = rebuild(folder, run).samples
    request = Request(n=n, notify=notify)
    found = exported(trained, graphs).evaluate(samples, n, 0, request)
    own = {score.scale.name: score for score in trained.evaluate(samples, n, 0, request).scores}
    for score in found.scores:
        check_same(score, own[score.scale.name])
    return found


def check_same(found: Score, own: Score) -> None:
    """See that two scores are within the error of either.

    Raises:
        ValueError: they are not.
    """
    a, b = found.value, own.value
    allowed = max(b.error if b.error == b.error else 0.0, ROUNDING * abs(b.value))
    if not (abs(a.value - b.value) <= allowed or (a.value != a.value and b.value != b.value)):
        raise ValueError(
            f"the exported samples score {a.value:.4g} in {found.scale.name}, and the run {b.value:.4g} ± "
            f"{b.error:.2g}: it is not exported"
        )
