"""What the judge's distances cost in the 2,048 features of an Inception network.

    python benchmarks/judge.py

The Fréchet distance of 10,000 samples from as many, against the way of pytorch-fid, which is ``np.cov`` and
``scipy.linalg.sqrtm`` of the product of the covariances: alternating in one process, medians of five. Once
from the moments, as where those of the real samples are kept, and once from the features.
Precision and recall of 50,000 samples from as many, in a process of its own, memory-mapped: seconds, and the
most memory it held. The features are made up: rectified, correlated, their deviations over two powers of ten.
Aim: the Fréchet distance at least 10 times as fast; precision and recall in less than 2 GiB.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import numpy as np
import tyro
from numpy.typing import NDArray
from record import record
from scipy.linalg import sqrtm

from ptarmigan.metrics.frechet import Moments, frechet
from ptarmigan.metrics.neighbours import precision_recall

T = TypeVar("T")
BLOCK = 1_000
KILOBYTES = 2**20
"""In a GiB."""


def main(
    dimensions: int = 2_048, frechet_of: int = 10_000, neighbours_of: int = 50_000, times: int = 5
) -> None:
    """Measure and record.

    Args:
        dimensions: of the features.
        frechet_of: samples in each set for the Fréchet distance; 0 leaves it out.
        neighbours_of: samples in each set for precision and recall; 0 leaves them out.
        times: repetitions of the Fréchet distance.
    """
    for what, n, measure in (
        ("Fréchet distance", frechet_of, lambda n: frechet_both_ways(n, dimensions, times)),
        ("precision and recall", neighbours_of, lambda n: neighbours_apart(n, dimensions)),
    ):
        if n:
            found = measure(n)
            print(what, found)
            record("judge", found, part=f"{what} of {n:,} samples of {dimensions:,} features")


def frechet_both_ways(n: int, d: int, times: int) -> dict[str, Any]:
    """Seconds of either way, their ratios, and how far apart their results are."""
    sets = [np.concatenate(list(made_up(n, d, seed))) for seed in (0, 1)]
    wide = [x.astype(np.float64) for x in sets]  # pytorch-fid collects them so
    rows = []
    for _ in range(times):
        moments, ours_before = clocked(lambda: [Moments.of(x) for x in sets])
        ours, ours_after = clocked(lambda moments=moments: frechet(*moments))
        statistics, theirs_before = clocked(lambda: [(x.mean(axis=0), np.cov(x, rowvar=False)) for x in wide])
        theirs, theirs_after = clocked(lambda statistics=statistics: by_sqrtm(*statistics))
        rows.append((ours_before, ours_after, theirs_before, theirs_after))
    names = ("moments", "distance", "pytorch-fid moments", "pytorch-fid distance")
    return {
        **{
            f"{name}, s": round(median(row), 3)
            for name, row in zip(names, zip(*rows, strict=True), strict=True)
        },
        "times as fast, from moments": round(median(row[3] / row[1] for row in rows), 2),
        "times as fast, from features": round(
            median((row[2] + row[3]) / (row[0] + row[1]) for row in rows), 2
        ),
        "value": ours,
        "relative difference": abs(ours / theirs - 1),
        "repetitions": times,
    }


def by_sqrtm(a: tuple[NDArray[Any], NDArray[Any]], b: tuple[NDArray[Any], NDArray[Any]]) -> float:
    """The distance between means and covariances as pytorch-fid has it, by a general matrix square root."""
    apart, root = a[0] - b[0], sqrtm(a[1].dot(b[1]))
    if not np.isfinite(root).all():
        more = 1e-6 * np.eye(len(root))
        root = sqrtm((a[1] + more).dot(b[1] + more))
    return float(apart.dot(apart) + np.trace(a[1]) + np.trace(b[1]) - 2 * np.trace(root.real))


def neighbours_apart(n: int, d: int) -> dict[str, Any]:
    """Precision and recall in a process of its own, whose memory is theirs."""
    with tempfile.TemporaryDirectory() as folder:
        for seed in (0, 1):
            out = np.lib.format.open_memmap(Path(folder) / f"{seed}.npy", "w+", np.float32, (n, d))
            for i, block in enumerate(made_up(n, d, seed)):
                out[i * BLOCK : i * BLOCK + len(block)] = block
            out.flush()
        words = [sys.executable, __file__, "--inside", folder]
        said = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(said)
    return found


def inside(folder: Path) -> None:
    """What the process of its own does."""
    real, fake = (np.load(folder / f"{seed}.npy", mmap_mode="r") for seed in (0, 1))
    before = peak()
    (precision, recall), seconds = clocked(lambda: precision_recall(real, fake))
    found = {
        "seconds": round(seconds, 1),
        "most memory, GiB": round(peak(), 3),
        "of it before, GiB": round(before, 3),
        "of it samples, GiB": round((real.nbytes + fake.nbytes) / 2**30, 3),
        "precision": precision.value,
        "recall": recall.value,
    }
    print(json.dumps(found))


def peak() -> float:
    """The most memory this process has held, mapped files included, in GiB."""
    # not from getrusage: that counts what the process before exec held, too
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / KILOBYTES


def clocked(function: Callable[[], T]) -> tuple[T, float]:
    """What a call gives, and how long it takes."""
    then = time.perf_counter()
    return function(), time.perf_counter() - then


def made_up(n: int, d: int, seed: int) -> Iterator[NDArray[np.float32]]:
    """Blocks of rectified mixtures of independent Gaussians, alike for every seed but for their means."""
    mix = np.random.default_rng(d).standard_normal((d, d), np.float32)
    mix *= np.logspace(0, -2, d, dtype=np.float32)[:, None]
    rng = np.random.default_rng(seed)
    for start in range(0, n, BLOCK):
        raw = rng.standard_normal((min(BLOCK, n - start), d), np.float32)
        yield np.maximum(raw @ mix + np.float32(seed), 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        inside(Path(sys.argv[2]))
    else:
        tyro.cli(main)
