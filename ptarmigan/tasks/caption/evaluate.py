"""How good pictures of captions are: whether they show what is said, how they differ, and their distance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples, Source
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale, choose
from ptarmigan.metrics.measures import FRECHET
from ptarmigan.metrics.outputs import OutputPanel
from ptarmigan.metrics.panel import Evaluation, Panel
from ptarmigan.metrics.quick import QuickPanel
from ptarmigan.metrics.request import Request
from ptarmigan.metrics.thorough import ThoroughPanel
from ptarmigan.metrics.view import View, raw_view
from ptarmigan.modalities.image.evaluate import MEASURES, features_of
from ptarmigan.modalities.image.extractors.pick import extractor
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.tokens import UNK
from ptarmigan.tasks.caption import matcher, truth
from ptarmigan.tasks.caption.scenes import Scene, scene_of

MEMBERS = 2
"""Samples of every caption, by which it is measured how they differ."""
MOST = 1_000
"""Held-out captions that are scored, at most."""
LOOKED_AT = 20_000
"""Training captions among which the nearest is looked for, at most."""


class Case:
    """The first held-out captions, and the samples that are made of each.

    Args:
        samples: the real ones, with captions.
        n: captions.
    """

    def __init__(self, samples: Samples, n: int) -> None:
        self.samples, self.n = samples, n
        self.given = samples.require_condition()
        self.captions = self.given.held_out.read(np.arange(n))

    @cached_property
    def matcher(self) -> matcher.Matcher:
        """The judge of pictures and captions."""
        assert isinstance(self.given.space, TextSpace)
        return matcher.learn(self.samples, self.given.space)

    @cached_property
    def scenes(self) -> tuple[Scene, ...]:
        """What the captions say, where all of them are of scenes; none else."""
        found = [scene_of(text) for text in self.given.space.titles(self.captions)]
        return tuple(scene for scene in found if scene) if all(found) else ()

    @cached_property
    def trivial(self) -> dict[str, NDArray[Any]]:
        """Without a network: pictures of other captions, the mean picture, that of the nearest caption."""
        rows = np.arange(self.n)
        own = self.samples.held_out.read(rows)
        some = self.samples.source.read(np.arange(min(len(self.samples), MOST)))
        mean = some.mean(0).round().astype(own.dtype)
        return {
            "captions shuffled": np.roll(own, 1, 0),
            "mean picture": np.broadcast_to(mean, own.shape).copy(),
            "nearest caption": self.samples.source.read(self.nearest(rows)),
        }

    def nearest(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The training pictures whose captions share most words with held-out ones, for words in either."""
        train = self.given.source.read(np.arange(min(len(self.given.source), LOOKED_AT)))
        size = int(max(train.max(), self.captions.max())) + 1
        known, asked = (words_in(ids, size) for ids in (train, self.captions[rows]))
        shared = asked @ known.T
        either = asked.sum(1)[:, None] + known.sum(1) - shared
        found: NDArray[np.int64] = (shared / np.maximum(either, 1)).argmax(1)
        return found


def words_in(ids: NDArray[Any], size: int) -> NDArray[np.float32]:
    """Which words captions have."""
    found = np.zeros((len(ids), size), np.float32)
    np.put_along_axis(found, ids.astype(np.int64), 1, 1)
    found[:, : UNK + 1] = 0
    return found


class CaptionPanel(OutputPanel):
    """Samples of held-out captions, beside the pictures that these belong to.

    Args:
        measures: of samples and captions.
        case: the captions.
        words: the protocol.
        **more: of ``OutputPanel``.
    """

    def __init__(self, measures: tuple[Measure, ...], case: Case, words: str, **more: Any) -> None:
        self.case = case
        super().__init__(measures, case.samples, case.n, words, members=MEMBERS, **more)

    @cached_property
    def trivial(self) -> Mapping[str, View]:
        """Trivial pictures."""
        return {name: raw_view(raw) for name, raw in self.case.trivial.items()}


