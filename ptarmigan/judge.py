"""The judge's face: scores of a run, or of any two sets of samples, whoever made them."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from ptarmigan import folder as folders
from ptarmigan import zoo
from ptarmigan.checkpoint import write
from ptarmigan.data.alike import is_table, together
from ptarmigan.data.images import Images
from ptarmigan.data.points import NAMES, points
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.data.series import comparable
from ptarmigan.data.stacked import Stacked
from ptarmigan.data.table import Table
from ptarmigan.game import Game
from ptarmigan.metrics import ordered
from ptarmigan.metrics.classifier import Classifier
from ptarmigan.metrics.cycle import noisy
from ptarmigan.metrics.extractors.pick import extractor
from ptarmigan.metrics.features import Features, Vectors
from ptarmigan.metrics.measures import Scale, chosen
from ptarmigan.metrics.panel import Panel, Score, Verdict
from ptarmigan.metrics.path import encoded, path_length
from ptarmigan.metrics.records import table_panel
from ptarmigan.metrics.score import Metric
from ptarmigan.metrics.stacked import StackedModes, learn_digits, stacked_modes, told_of
from ptarmigan.metrics.translated import Translations
from ptarmigan.options import build
from ptarmigan.run import Run
from ptarmigan.spaces.image import ImageSpace
from ptarmigan.spaces.label import LabelSpace
from ptarmigan.spaces.series import NUMBERED, SeriesSpace
from ptarmigan.spaces.space import Space
from ptarmigan.spaces.table import TableSpace
from ptarmigan.trained import Trained, load
from ptarmigan.translation import TranslationShow

if TYPE_CHECKING:
    import pandas as pd

FILE = "scores.json"
PATH = "path"
"""The measure that asks a generator, and no samples."""
STEPS = 10_000
Weights = str | os.PathLike[str] | None


def score(
    real: Any,
    fake: Any,
    *,
    metrics: Sequence[str] = (),
    features: str | Features | Callable[[Any], Any] = "auto",
    weights: Weights = None,
    size: str = "",
    crop: bool = False,
    length: int = 0,
    id: str = NUMBERED,
    time: str = "",
    held_out: Any = None,
    target: str = "",
    n: int | None = None,
    quiet: bool = True,
) -> dict[str, Any]:
    """Score any samples against real ones.

    Args:
        real: what training takes as data: a name, a folder, an archive or a file, an array, a torch Dataset.
            Where it has a test split, that is compared with.
        fake: the samples to score, alike.
        metrics: which measures, by their short names; the usual ones when empty.
        features: what is looked at: auto, classifier, selfsupervised, inception, dinov2, squeezenet,
            resnet20, pixels; or a function of raw samples to vectors.
        weights: a file of the extractor's weights, where it is not to be downloaded.
        size: resize all images to HxW first.
        crop: cut them to that shape instead of squeezing.
        length: both are series, and windows of so many steps are scored; they are none when 0.
        id: the column that says which series a row is of, where a table has it.
        time: the column that orders the rows of a series, where a table has it.
        held_out: of tables, real rows that the samples were not learnt from.
        target: of tables, a column of a few values that classifiers are to tell from the others.
        n: score so many of the samples; all when None.
        quiet: show no progress.

    Returns:
        ``{"real", "fake", "samples", "features", "scores", "warnings"}``, with ``scored`` for every name.

    Raises:
        ValueError: something cannot be read, the two do not have the same form, or nothing fits them.
        FileNotFoundError: there is nothing of that name.
    """
    if length:
        series, others = comparable(real, fake, length, id, time)
        others = others[: counted(len(others), n)]
        return {"real": named(real), "fake": named(fake), **of_series(series, others, metrics, quiet)}
    if is_table(real) and is_table(fake):
        rows, made = Table(real).frame(), Table(fake).frame()
        made = made[: counted(len(made), n)]
        scores = of_tables(rows, made, held_out, metrics=metrics, target=target, quiet=quiet)
        return {"real": named(real), "fake": named(fake), **scores}
    no_table(held_out, target)
    known, judged = opened(real, size, crop), opened(fake, size, crop)
    same_form(known.space, judged.space)
    count = counted(len(judged.source), n)
    with telling(quiet) as tell:
        panel = panel_of(known, count, metrics, features, weights, tell)
        raw = judged.source.read(np.arange(len(judged.source)))[:count]
        verdict = panel.judge(ArraySource(raw))
    return {"real": named(real), "fake": named(fake), **written(panel, verdict)}


def score_run(
    folder: Path,
    *,
    n: int = 10_000,
    seed: int = 0,
    best: bool = False,
    device: str = "auto",
    metrics: Sequence[str] = (),
    features: str | Features = "auto",
    weights: Weights = None,
    held_out: Any = None,
    target: str = "",
    quiet: bool = True,
) -> dict[str, Any]:
    """Score ``n`` samples of a run, and keep the scores in its ``scores.json``.

    Of a translation they are made of inputs that are not trained on, where there are such.

    Args:
        folder: the run's folder.
        n: how many samples are scored; of a translation as many as there are inputs, at most.
        seed: names the samples.
        best: the weights with the best score during training, not the last.
        device: where to make the samples.
        metrics: as ``score`` has them.
        features: as ``score`` has them.
        weights: as ``score`` has them.
        held_out: as ``score`` has it.
        target: as ``score`` has it.
        quiet: show no progress.

    Returns:
        What ``score`` returns, with ``run``, ``step`` and ``seed`` and without ``real`` and ``fake``.

    Raises:
        ValueError: the folder holds no finished run, or ``n`` is not positive.
        FileNotFoundError: the data of the run is not to be had.
    """
    description = folders.load(folder)
    trained = load(folder, best=best, device=device)
    run = build(zoo.recipe(description["recipe"]), description["options"])
    if not isinstance(trained.space, TableSpace):
        no_table(held_out, target)
    if run.samples.inputs is not None:
        with telling(quiet) as tell:
            seen = looked_at(features, run.samples, weights, tell)
            found = translated(run, trained.game, trained.precision, n, seed, metrics, seen, tell)
        return keep(folder, {"step": trained.description["step"], "seed": seed, **found})
    if isinstance(trained.space, TableSpace):
        values = [str(column.name) for column in trained.space.columns if column.by_value]
        real = trained.space.frame(run.samples.source.read(np.arange(len(run.samples))))
        made = trained.frame(n, seed=seed)
        found = of_tables(real, made, held_out, values, metrics=metrics, target=target, quiet=quiet)
        return keep(folder, {"step": trained.description["step"], "seed": seed, **found})
    if isinstance(trained.space, SeriesSpace):
        channels = slice(0, trained.space.channels)
        series = run.samples.source.read(np.arange(len(run.samples)))[:, :, channels]
        found = of_series(series, trained.sample(n, seed=seed)[:, :, channels], metrics, quiet)
        return keep(folder, {"step": trained.description["step"], "seed": seed, **found})
    with telling(quiet) as tell:
        rest = [m for m in metrics if m != PATH]
        panel = panel_of(run.samples, n, rest, features, weights, tell, asked=listens(trained))
        tell(f"{n:,} samples")
        raw, classes = trained.sample(n, seed=seed), trained.classes(n, seed)
        verdict = panel.judge(ArraySource(raw, classes, trained.space.classes))
        found = written(panel, verdict)
        if PATH in metrics or "all" in metrics:
            tell(PATH)
            found["scores"]["perceptual path length"] = path(trained, panel.features, n, seed)
    return keep(folder, {"step": trained.description["step"], "seed": seed, **found})


def of_tables(
    real: pd.DataFrame,
    fake: pd.DataFrame,
    held_out: Any = None,
    categorical: Sequence[str] = (),
    *,
    metrics: Sequence[str],
    target: str,
    quiet: bool,
) -> dict[str, Any]:
    """The scores of rows, beside those of independent columns, a Gaussian copula, and real rows again."""
    others = [fake] if held_out is None else [fake, Table(held_out).frame()]
    space, (train, made, *rest) = together(real, others, categorical)
    with telling(quiet) as tell:
        held = rest[0] if rest else None
        panel = table_panel(space, train, held, len(made), metrics=metrics, target=target, tell=tell)
        found = written(panel, panel.judge(ArraySource(made)))
    if target and not rest:
        found["warnings"].append(
            "classifiers were tested on the rows that were learnt from: --held-out tests them on others"
        )
    return found


def of_series(real: NDArray[Any], fake: NDArray[Any], metrics: Sequence[str], quiet: bool) -> dict[str, Any]:
    """The scores of series, beside those of a Gaussian and of shuffled real ones."""
    with telling(quiet) as tell:
        verdict = ordered.judged(real, fake, ordered.chosen(metrics), tell)
    return {
        "samples": len(fake),
        "features": {"name": "series", "hash": ""},
        "scores": {score.scale.name: scored(score) for score in verdict.scores},
        "warnings": list(verdict.warnings),
    }


def translated(
    run: Run,
    game: Game,
    precision: torch.dtype | None,
    n: int,
    seed: int,
    metrics: Sequence[str],
    features: Features,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """The scores of the translations that a game makes of a run's held-out inputs."""
    samples = run.samples
    judge = Translations(samples, features, n, metrics, what=form(samples.space), tell=tell)
    show = TranslationShow(replace(run, seed=seed), judge.n, precision)
    tell(f"{judge.n:,} translations")
    outputs = np.concatenate(list(show.make(game, np.arange(judge.n))))
    tell("the way back")
    back = show.back(game, outputs)
    in_noise = None if back is None else show.back(game, noisy(outputs, samples.space, seed))
    returned = None if back is None or in_noise is None else (back, in_noise)
    return written(judge, judge.judge(outputs, returned))


