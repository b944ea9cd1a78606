"""How good sounds are: distances in a log-mel network's features, classes, speakers, and copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import Indices
from ptarmigan.data.samples import Samples
from ptarmigan.data.source import Source
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.evaluator import Evaluator, by_features
from ptarmigan.metrics.features import EmbeddedFeatures, Features, choose_features
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale, nothing
from ptarmigan.metrics.measures import AGREEMENT, CLASSES, DISTANCES, FRECHET, INCEPTION_SCORE, SLICED, TESTS
from ptarmigan.metrics.request import Request
from ptarmigan.metrics.search import nearest
from ptarmigan.metrics.view import View
from ptarmigan.modalities.sound import baselines
from ptarmigan.modalities.sound.classifier import Classifier, learn
from ptarmigan.modalities.sound.clips import Clips
from ptarmigan.modalities.sound.source import Sounds
from ptarmigan.modalities.sound.space import SoundSpace

ACCURACY = AGREEMENT.with_scales(
    Scale("accuracy of classes", "share", False, "classified as the class that was asked for")
)
GENERAL = (*DISTANCES, CLASSES, ACCURACY, replace(INCEPTION_SCORE, default=True), *TESTS)
"""What is measured of any sounds."""


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of sounds: in a classifier's features where they have classes, else in their embedding.

    Raises:
        ValueError: there is no measure of such a name, or ``n`` is not positive.
    """
    space = plain(samples)
    return by_features(
        samples,
        request,
        lambda: choose_features(request.features, features_of(samples), request.weights),
        (*GENERAL, novelty(space), balance(samples)),
        (FRECHET, CLASSES) if classified(samples) else (SLICED,),
        quick_features=lambda: features_of(samples),
        baselines=baselines.baselines(space),
        bounds=baselines.BOUNDS,
        baseline_names=baselines.WORDS,
    )


def between(
    real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """The evaluator of sounds beside real ones, to whose rate and length they are brought.

    Args:
        real: what ``Sounds`` takes as data.
        fake: the same.
        request: what is asked.
        options: of ``Sounds``.
    """
    known = real if isinstance(real, Samples) else Sounds(real, **options).open(batch=1)
    same = {**options, "rate": known.space.rate, "length": known.space.length}
    others = fake if isinstance(fake, Samples) else Sounds(fake, **same).open(batch=1)
    if reason := known.space.same_form(others.space):
        raise ValueError(reason)
    n = request.count(len(others))
    return evaluator(known, replace(request, n=n)), others.source.read(np.arange(n))


def plain(samples: Samples) -> SoundSpace:
    """The space of the waveforms, whatever networks see."""
    space = samples.space
    assert isinstance(space, SoundSpace)
    return SoundSpace(space.rate, space.length, space.classes)


def classified(samples: Samples) -> bool:
    """Whether there are classes that a network can learn to tell apart."""
    return samples.source.labels is not None and len(samples.source.classes) > 1


def features_of(samples: Samples) -> Features:
    """The last layer of a classifier of the training sounds; without classes, their embedding."""
    space = plain(samples)
    if not classified(samples):
        return EmbeddedFeatures(space)
    return learn(samples.source, samples.held_out, space)


def novelty(space: SoundSpace) -> Measure:
    """How far clips are from the nearest training clip, in the embedding, beside those held out."""
    own = EmbeddedFeatures(space)

    def against(reference: Reference) -> Measured:
        train, held_out = own(reference.train.set.raw()), own(reference.real.set.raw())
        unit = float(np.median(nearest(train, held_out, 1)[1]))

        def measure(fake: View) -> Estimates:
            distances = nearest(train, own(fake.set.raw()), 1)[1][:, 0] / unit
            error = reference.error(lambda rows: float(np.median(distances[rows])), len(distances), 50)
            return (Estimate(float(np.median(distances)), error),)

        return measure

    scale = Scale(
        "novelty", "ratio", False, "median distance to the nearest training clip over that of held-out ones"
    )
    return Measure(
        "novelty",
        (scale,),
        against,
        lambda reference: "" if reference.has_held_out else "no real samples are held out to compare with",
        of_training=True,
    )


def balance(samples: Samples) -> Measure:
    """How far any speaker's share is from that in the real sounds, by a network that tells speakers apart."""
    source, held_out = samples.source, samples.held_out

    def against(reference: Reference) -> Measured:
        network = speakers_of(source, held_out, plain(samples))
        real = shares(network, reference.real.set.raw())

        def measure(fake: View) -> Estimates:
            raw = fake.set.raw()
            gap = float(np.abs(shares(network, raw) - real).max())
            return (Estimate(gap, float(np.sqrt(0.25 / len(raw)))),)

        return measure

    known = isinstance(source, Clips) and len(set(source.speakers)) > 1 and isinstance(held_out, Clips)
    scale = Scale("imbalance of speakers", "share", True, "largest difference of a speaker's share")
    return Measure(
        "speakers", (scale,), against, nothing if known else lambda reference: "speakers are not known"
    )


@dataclass(frozen=True, eq=False)
class BySpeaker:
    """A source whose classes are its speakers."""

    source: Source
    labels: Indices
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.source)

    def read(self, indices: Indices) -> NDArray[Any]:
        """The raw samples at ``indices``."""
        return self.source.read(indices)


def speakers_of(source: Source, held_out: Source, space: SoundSpace) -> Classifier:
    """A network that tells the speakers apart."""
    assert isinstance(source, Clips)
    assert isinstance(held_out, Clips)
    names = tuple(sorted({*source.speakers, *held_out.speakers}))
    first, second = (BySpeaker(each, numbered(each.speakers, names), names) for each in (source, held_out))
    return learn(first, second, space, "speakers")


def numbered(speakers: Sequence[str], names: tuple[str, ...]) -> Indices:
    """Speakers as numbers."""
    return np.array([names.index(one) for one in speakers], np.int64)


def shares(network: Classifier, raw: NDArray[Any]) -> NDArray[np.float64]:
    """How many of the clips are of every speaker, as shares."""
    predicted = network.probabilities(network(raw)).argmax(1)
    return np.bincount(predicted, minlength=len(network.classes)) / len(raw)
