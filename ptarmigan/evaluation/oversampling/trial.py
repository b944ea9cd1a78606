"""Does it help? Ways to deal with a rare class, on repeated splits of real samples."""

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
"""Of the samples, to be asked about."""
LEVEL = 0.95
PRECISION = "average precision"
MEASURES = ("F1", PRECISION, "recall")


@dataclass(frozen=True)
class Trial:
    """How well a rare class was found.

    Attributes:
        rare: its name.
        share: how much of the samples it is.
        ratio: samples asked about for each that was learnt from.
        figures: by method and measure, one of every split.
    """

    rare: str
    share: float
    ratio: float
    figures: dict[str, dict[str, list[float]]]

    @property
    def splits(self) -> int:
        """How many there were."""
        return len(self.figures[GAN][PRECISION])

    def interval(self, values: Sequence[float]) -> tuple[float, float]:
        """Mean, and half of what holds the mean with a chance of 95 %; NaN of a single split.

        Splits share samples, so the variance is larger than theirs divided by how many they are: Nadeau and
        Bengio 2003, "Inference for the generalization error".
        """
        from scipy.stats import t

        n, mean = len(values), float(np.mean(values))
        if n < 2:
            return mean, float("nan")
        spread = float(np.std(values, ddof=1)) * (1 / n + self.ratio) ** 0.5
        return mean, float(t.ppf(0.5 + LEVEL / 2, n - 1)) * spread

    def gains(self, measure: str = PRECISION) -> dict[str, tuple[float, float]]:
        """How much better the GAN is than every other method, split by split: mean and half interval."""
        mine = np.array(self.figures[GAN][measure])
        others = {name: found[measure] for name, found in self.figures.items() if name != GAN}
        return {name: self.interval(list(mine - np.array(values))) for name, values in others.items()}

    def table(self) -> list[list[str]]:
        """A line for each method, names of columns first; the last is what the GAN gains over it."""
        gains = self.gains()
        rows = [["", *MEASURES, f"{GAN}'s gain in {PRECISION}"]]
        for name, found in self.figures.items():
            cells = [shown(self.interval(found[measure])) for measure in MEASURES]
            rows.append([name, *cells, shown(gains[name], sign=True) if name in gains else ""])
        return rows

    def verdict(self) -> str:
        """What can be said of it, in a sentence."""
        kinds: dict[str, list[str]] = {"better than": [], "worse than": [], "not to be told from": []}
        for name, (gain, half) in self.gains().items():
            known = abs(gain) > half
            kinds["not to be told from" if not known else "better than" if gain > 0 else "worse than"].append(
                name
            )
        return f"By {PRECISION} the GAN is " + "; ".join(f"{k} {', '.join(v)}" for k, v in kinds.items() if v)

    def plain(self) -> dict[str, Any]:
        """All of it as plain data, for JSON."""
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


def tried(
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
    """Every method on the same splits; what is asked about is never resampled, only what is learnt from.

    Args:
        classifier: what learns and is asked.
        sampler: makes samples.
        x: real samples.
        c: the numbers of their classes.
        names: of the classes.
        rare: the class that counts.
        splits: how many.
        seed: the random seed.
        say: is told what is done.

    Raises:
        ValueError: a class has too few samples to be split.
    """
    from sklearn.model_selection import StratifiedShuffleSplit

    if np.bincount(c).min() < 2:
        few = names[int(np.bincount(c).argmin())]
        raise ValueError(f"the class {few!r} has a single sample: it cannot be learnt from and asked about")
    figures: dict[str, dict[str, list[float]]] = {}
    ratio = TEST / (1 - TEST)
    splitter = StratifiedShuffleSplit(splits, test_size=TEST, random_state=key(seed, "splits") % 2**32)
    for split, (train, test) in enumerate(splitter.split(c[:, None], c)):
        for name, method in methods(classifier, sampler, seed + split).items():
            say(f"split {split + 1} of {splits}: {name}")
            said = asked(
                classifier, method, taken(x, train), c[train], taken(x, test), len(names), seed + split
            )
            for measure, value in measured(c[test] == rare, said, rare).items():
                figures.setdefault(name, {}).setdefault(measure, []).append(value)
    return Trial(names[rare], float((c == rare).mean()), ratio, figures)


def methods(classifier: DownstreamClassifier, sampler: GANOverSampler, seed: int) -> dict[str, Method]:
    """What is compared, by name; the GAN is the last."""
    made = Method(clone(sampler).set_params(random_state=seed).fit_resample)
    return {**classifier.methods(seed), GAN: made}


def asked(
    classifier: DownstreamClassifier,
    method: Method,
    x: Any,
    c: Codes,
    test: Any,
    classes: int,
    seed: int,
) -> Floats:
    """What a classifier says that learnt from ``x`` by a method: ``(n, classes)`` of the test samples."""
    if method.resample is not None:
        x, c = method.resample(x, c)
    model = classifier.fit(x, c, classes, weighted=method.weighted, jittered=method.jittered, seed=seed)
    return model(test)


def measured(
    truth: NDArray[np.bool_], said: Floats, rare: int, weight: Floats | None = None
) -> dict[str, float]:
    """F1, average precision (the area under precision and recall) and recall of one class.

    Args:
        truth: which samples are of it.
        said: the probability of every class.
        rare: its number.
        weight: of every sample; alike when None.
    """
    from sklearn.metrics import average_precision_score, f1_score, recall_score

    called = said.argmax(1) == rare
    return {
        "F1": float(f1_score(truth, called, sample_weight=weight, zero_division=0)),
        PRECISION: float(average_precision_score(truth, said[:, rare], sample_weight=weight)),
        "recall": float(recall_score(truth, called, sample_weight=weight)),
    }


def shown(interval: tuple[float, float], sign: bool = False) -> str:
    """A mean and what it may be off by."""
    mean, half = interval
    words = f"{mean:+.3f}" if sign else f"{mean:.3f}"
    return words if np.isnan(half) else f"{words} ± {half:.3f}"