def listens(trained: Trained) -> bool:
    """Whether the class that is asked for changes what is made."""
    if len(trained.space.classes) < 2:
        return False
    first, second = (trained.sample(1, class_=class_) for class_ in (0, 1))
    return not np.array_equal(first, second)


def path(trained: Trained, features: Features, n: int, seed: int) -> dict[str, Any]:
    """The perceptual path length of a generator, in a classifier's features where these are at hand."""
    network, name = (
        (features.net.features, features.name) if isinstance(features, Classifier) else (encoded, "pixels")
    )
    game = trained.game
    found = path_length(
        game.sample,
        game.latent,
        n=min(n, STEPS),
        features=network,
        classes=trained.classes(min(n, STEPS), seed),
        seed=seed,
        device=next(game.parameters()).device,
    )
    scale = Scale("perceptual path length", "squared features", True)
    said = f"features {name}; {min(n, STEPS):,} steps on great circles in z; seed {seed}"
    return scored(Score(scale, found, None, {}, said))


def counted(there: int, n: int | None) -> int:
    """How many samples are scored.

    Raises:
        ValueError: there are not so many.
    """
    if n is not None and not 1 <= n <= there:
        raise ValueError(f"there are {there:,} samples to score, not {n:,} (--n)")
    return there if n is None else n


