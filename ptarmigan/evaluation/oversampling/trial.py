"""Comparison of methods for a rare class, on repeated splits of real samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ptarmigan.core.noise import key
from ptarmigan.estimators.oversampler import GANOverSampler
from ptarmigan.evaluation.written import finite
from ptarmigan.modalities.labelled import Codes, DownstreamClassifier, Floats, Method, taken

GAN = "GAN"
TEST = 0.3
"""The share of the samples in the test set."""
LEVEL = 0.95
PRECISION = "average precision"
MEASURES = ("F1", PRECISION, "recall")


@dataclass(frozen=True)
class Trial:
    """How well a rare class is classified.

    Attributes:
        rare: its name.
        share: its share of the samples.
        ratio: test samples over training samples.
        figures: by method and measure, one for every split.
    """

    rare: str
    share: float
    ratio: float
    figures: dict[str, dict[str, list[float]]]

    @property
    def splits(self) -> int:
        """The number of splits."""
        return len(self.figures[GAN][PRECISION])

    def interval(self, values: Sequence[float]) -> tuple[float, float]:
        """The mean, and half of its 95 % confidence interval; NaN for a single split.

        Splits share samples, so the variance of the mean is larger than theirs over their number: Nadeau and
        Bengio 2003, "Inference for the generalization error".
        """
        from scipy.stats import t

        n, mean = len(values), float(np.mean(values))
        if n < 2:
            return mean, float("nan")
        spread = float(np.std(values, ddof=1)) * (1 / n + self.ratio) ** 0.5
        return mean, float(t.ppf(0.5 + LEVEL / 2, n - 1)) * spread

    def gains(self, measure: str = PRECISION) -> dict[str, tuple[float, float]]:
        """The GAN's gain over every other method, paired by split: mean and half interval."""
        mine = np.array(self.figures[GAN][measure])
        others = {name: found[measure] for name, found in self.figures.items() if name != GAN}
        return {name: self.interval(list(mine - np.array(values))) for name, values in others.items()}

    def table(self) -> list[list[str]]:
        """A row for each method, after a header; the last column is the GAN's gain over it."""
        gains = self.gains()
        rows = [["", *MEASURES, f"{GAN}'s gain in {PRECISION}"]]
        for name, found in self.figures.items():
            cells = [format_interval(self.interval(found[measure])) for measure in MEASURES]
            rows.append([name, *cells, format_interval(gains[name], sign=True) if name in gains else ""])
        return rows

    def verdict(self) -> str:
        """The result in one sentence."""
        kinds: dict[str, list[str]] = {
            "better than": [],
            "worse than": [],
            "not significantly different from": [],
        }
        for name, (gain, half) in self.gains().items():
            known = abs(gain) > half
            kinds[
                "not significantly different from"
                if not known
                else "better than"
                if gain > 0
                else "worse than"
            ].append(name)
        return f"By {PRECISION} the GAN is " + "; ".join(f"{k} {', '.join(v)}" for k, v in kinds.items() if v)

    def plain(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        methods = {
            name: {measure: self._plain(values) for measure, values in found.items()}
            for name, found in self.figures.items()
        }
        gains = {name: {"mean": mean, "half": finite(half)} for name, (mean, half) in self.gains().items()}
        return {
            "class": self.rare,
            "share": self.share,
            "splits": self.splits,
            "protocol": f"{TEST:.0%} of real samples asked about, others learnt from; {LEVEL:.0%} intervals",
            "methods": methods,
            "gains": gains,
            "verdict": self.verdict(),
        }

    def _plain(self, values: list[float]) -> dict[str, Any]:
        mean, half = self.interval(values)
        return {"mean": mean, "half": finite(half), "values": values}


def run_trial(
    classifier: DownstreamClassifier,
    sampler: GANOverSampler,
    x: Any,
    c: Codes,
    names: Sequence[str],
    rare: int,
    *,
    splits: int = 5,
    seed: int = 0,
    say: Callable[[str], None] = lambda words: None,
) -> Trial:
    """Compare all methods on the same splits; only training samples are resampled.

    Args:
        classifier: is trained and tested.
        sampler: oversamples with the GAN.
        x: real samples.
        c: the numbers of their classes.
        names: of the classes.
        rare: the class that is measured.
        splits: the number of splits.
        seed: the random seed.
        say: is called with a line on what is being done.

    Raises:
        ValueError: a class has too few samples to be split.
    """
    from sklearn.model_selection import StratifiedShuffleSplit

    if np.bincount(c).min() < 2:
        few = names[int(np.bincount(c).argmin())]
        raise ValueError(f"the class {few!r} has a single sample: it cannot be split")
    figures: dict[str, dict[str, list[float]]] = {}
    ratio = TEST / (1 - TEST)
    splitter = StratifiedShuffleSplit(splits, test_size=TEST, random_state=key(seed, "splits") % 2**32)
    for split, (train, test) in enumerate(splitter.split(c[:, None], c)):
        for name, method in methods(classifier, sampler, seed + split).items():
            say(f"split {split + 1} of {splits}: {name}")
            said = predict(
                classifier, method, taken(x, train), c[train], taken(x, test), len(names), seed + split
            )
            for measure, value in class_scores(c[test] == rare, said, rare).items():
                figures.setdefault(name, {}).setdefault(measure, []).append(value)
    return Trial(names[rare], float((c == rare).mean()), ratio, figures)


def methods(classifier: DownstreamClassifier, sampler: GANOverSampler, seed: int) -> dict[str, Method]:
    """The methods by name; the GAN is the last."""
    made = Method(clone(sampler).set_params(random_state=seed).fit_resample)
    return {**classifier.methods(seed), GAN: made}


def predict(
    classifier: DownstreamClassifier,
    method: Method,
    x: Any,
    c: Codes,
    test: Any,
    classes: int,
    seed: int,
) -> Floats:
    """Train a classifier on ``x`` by a method; the class probabilities of the test samples."""
    if method.resample is not None:
        x, c = method.resample(x, c)
    model = classifier.fit(x, c, classes, weighted=method.weighted, jittered=method.jittered, seed=seed)
    return model(test)


def class_scores(
    truth: NDArray[np.bool_], said: Floats, rare: int, weight: Floats | None = None
) -> dict[str, float]:
    """F1, average precision (the area under the precision-recall curve) and recall of one class.

    Args:
        truth: which samples are of it.
        said: the predicted class probabilities.
        rare: its number.
        weight: of every sample; equal when None.
    """
    from sklearn.metrics import average_precision_score, f1_score, recall_score

    called = said.argmax(1) == rare
    return {
        "F1": float(f1_score(truth, called, sample_weight=weight, zero_division=0)),
        PRECISION: float(average_precision_score(truth, said[:, rare], sample_weight=weight)),
        "recall": float(recall_score(truth, called, sample_weight=weight)),
    }


def format_interval(interval: tuple[float, float], sign: bool = False) -> str:
    """A mean with its half interval, as text."""
    mean, half = interval
    words = f"{mean:+.3f}" if sign else f"{mean:.3f}"
    return words if np.isnan(half) else f"{words} ± {half:.3f}"
