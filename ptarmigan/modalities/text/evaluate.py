"""How good sentences are, beside n-gram samplers, shuffled words, one sentence repeated, and real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.noise import key
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import ArraySource, Samples, Source
from ptarmigan.metrics.evaluator import Evaluator, count_of
from ptarmigan.metrics.features import EmbeddedFeatures, Features, choose_features
from ptarmigan.metrics.measure import Measure, choose
from ptarmigan.metrics.measures import FRECHET
from ptarmigan.metrics.panel import Evaluation
from ptarmigan.metrics.quick import QuickPanel
from ptarmigan.metrics.request import Request
from ptarmigan.metrics.thorough import Baselines, ThoroughPanel
from ptarmigan.metrics.view import Set, View
from ptarmigan.modalities.text.features import LanguageFeatures, thirds
from ptarmigan.modalities.text.files import Corpus, read
from ptarmigan.modalities.text.grammar import NAMES
from ptarmigan.modalities.text.measures import measures, quick_measures
from ptarmigan.modalities.text.ngrams import Sampler
from ptarmigan.modalities.text.source import Text, named, sibling, source_of
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.vocabulary import Ids, lengths

BESIDE = "samplers that count n-grams, shuffled words, one sentence repeated, sentences of training"
TRAINING = "training sentences"
LONGEST = 1_024
"""Tokens of a sentence that are scored."""


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """The evaluator of sentences, without the questions that they answer.

    Raises:
        ValueError: features or a measure are unknown, or ``n`` is not positive.
    """
    space = samples.space
    assert isinstance(space, TextSpace)
    n, train = count_of(samples, request), sentences(samples.source, space)
    held_out = None if samples.held_out is samples.source else sentences(samples.held_out, space)
    if (other := request.options.get("held_out")) is not None:
        held_out = source_of(replace(corpus_of(other, {}), labels=[], questions=[]), plain(space))

    def quick() -> tuple[QuickPanel]:
        known = Samples(train, plain(space), batch=1, held_out=held_out)
        return (Scored(EmbeddedFeatures(plain(space)), known, quick_measures(space.tokens), n, space),)

    found = evaluator_of(plain(space), train, held_out, replace(request, n=n))
    return replace(
        found,
        thorough=lambda source: found.thorough(sentences(source, space)),
        quick_panels=quick,
        between=("BLEU-3", "self-BLEU-3"),
    )


def between(
    real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """The evaluator of sentences beside real ones, in a vocabulary of both, and those to score.

    Args:
        real: what ``Text`` takes as data.
        fake: the same.
        request: what is asked.
        options: of ``Text``.
    """
    known, others = corpus_of(real, options), corpus_of(fake, options)
    held_out = request.options.get("held_out") or sibling(real) or None
    third = known.held_out if held_out is None else corpus_of(held_out, options)
    several = [known, others, *([] if third is None else [third])]
    texts = Corpus([text for corpus in several for text in corpus.texts])
    space = Text(known.texts, least=1, longest=LONGEST).space(texts)
    train, made, *rest = (source_of(Corpus(corpus.texts), space) for corpus in several)
    n = request.count(len(made))
    chosen = np.sort(permute(np.arange(n), len(made), "text", "scored"))
    return (
        evaluator_of(space, train, rest[0] if rest else None, replace(request, n=n)),
        made.read(chosen),
    )


def evaluator_of(
    space: TextSpace, train: ArraySource, held_out: Source | None, request: Request
) -> Evaluator:
    """The evaluator of sentences beside those of training, and others where some are held out."""
    wanted, n = choose(measures(train.raw, space.tokens), request.metrics, "text"), request.n or 0
    learnt, rest = (train.raw[rows] for rows in thirds(len(train)))

    @cache
    def features() -> Features:
        own: Features = EmbeddedFeatures(space)
        if FRECHET in wanted:
            request.notify("a language model of a third of the real sentences")
            own = LanguageFeatures(space, learnt, rest)
        return choose_features(request.features, own, request.weights)

    @cache
    def panel() -> ThoroughPanel:
        source = ArraySource(rest)
        return ThoroughPanel(
            features(),
            source,
            source if held_out is None else held_out,
            wanted,
            n,
            what=space.words,
            baselines=BASELINES,
            # without others held out, all of them have learnt what they are held against
            bounds=tuple(BASELINES) if held_out is None else (TRAINING,),
            baseline_names=BESIDE,
            notify=request.notify,
        )

    def thorough(source: Source) -> Evaluation:
        return panel().evaluate(source)

    return Evaluator(n, wanted, thorough, tuple)


class Scored(QuickPanel):
    """The measures of training, of sentences without the questions that they answer."""

    def __init__(
        self, features: Features, samples: Samples, measures: tuple[Measure, ...], n: int, space: TextSpace
    ) -> None:
        self.space = space
        super().__init__(features, samples, measures, n)

    def view(self, source: Source) -> View:
        """Sentences in the order in which they come."""
        return super().view(sentences(source, self.space))


def sentences(source: Source, space: TextSpace) -> ArraySource:
    """Raw sentences in memory, without the questions that they answer."""
    return ArraySource(space.scored(source.read(np.arange(len(source)))))


def plain(space: TextSpace) -> TextSpace:
    """The space of sentences without questions and classes."""
    return replace(space, question=0, classes=())


def corpus_of(data: Any, options: Mapping[str, Any]) -> Corpus:
    """The sentences of a source.

    Raises:
        ValueError: there is none.
    """
    if isinstance(data, str) and data in NAMES:
        return Text(data).read()
    names = ("column", "label", "question")
    found = read(data, **{name: value for name, value in options.items() if name in names})
    if not len(found):
        raise ValueError(f"{named(data)} holds no sentence: all lines are empty")
    return found


def sampled(order: int) -> Any:
    """A baseline that counts n-grams."""

    def draw(train: Set, n: int) -> Ids:
        return Sampler(train.raw(), order).draw(n, np.random.default_rng(key("text", "sampler", order)))

    return draw


def shuffled(train: Set, n: int) -> Ids:
    """Real sentences, each with its tokens in an order of chance."""
    raw = real_ones(train, n)
    order = np.random.default_rng(key("text", "shuffled")).random(raw.shape)
    order[np.arange(raw.shape[1]) >= lengths(raw)[:, None]] = 2  # the end and padding stay where they are
    found: Ids = np.take_along_axis(raw, np.argsort(order, 1, kind="stable"), 1)
    return found


def one_sentence(train: Set, n: int) -> Ids:
    """One sentence again and again."""
    return train.raw(1).repeat(n, 0)


def real_ones(train: Set, n: int) -> Ids:
    """Real sentences, from the first again where there are not enough."""
    return train.read(np.arange(n) % len(train))


BASELINES: Baselines = {
    "3-gram sampler": sampled(3),
    "4-gram sampler": sampled(4),
    "shuffled words": shuffled,
    "one sentence": one_sentence,
    TRAINING: real_ones,
}