def of_held_out(samples: Samples, n: int) -> NDArray[Any]:
    """The first held-out captions, each as often as samples are made of it: those of ``n`` samples."""
    captions = samples.require_condition().held_out.read(np.arange(-(-n // MEMBERS)))
    return np.repeat(captions, MEMBERS, 0)[:n]


def evaluator(samples: Samples, request: Request, n: int | None = None) -> Evaluator:
    """The evaluator of samples of the first held-out captions.

    Args:
        samples: the real ones, with captions.
        request: measures, features and number of samples.
        n: how many samples are scored, at most, unless the request says so.

    Raises:
        ValueError: a measure is unknown, or there is no sample.
    """
    wanted = request.n or n or MEMBERS * MOST
    case = Case(samples, min(len(samples.held_out), max(1, wanted // MEMBERS), MOST))
    count, own = case.n * MEMBERS, (*truths(case), precision(case), SPREAD)
    default = [measure.key for measure in (*own, FRECHET)]
    chosen = choose((*own, *MEASURES), request.metrics or default, "pictures of captions")
    mine = tuple(measure for measure in chosen if measure in own)
    others = tuple(measure for measure in chosen if measure not in own)
    words = f"{count:,} samples of {case.n:,} held-out captions"

    def thorough(source: Source) -> Evaluation:
        found = CaptionPanel(mine, case, words, notify=request.notify).evaluate(source)
        if not others:
            return found
        distances = of_pictures(case, others, request).evaluate(source)
        return Evaluation(
            count,
            distances.features,
            distances.hash,
            (*found.scores, *distances.scores),
            (*found.warnings, *distances.warnings),
        )

    def quick() -> tuple[Panel, ...]:
        first = (*truths(case),) or (precision(case),)
        aligned = CaptionPanel((*first, SPREAD), case, words, errors=False)
        return QuickPanel(extractor("auto", samples), samples, (FRECHET,), count), aligned

    features = cache(lambda: features_of(samples, request))
    return Evaluator(count, chosen, thorough, quick, features, MEMBERS)


def of_pictures(case: Case, measures: tuple[Measure, ...], request: Request) -> Panel:
    """The measures of samples as pictures, with the same trivial ones beside."""
    samples = case.samples

    def repeated(raw: NDArray[Any]) -> Callable[[Any, int], NDArray[Any]]:
        return lambda train, n: np.resize(raw, (n, *raw.shape[1:]))

    return ThoroughPanel(
        features_of(samples, request),
        samples.source,
        samples.held_out,
        measures,
        case.n * MEMBERS,
        what=samples.space.words,
        baselines={name: repeated(raw) for name, raw in case.trivial.items()},
        baseline_names=", ".join(case.trivial),
        notify=request.notify,
    )


def members(raw: NDArray[Any], n: int) -> int:
    """How many pictures there are of each caption: one of the real and the trivial ones."""
    return max(1, len(raw) // n)


def precision(case: Case) -> Measure:
    """R-precision: how often a picture is nearer to its own caption than to 99 others."""

    def against(reference: Reference) -> Measured:
        def measure(fake: View) -> Estimates:
            raw = fake.set.raw()
            captions = np.repeat(case.captions, members(raw, case.n), 0)
            return (reference.mean(case.matcher.found(raw, captions)),)

        return measure

    note = (
        f"the own caption among {matcher.AMONG} that differ; told by a network that learnt pictures and "
        "captions of the training data alone"
    )
    return Measure("r-precision", (Scale("R-precision", "share", False, note),), against)


def unknown(reference: Reference) -> tuple[float | None, ...]:
    """There is one real picture of a caption."""
    return (None,)


def spread(reference: Reference) -> Measured:
    """How far two samples of a caption are apart, as a share of how far those of two captions are."""

    def measure(fake: View) -> Estimates:
        raw = fake.set.raw().astype(np.float32)
        several = raw.reshape(-1, MEMBERS, raw[0].size) if len(raw) > len(reference.real) else None
        if several is None:
            return (Estimate(0.0, float("nan")),)
        within = np.linalg.norm(several[:, 0] - several[:, 1], axis=1)
        between = np.linalg.norm(several[:, 0] - np.roll(several[:, 1], 1, 0), axis=1)
        found = reference.mean(within)
        scale = max(float(between.mean()), 1e-9)
        return (Estimate(found.value / scale, found.error / scale),)

    return measure


SPREAD = Measure(
    "spread",
    (Scale("spread per caption", "share", False, "of how far samples of two captions are apart, in pixels"),),
    spread,
    real=unknown,
)


def truths(case: Case) -> Iterator[Measure]:
    """What pictures of scenes show, read off their pixels; also of unseen combinations alone."""
    if not case.scenes:
        return
    unseen = np.array([scene.unseen for scene in case.scenes])
    names = [f"right {aspect}" for aspect in truth.ASPECTS]
    parts = [("seen combinations", ~unseen), ("unseen combinations", unseen)]
    scales = [Scale(name, "share", False, "read off the pixels") for name in names]
    scales += [Scale(f"right everything, {name}", "share", False, "read off the pixels") for name, _ in parts]

    def against(reference: Reference) -> Measured:
        def measure(fake: View) -> Estimates:
            raw = fake.set.raw()
            times = members(raw, case.n)
            scenes = [scene for scene in case.scenes for _ in range(times)]
            found = truth.right(raw, scenes)
            mean = partial(known_mean, reference)
            each = [mean(found[aspect]) for aspect in truth.ASPECTS]
            rows = [np.repeat(part, times) for _, part in parts]
            return (*each, *(mean(found["everything"][part]) for part in rows))

        return measure

    yield Measure("truth", tuple(scales), against)


def known_mean(reference: Reference, values: NDArray[np.float64]) -> Estimate:
    """The mean of those that are known; not a number where none is."""
    there = values[np.isfinite(values)]
    return reference.mean(there) if len(there) else Estimate(float("nan"), float("nan"))
