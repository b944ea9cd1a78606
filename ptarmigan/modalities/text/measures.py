"""Measures of sentences: BLEU and self-BLEU, perplexities, distinct n-grams, copies."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.permutation import permute
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.measure import Estimates, Measure, Measured, Reference, Scale
from ptarmigan.metrics.measures import FRECHET
from ptarmigan.metrics.view import View
from ptarmigan.modalities.text.bleu import Floats, References, ngrams, self_bleu
from ptarmigan.modalities.text.ngrams import KneserNey, perplexity

Ids: TypeAlias = NDArray[np.int32]

HYPOTHESES, REFERENCES = 500, 10_000
"""Sentences that are scored by BLEU, and those that they are compared with, at most, as Texygen has them."""
ORDERS = (2, 3, 4, 5)
LONGEST = 3
"""Of the n-grams that are counted as distinct."""
TIMES = 100
"""Resamplings for the error of a perplexity."""
PROTOCOL = f"nltk's sentence BLEU, smoothing method 1, of {HYPOTHESES} sentences"


def some(view: View, n: int) -> Ids:
    """``n`` sentences of a view at random, or all where there are fewer."""
    count = len(view)
    return view.set.read(permute(np.arange(min(n, count)), count, "text", "some"))


def by_bleu(reference: Reference) -> Measured:
    """BLEU-2 to BLEU-5 against real sentences."""
    known = References(some(reference.real, REFERENCES))
    return lambda fake: means(reference, known.bleu(some(fake, HYPOTHESES)))


def by_self_bleu(reference: Reference) -> Measured:
    """BLEU-2 to BLEU-5 of every sentence against the others."""
    return lambda fake: means(reference, self_bleu(some(fake, HYPOTHESES)))


def means(reference: Reference, scores: Floats) -> Estimates:
    """The mean of every column."""
    return tuple(reference.mean(column) for column in scores.T)


def reverse_perplexity(tokens: int) -> Measure:
    """A model of the samples, on real sentences: it is surprised by all that the samples lack."""

    def against(reference: Reference) -> Measured:
        real = reference.real.set.raw(REFERENCES)
        return lambda fake: (of_perplexity(reference, KneserNey(fake.set.raw(), tokens), real),)

    scale = Scale("reverse perplexity", "a token", True, "of real sentences, under trigrams of the samples")
    return Measure("reverse-perplexity", (scale,), against, quick=True)


def plain_perplexity(tokens: int) -> Measure:
    """A model of real sentences, on the samples."""

    def against(reference: Reference) -> Measured:
        model = KneserNey(reference.real.set.raw(), tokens)
        return lambda fake: (of_perplexity(reference, model, fake.set.raw()),)

    scale = Scale("perplexity", "a token", True, "of the samples, under trigrams of real sentences")
    return Measure("perplexity", (scale,), against)


def of_perplexity(reference: Reference, model: KneserNey, raw: Ids) -> Estimate:
    """The perplexity of sentences under a model."""
    sums, counts = model.log_probabilities(raw)
    error = reference.error(lambda rows: perplexity(sums[rows], counts[rows]), len(raw), TIMES)
    return Estimate(perplexity(sums, counts), error)


def by_distinct(reference: Reference) -> Measured:
    """Different n-grams, as a share of all of them."""

    def measure(fake: View) -> Estimates:
        found = [keys for _, keys in ngrams(some(fake, HYPOTHESES), LONGEST)]
        return tuple(Estimate(len(np.unique(keys)) / max(1, len(keys)), float("nan")) for keys in found)

    return measure


def copies(train: Ids) -> Measure:
    """Samples that are sentences of training, and those that equal an earlier sample."""
    known = {row.tobytes() for row in train}

    def against(reference: Reference) -> Measured:
        def measure(fake: View) -> Estimates:
            rows = [row.tobytes() for row in fake.set.raw()]
            copied = np.array([row in known for row in rows])
            return reference.mean(copied), Estimate(1 - len(set(rows)) / len(rows), float("nan"))

        return measure

    scales = (
        Scale("copied sentences", "share", True, "equal to one of training"),
        Scale("repeated sentences", "share", True, "equal to an earlier one"),
    )

    def of_real(reference: Reference) -> tuple[float | None, ...]:
        if not reference.has_held_out:
            return None, None
        return tuple(found.value for found in against(reference)(reference.real))

    return Measure("copies", scales, against, of_training=True, real=of_real)


BLEU = Measure("bleu", tuple(Scale(f"BLEU-{n}", "", False, PROTOCOL) for n in ORDERS), by_bleu, quick=True)
SELF_BLEU = Measure(
    "self-bleu",
    tuple(Scale(f"self-BLEU-{n}", "", True, f"{PROTOCOL} against the others") for n in ORDERS),
    by_self_bleu,
    quick=True,
)
DISTINCT = Measure(
    "distinct",
    tuple(
        Scale(f"distinct-{n}", "share", False, f"of {HYPOTHESES} sentences") for n in range(1, LONGEST + 1)
    ),
    by_distinct,
)


def quick_measures(tokens: int) -> tuple[Measure, ...]:
    """Those of training; the first decides which checkpoint is kept, as no collapse improves it.

    Args:
        tokens: how many different ones there are.
    """
    return reverse_perplexity(tokens), BLEU, SELF_BLEU


def measures(train: Ids, tokens: int) -> tuple[Measure, ...]:
    """All of them.

    Args:
        train: the sentences that were learnt from.
        tokens: how many different ones there are.
    """
    others = plain_perplexity(tokens), DISTINCT, copies(train)
    return FRECHET, BLEU, SELF_BLEU, reverse_perplexity(tokens), *others
