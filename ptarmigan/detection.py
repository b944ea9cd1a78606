"""What is abnormal in a file of rows: by a trained detector, beside two that need no network."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.numbers import Numbers
from ptarmigan.data.vectors import NAME, read_vectors, vectors
from ptarmigan.export import fresh
from ptarmigan.spaces import VectorSpace
from ptarmigan.trained import Trained

Floats = NDArray[np.float64]
KEPT = 0.9
"""Of the variance, by the components of the PCA."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What one detector says of every row.

    Attributes:
        scores: how abnormal each is, ``(n,)``.
        threshold: above which a row is abnormal, from the rows that the detector was fitted to.
    """

    scores: Floats
    threshold: float

    @property
    def abnormal(self) -> NDArray[np.bool_]:
        """Which rows are."""
        return self.scores > self.threshold


@dataclass(frozen=True, eq=False)
class Detection:
    """What is found in rows.

    Attributes:
        verdicts: by detector, the run's first.
        truth: which rows are abnormal, where that is known.
        note: what the other detectors were fitted to.
    """

    verdicts: dict[str, Verdict]
    truth: NDArray[np.bool_] | None
    note: str

    def table(self) -> list[list[str]]:
        """For each detector how many rows it finds, and how well where that is known; names of columns first.

        Without the truth it says how many of the rows that the run finds are among as many that the other
        detector finds the most abnormal.
        """
        first = next(iter(self.verdicts.values()))
        rows = [["detector", "abnormal", "of the run's" if self.truth is None else "AUROC"]]
        for name, verdict in self.verdicts.items():
            found = int(verdict.abnormal.sum())
            if self.truth is None:
                n = int(first.abnormal.sum())
                most = np.argsort(-verdict.scores, kind="stable")[:n]
                last = f"{int(first.abnormal[most].sum()):,} of {n:,}"
            else:
                last = f"{area(self.truth, verdict.scores):.3f}"
            rows.append([name, f"{found:,} of {len(verdict.scores):,}", last])
        return rows

    def write(self, out: Path) -> None:
        """Write a line for each row: its number from 0, the run's score and verdict, the others' scores.

        Raises:
            ValueError: something is at ``out``, or it is no .csv.
        """
        if out.suffix != ".csv":
            raise ValueError(f"{out}: scores are written to a .csv")
        first, *others = self.verdicts.values()
        with fresh(out) as draft, open(draft, "w", newline="", encoding="utf-8") as file:
            lines = csv.writer(file)
            lines.writerow(["row", "score", "abnormal", *list(self.verdicts)[1:]])
            for i, (score, abnormal) in enumerate(zip(first.scores, first.abnormal, strict=True)):
                rest = (f"{other.scores[i]:.9g}" for other in others)
                lines.writerow([i, f"{score:.9g}", int(abnormal), *rest])


def detect(trained: Trained, data: str, contamination: float) -> Detection:
    """Score the rows of a file with a trained detector, and with others that are fitted here.

    Args:
        trained: the detector.
        data: a .csv, .npy or .npz file; labels ``y`` in the last say which rows are abnormal (not 0).
        contamination: the fraction of the rows that a detector was fitted to that it calls abnormal.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it does not hold rows like those of the run, or the run is no detector of rows.
    """
    space = trained.space
    if not isinstance(space, VectorSpace):
        raise ValueError("this run is not of rows of numbers: 'ptarmigan detect' scores such")
    given = read_vectors(data)
    same_columns(space, given, data)
    name = str(trained.description["recipe"]).rpartition(".")[2]
    mine = Verdict(trained.abnormality(given.rows), trained.threshold(contamination))
    normal = normal_rows(trained)
    note = (
        "what the run was trained on" if normal is not None else f"{data} itself: the run's rows are not here"
    )
    others = rivals(space, given.rows if normal is None else normal, given.rows, contamination)
    truth = None if given.labels is None else np.asarray(given.labels != 0)
    return Detection({name: mine, **others}, truth, note)


def same_columns(space: VectorSpace, given: Numbers, where: str) -> None:
    """The rows have the columns that the run has, in its order.

    Raises:
        ValueError: they have not.
    """
    if len(given.rows[0]) != space.shape[0]:
        raise ValueError(f"{where} has {len(given.rows[0])} columns, and the run is of {space.shape[0]}")
    if given.columns and space.columns and given.columns != space.columns:
        pairs = zip(space.columns, given.columns, strict=True)
        i, (mine, other) = next((i, pair) for i, pair in enumerate(pairs) if pair[0] != pair[1])
        raise ValueError(f"{where}: column {i + 1} is {other!r}, and the run's is {mine!r}")


def normal_rows(trained: Trained) -> Floats | None:
    """The rows that a run was trained on, where they are still as they were; else None."""
    data = str(trained.description["options"]["data"])
    if data != NAME and not Path(data).is_file():
        return None
    try:
        samples = vectors(data, batch=1)
    except ValueError:
        return None
    if samples.space != trained.space:
        return None
    rows: Floats = samples.source.read(np.arange(len(samples)))
    return rows


def rivals(space: VectorSpace, normal: Floats, rows: Floats, contamination: float) -> dict[str, Verdict]:
    """What an isolation forest and a PCA's reconstruction, fitted to normal rows, say of others."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(random_state=0).fit(normal)
    pca = PCA(KEPT if min(normal.shape) > 1 else None, svd_solver="full").fit(space.encode(normal).numpy())

    def lost(raw: Floats) -> Any:
        x = space.encode(raw).numpy()
        return np.square(x - pca.inverse_transform(pca.transform(x))).sum(1)

    asked = {"isolation forest": lambda raw: -forest.score_samples(raw), "PCA": lost}
    return {
        name: Verdict(score(rows), float(np.quantile(score(normal), 1 - contamination)))
        for name, score in asked.items()
    }


def area(truth: NDArray[np.bool_], scores: Floats) -> float:
    """The area under the ROC curve: how likely an abnormal row scores above a normal one."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, scores)) if 0 < truth.sum() < len(truth) else float("nan")
