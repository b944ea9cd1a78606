"""How good videos are: in a network that looks at time, by their motion and colours, beside trivial clips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator, by_features
from ptarmigan.metrics.features import EmbeddedFeatures, Features, choose_features
from ptarmigan.metrics.measure import Scale
from ptarmigan.metrics.measures import AGREEMENT, CLASSES, FRECHET, KID, SLICED, TESTS, VENDI
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.video import baselines, measures
from ptarmigan.modalities.video.clips import SCORED, Clips, several
from ptarmigan.modalities.video.source import Videos
from ptarmigan.modalities.video.space import VideoSpace
from ptarmigan.modalities.video.watcher import Classifier, Watcher, learn

ACCURACY = AGREEMENT.with_scales(
    Scale("accuracy of classes", "share", False, "classified as the class that was asked for")
)


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of videos.

    Where recordings are few, real clips are several windows of each, the same ones every time.

    Raises:
        ValueError: there is no measure of such a name, or ``n`` is not positive.
    """
    space = samples.space
    assert isinstance(space, VideoSpace)
    what = samples.source.decoded.what if isinstance(samples.source, Clips) else ""
    own = windows(samples, space)
    watcher = cache(lambda: learn(samples.source, own.held_out, space))
    truth = (measures.shapes_speed(), measures.shapes_labels(what)) if what else ()
    free = (measures.motion(), measures.colours())
    learnt = (FRECHET, measures.frames(), measures.in_order(watcher))
    return by_features(
        own,
        request,
        lambda: choose_features(request.features, features_of(watcher(), own), request.weights),
        (*learnt, *free, ACCURACY, *truth, CLASSES, KID, VENDI, SLICED, *TESTS),
        (SLICED, *free),
        n=min(SCORED, len(own.held_out)),
        quick_features=lambda: EmbeddedFeatures(space),
        baselines=baselines.baselines(),
        bounds=baselines.BOUNDS,
        baseline_names=baselines.WORDS,
    )


def windows(samples: Samples, space: VideoSpace) -> Samples[VideoSpace]:
    """The same real clips every time."""
    train = several(samples.source)
    held_out = train if samples.held_out is samples.source else samples.held_out
    return Samples(train, space, batch=1, seed=samples.seed, held_out=held_out)


def features_of(watcher: Watcher, samples: Samples) -> Features:
    """The network, with its classes where there are such."""
    classes = samples.source.classes
    return Classifier(watcher, classes) if samples.source.labels is not None and len(classes) > 1 else watcher


def between(
    real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """The evaluator of videos beside real ones, to whose length and size they are brought.

    Args:
        real: what ``Videos`` takes as data.
        fake: the same; frames count as they come.
        request: what is asked.
        options: of ``Videos``.
    """
    known = real if isinstance(real, Samples) else Videos(real, **options).open(batch=1)
    space = known.space
    assert isinstance(space, VideoSpace)
    given = {name: value for name, value in options.items() if name not in ("every", "rate")}
    same = {**given, "length": space.frames_each, "size": f"{space.height}x{space.width}"}
    others = fake if isinstance(fake, Samples) else Videos(fake, **same).open(batch=1)
    if reason := space.same_form(others.space):
        raise ValueError(reason)
    n = request.count(len(others))
    return evaluator(known, replace(request, n=n)), others.source.read(np.arange(n))