def no_table(held_out: Any, target: str) -> None:
    """Refuse what only tables have.

    Raises:
        ValueError: one of both is given.
    """
    if held_out is not None or target:
        raise ValueError("--held-out and --target are for tables, and these samples are none")


def opened(data: Any, size: str = "", crop: bool = False) -> Samples:
    """Any samples: points by name, from a file or an array of two dimensions; else images.

    Raises:
        ValueError: they cannot be read.
        FileNotFoundError: there is nothing of that name.
    """
    if isinstance(data, Samples):
        return data
    if isinstance(data, str | os.PathLike) and (str(data) in NAMES or str(data).endswith(".csv")):
        return points(str(data), batch=1)
    vectors = rows(data)
    if vectors is None:
        return Images(data if not isinstance(data, os.PathLike) else str(data), size, crop).open(batch=1)
    return points(vectors, batch=1)


def rows(data: Any) -> NDArray[Any] | None:
    """Vectors, one a row, where an array or a ``.npy`` file holds such; else None."""
    if isinstance(data, str | os.PathLike) and str(data).endswith(".npy"):
        try:
            data = np.load(data, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None  # images are opened, and say what is wrong
    if isinstance(data, torch.Tensor):
        data = data.detach().cpu().numpy()
    return data if isinstance(data, np.ndarray) and data.ndim == 2 else None


def same_form(real: Space, fake: Space) -> None:
    """Refuse to compare apples with pears.

    Raises:
        ValueError: the two kinds of samples differ in shape or depth.
    """
    if form(real) == form(fake):
        return
    hint = ""
    if isinstance(real, ImageSpace) and isinstance(fake, ImageSpace):
        sized = (real.channels, real.bits) == (fake.channels, fake.bits)
        hint = ": give a --size" if sized else ": convert one of them first"
    raise ValueError(f"{form(real)} cannot be compared with {form(fake)}{hint}")


def form(space: Space) -> str:
    """What samples are, in words."""
    if isinstance(space, ImageSpace):
        depth = "" if space.bits == 8 else f" of {space.bits} bits"
        return f"images of {space.height}×{space.width}×{space.channels}{depth}"
    if isinstance(space, LabelSpace):
        return f"label maps of {space.height}×{space.width} with {space.labels} classes"
    return f"points of {space.shape[0]} coordinates"


def panel_of(
    samples: Samples,
    n: int,
    metrics: Sequence[str],
    features: str | Features | Callable[[Any], Any],
    weights: Weights,
    tell: Callable[[str], None],
    *,
    asked: bool = False,
) -> Panel:
    """The judge of ``n`` samples like these."""
    measures = chosen(metrics)
    if n < 1:
        raise ValueError(f"a score of {n} samples says nothing: at least 1 is needed (--n)")
    return Panel(
        looked_at(features, samples, weights, tell),
        samples.source,
        samples.held_out,
        measures,
        n,
        what=form(samples.space),
        mixture=samples.mixture,
        stacks=stacks_of(samples),
        asked=asked,
        tell=tell,
    )


def looked_at(
    features: str | Features | Callable[[Any], Any],
    samples: Samples,
    weights: Weights,
    tell: Callable[[str], None],
) -> Features:
    """Features by name, or a function as such."""
    if not isinstance(features, str):
        return called(features)
    tell(f"the feature extractor ({features})")
    return extractor(features, samples, weights=None if weights is None else Path(weights))


def stacks_of(samples: Samples) -> Callable[[NDArray[Any]], StackedModes] | None:
    """Counts the modes of stacked digits, where the samples are such."""
    stacks, space = samples.source, samples.space
    if not isinstance(stacks, Stacked) or not isinstance(space, ImageSpace):
        return None
    digits = learn_digits(stacks, space)
    return lambda raw: stacked_modes(told_of(raw, digits), stacks.frequencies)


def called(function: Features | Callable[[Any], Any]) -> Features:
    """A function as features: its name stands in the protocol, and what it makes is never cached."""
    if isinstance(function, Features):
        return function
    return Called(function, getattr(function, "__name__", type(function).__name__))


@dataclass(frozen=True)
class Called:
    """Anybody's function of raw samples, as ``Features``."""

    function: Callable[[Any], Any]
    name: str
    hash: str = ""

    def __call__(self, raw: NDArray[Any]) -> Vectors:
        """What the function makes of ``raw``, as one row a sample.

        Raises:
            ValueError: it gives something else.
        """
        out = np.asarray(self.function(raw), np.float32)
        if out.ndim != 2 or len(out) != len(raw):
            raise ValueError(
                f"{self.name} made {out.shape} of {len(raw)} samples: expected one row of numbers for each"
            )
        return out


@contextmanager
def telling(quiet: bool) -> Iterator[Callable[[str], None]]:
    """Says what is being done, on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda words: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as status:
        yield lambda words: status.update(words)


def written(panel: Panel | Translations, verdict: Verdict) -> dict[str, Any]:
    """Scores as plain data."""
    return {
        "samples": panel.n,
        "features": {"name": panel.features.name, "hash": panel.features.hash},
        "scores": {score.scale.name: scored(score) for score in verdict.scores},
        "warnings": list(verdict.warnings),
    }


def scored(score: Score) -> dict[str, Any]:
    """A score as files keep it: the value and its error, what others score, and how it was measured.

    A number that is not finite is None.
    """
    return {
        "value": finite(score.value.value),
        "error": finite(score.value.error),
        "interval": [finite(end) for end in score.value.interval],
        "unit": score.scale.unit,
        "floor": None if score.floor is None else finite(score.floor),
        "baselines": {name: finite(value) for name, value in score.baselines.items()},
        "beaten by": list(score.beaten_by),
        "direction": direction(score.scale.lower_is_better),
        "protocol": score.protocol,
    }


def entry(metric: Metric, value: float) -> dict[str, Any]:
    """A score of training, alike: without errors and baselines, which would take too long there."""
    return {
        "value": finite(value),
        "unit": metric.unit,
        "floor": finite(metric.floor),
        "direction": direction(metric.lower_is_better),
        "protocol": metric.protocol,
    }


def direction(lower: bool) -> str:
    """Which way is better, in words."""
    return "lower is better" if lower else "higher is better"


def keep(folder: Path, found: dict[str, Any]) -> dict[str, Any]:
    """Write scores into a run's ``scores.json``, with the run's name, and give them back."""
    whole = {"run": str(folder), **found}
    write(folder / FILE, folders.pretty(whole))
    return whole


def named(data: Any) -> str:
    """Data in words."""
    return str(data) if isinstance(data, str | os.PathLike) else type(data).__name__


def finite(value: float) -> float | None:
    """A number that JSON has, or None."""
    return float(value) if math.isfinite(value) else None
