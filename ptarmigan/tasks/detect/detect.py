"""Anomaly detection by a trained detector, with two baselines without networks."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptarmigan.media.files import create
from ptarmigan.modalities.vector.space import VectorSpace
from ptarmigan.tasks.detect.files import files, training_files
from ptarmigan.tasks.detect.rows import rows, training_rows
from ptarmigan.tasks.detect.samples import TestSamples, TrainedDetector

Floats = NDArray[np.float64]
EXPLAINED = 0.9
"""The share of the variance that the components of the PCA explain."""
ESCAPED = "backslashreplace"
"""How characters of file names that are not UTF-8 are written."""
OURS = "these samples themselves, as the training data are missing or have changed"


@dataclass(frozen=True, eq=False)
class Verdict:
    """The anomaly scores of one detector.

    Attributes:
        scores: one per sample, ``(n,)``: higher is more anomalous.
        threshold: above which a sample is an anomaly, from the samples that the detector was fitted to.
    """

    scores: Floats
    threshold: float

    @property
    def anomalous(self) -> NDArray[np.bool_]:
        """Which samples are anomalies."""
        return self.scores > self.threshold


@dataclass(frozen=True, eq=False)
class Detection:
    """The anomalies among samples.

    Attributes:
        verdicts: by detector, the run's first.
        test: the samples.
        train: the training samples, to which the baselines were fitted; None where they are missing, and the
            baselines were fitted to the test samples.
    """

    verdicts: dict[str, Verdict]
    test: TestSamples
    train: TestSamples | None

    @property
    def note(self) -> str:
        """The samples that the baselines were fitted to."""
        return "the training data" if self.train else OURS

    def table(self) -> list[list[str]]:
        """The number of anomalies by each detector, and its AUROC where labels are known, after a header.

        Without labels it has the overlap: how many of the run's anomalies are among as many with the highest
        scores of the other detector.
        """
        first, truth = next(iter(self.verdicts.values())), self.test.truth
        rows = [["detector", "abnormal", "of the run's" if truth is None else "AUROC"]]
        for name, verdict in self.verdicts.items():
            found = int(verdict.anomalous.sum())
            if truth is None:
                n = int(first.anomalous.sum())
                most = np.argsort(-verdict.scores, kind="stable")[:n]
                last = f"{int(first.anomalous[most].sum()):,} of {n:,}"
            else:
                last = f"{area(truth, verdict.scores):.3f}"
            rows.append([name, f"{found:,} of {len(verdict.scores):,}", last])
        return rows

    def write(self, out: Path) -> None:
        """Write a line for each sample: its number or file, the run's score and verdict, baselines' scores.

        Raises:
            ValueError: something is at ``out``, or it is not a .csv.
        """
        if out.suffix != ".csv":
            raise ValueError(f"{out}: scores are written to a .csv")
        first, *others = self.verdicts.values()
        with create(out) as draft, open(draft, "w", newline="", encoding="utf-8", errors=ESCAPED) as file:
            lines = csv.writer(file)
            lines.writerow([self.test.kind, "score", "abnormal", *list(self.verdicts)[1:]])
            for i, (score, anomalous) in enumerate(zip(first.scores, first.anomalous, strict=True)):
                rest = (f"{other.scores[i]:.9g}" for other in others)
                lines.writerow([self.test.name(i), f"{score:.9g}", int(anomalous), *rest])


def detect(detector: TrainedDetector, data: str, contamination: float) -> Detection:
    """Score samples with a trained detector, and with baselines that are fitted here.

    Args:
        detector: the detector.
        data: of rows, a .csv, .npy or .npz file; labels ``y`` in the last mark anomalies (not 0). Of images,
            a source as for training; where one folder is named good or normal, images in the others are
            anomalies.
        contamination: the fraction of the training samples above the threshold.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it does not hold samples like those of the run, the run detects nothing, or the
            contamination is no fraction.
    """
    level = detector.threshold(contamination)  # errors come before any data is read
    if isinstance(detector.space, VectorSpace):
        test, train = rows(detector, data), training_rows(detector)
    else:
        test, train = files(detector, data), training_files(detector)
    name = str(detector.description["recipe"]).rpartition(".")[2]
    mine = Verdict(test.each(detector.anomaly_scores), level)
    others = fit_baselines((train or test).vectors, test.vectors, contamination)
    return Detection({name: mine, **others}, test, train)


def fit_baselines(normal: Floats, vectors: Floats, contamination: float) -> dict[str, Verdict]:
    """Fit an isolation forest and a PCA to normal vectors, and score others by both."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import IsolationForest
    from sklearn.preprocessing import StandardScaler

    forest = IsolationForest(random_state=0).fit(normal)
    scaler = StandardScaler().fit(normal)
    pca = PCA(EXPLAINED if min(normal.shape) > 1 else None, svd_solver="full").fit(scaler.transform(normal))

    def lost(raw: Floats) -> Floats:
        x = scaler.transform(raw)
        gone: Floats = np.square(x - pca.inverse_transform(pca.transform(x))).sum(1)
        return gone

    scorers: dict[str, Callable[[Floats], Floats]] = {
        "isolation forest": lambda raw: -forest.score_samples(raw),
        "PCA": lost,
    }
    return {
        name: Verdict(score(vectors), float(np.quantile(score(normal), 1 - contamination)))
        for name, score in scorers.items()
    }


def area(truth: NDArray[np.bool_], scores: Floats) -> float:
    """The area under the ROC curve: the probability that an anomaly scores above a normal sample."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, scores)) if 0 < truth.sum() < len(truth) else float("nan")
