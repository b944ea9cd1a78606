"""Anomalies among samples: by a trained detector, beside two that need no network."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptarmigan.media.files import create
from ptarmigan.modalities.vector.space import VectorSpace
from ptarmigan.tasks.detect.files import files, files_learnt
from ptarmigan.tasks.detect.rows import rows, rows_learnt
from ptarmigan.tasks.detect.samples import Asked, TrainedDetector

Floats = NDArray[np.float64]
KEPT = 0.9
"""Of the variance, by the components of the PCA."""
ESCAPED = "backslashreplace"
"""What becomes of a file's name that is no UTF-8."""
OURS = "these themselves: what the run learnt from is not here"


@dataclass(frozen=True, eq=False)
class Verdict:
    """The anomaly scores of one detector.

    Attributes:
        scores: one a sample, ``(n,)``: higher is more anomalous.
        threshold: above which one is abnormal, from the samples that the detector was fitted to.
    """

    scores: Floats
    threshold: float

    @property
    def abnormal(self) -> NDArray[np.bool_]:
        """Which samples are."""
        return self.scores > self.threshold


@dataclass(frozen=True, eq=False)
class Detection:
    """What is found among samples.

    Attributes:
        verdicts: by detector, the run's first.
        asked: the samples.
        learnt: what the run learnt from, to which the other detectors were fitted; None where it is not
            here, and they were fitted to what is asked about.
    """

    verdicts: dict[str, Verdict]
    asked: Asked
    learnt: Asked | None

    @property
    def note(self) -> str:
        """What the other detectors were fitted to."""
        return "what the run was trained on" if self.learnt else OURS

    def table(self) -> list[list[str]]:
        """For each detector how many it finds, and how well where that is known; names of columns first.

        Without the truth it says how many of those that the run finds are among as many that the other
        detector finds the most abnormal.
        """
        first, truth = next(iter(self.verdicts.values())), self.asked.truth
        rows = [["detector", "abnormal", "of the run's" if truth is None else "AUROC"]]
        for name, verdict in self.verdicts.items():
            found = int(verdict.abnormal.sum())
            if truth is None:
                n = int(first.abnormal.sum())
                most = np.argsort(-verdict.scores, kind="stable")[:n]
                last = f"{int(first.abnormal[most].sum()):,} of {n:,}"
            else:
                last = f"{area(truth, verdict.scores):.3f}"
            rows.append([name, f"{found:,} of {len(verdict.scores):,}", last])
        return rows

    def write(self, out: Path) -> None:
        """Write a line for each: its number from 0 or its file, the run's score and verdict, others' scores.

        Raises:
            ValueError: something is at ``out``, or it is no .csv.
        """
        if out.suffix != ".csv":
            raise ValueError(f"{out}: scores are written to a .csv")
        first, *others = self.verdicts.values()
        with create(out) as draft, open(draft, "w", newline="", encoding="utf-8", errors=ESCAPED) as file:
            lines = csv.writer(file)
            lines.writerow([self.asked.kind, "score", "abnormal", *list(self.verdicts)[1:]])
            for i, (score, abnormal) in enumerate(zip(first.scores, first.abnormal, strict=True)):
                rest = (f"{other.scores[i]:.9g}" for other in others)
                lines.writerow([self.asked.name(i), f"{score:.9g}", int(abnormal), *rest])


def detect(detector: TrainedDetector, data: str, contamination: float) -> Detection:
    """Score samples with a trained detector, and with others that are fitted here.

    Args:
        detector: the detector.
        data: of rows, a .csv, .npy or .npz file; labels ``y`` in the last say which rows are abnormal (not
            0). Of images, what training takes as such; where one folder is called good or normal, what is in
            the others is abnormal.
        contamination: the fraction of what a detector was fitted to that it calls abnormal.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it does not hold samples like those of the run, the run detects nothing, or the
            contamination is no fraction.
    """
    level = detector.threshold(contamination)  # refused before any data is read
    if isinstance(detector.space, VectorSpace):
        asked, learnt = rows(detector, data), rows_learnt(detector)
    else:
        asked, learnt = files(detector, data), files_learnt(detector)
    name = str(detector.description["recipe"]).rpartition(".")[2]
    mine = Verdict(asked.each(detector.anomaly_scores), level)
    others = rivals((learnt or asked).vectors, asked.vectors, contamination)
    return Detection({name: mine, **others}, asked, learnt)


def rivals(normal: Floats, vectors: Floats, contamination: float) -> dict[str, Verdict]:
    """What an isolation forest and a PCA's reconstruction, fitted to normal vectors, say of others."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import IsolationForest
    from sklearn.preprocessing import StandardScaler

    forest = IsolationForest(random_state=0).fit(normal)
    scaler = StandardScaler().fit(normal)
    pca = PCA(KEPT if min(normal.shape) > 1 else None, svd_solver="full").fit(scaler.transform(normal))

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
    """The area under the ROC curve: how likely an abnormal row scores above a normal one."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, scores)) if 0 < truth.sum() < len(truth) else float("nan")
