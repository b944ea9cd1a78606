"""The doctor as a diagnostician: what it says of runs that are known to be sick, or healthy.

    python benchmarks/doctor.py make
    python benchmarks/doctor.py judge
    python benchmarks/doctor.py rescue

The runs are the rows of ``sick.py``; what is true of them follows from their outcome, by the rules of
``truth.py``, and from what was done to them. Scores are not logged, so the doctor has its vital signs alone.
Thresholds (``ptarmigan/doctor/thresholds.py``) are tuned on one half of the rows; figures are for each half
apart. Aims: the right fault named for 90 % of the sick, a false alarm for 5 % of the healthy at most, a
median delay of 10 % of the run, and 70 % of the sick rescued to within 1.5 times the healthy score.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from statistics import fmean, median
from typing import Any

import outcome
import torch
import truth
import tyro
from record import record
from sick import CASES, HIDDEN, Case
from ward.data import SETS, spoil

from ptarmigan import zoo
from ptarmigan.api import train
from ptarmigan.core.errors import Diverged
from ptarmigan.doctor import Fault, diagnose
from ptarmigan.doctor.history import History, read
from ptarmigan.media.files import write
from ptarmigan.training.options import defaults
from ptarmigan.training.run_folder import treatments

WORK = Path("/tmp/doctor-corpus")
LOOKS = 20
"""Checkpoints of a run, at which its outcome is looked at."""
PROBES = 100
"""Lines of a run's log, and so the vital signs in it: as many as a long run has."""
OUTCOME = "outcome.json"


def make(work: Path = WORK, workers: int = 2) -> None:
    """Play every row that was not played yet.

    Args:
        work: where.
        workers: rows at a time, one thread each.
    """
    os.nice(5)
    spoil(work / "data")
    with Pool(workers, maxtasksperchild=8) as pool:
        for case, words in zip(CASES, pool.imap(partial(play, work=work), CASES), strict=True):
            print(f"{case.name:34} {case.cause:50} {words}", flush=True)


def play(case: Case, work: Path, *, name: str = "", rescue: int = 0) -> str:
    """Play a row and look at its outcome; how it ended."""
    folder = work / (name or case.name)
    if (folder / OUTCOME).exists():
        return str(json.loads((folder / OUTCOME).read_text())["ended"]) or "played"
    shutil.rmtree(folder, ignore_errors=True)
    torch.set_num_threads(1)
    options = options_of(case, work)
    steps = options["steps"]
    more = {"rescue": rescue} if rescue else {}
    ended = ""
    try:
        played = train(
            case.recipe,
            out=folder,
            quiet=True,
            report=False,
            device="cpu",
            precision="fp32",
            log_every=max(1, steps // PROBES),
            sample_every=0,
            score_every=0,
            save_every=max(1, steps // LOOKS),
            keep=LOOKS + 2,
            **options,
            **more,
        )
    except Diverged as diverged:
        ended = str(diverged)
    else:
        if not played.complete:  # what was interrupted says nothing of how it ends
            raise SystemExit(f"{folder}: {played.reason}")
    looks = outcome.series(folder, *SETS.get(case.data, (case.data, "")))
    write(folder / OUTCOME, json.dumps({"ended": ended, "looks": looks}).encode())
    if not rescue:
        for state in folder.glob("state-*"):
            state.unlink()
    return ended or "played"


def options_of(case: Case, work: Path) -> dict[str, Any]:
    """A row's options, all of them, as the recipe has them."""
    known = defaults(zoo.recipe(case.recipe))
    given = {k: float(v) if isinstance(known[k], float) else v for k, v in case.options.items()}
    if case.spoilt:
        given["data"] = str(work / "data" / given["data"])
    return known | given


Row = dict[str, Any]


def judge(
    work: Path = WORK, halves: tuple[str, ...] = ("tune", "report"), keep: bool = True, workers: int = 2
) -> None:
    """Hold what the doctor says of every row against what is true of it.

    Args:
        work: where the rows were played.
        halves: which; while thresholds are being tuned, only the first is looked at.
        keep: record the figures.
        workers: rows at a time.
    """
    cases = [case for case in CASES if case.half in halves]
    with ProcessPoolExecutor(workers) as pool:
        rows = [row for row in pool.map(partial(diagnosed, work=work), cases) if row]
    for half in halves:
        mine = [row for row in rows if row["half"] == half]
        print("\n".join(map(line, mine)))
        told = [row for row in mine if row["ill"] is not None]
        figures = summary(told)
        print(f"\n{half}: {json.dumps(figures, indent=1)}\n{table(told)}\n")
        if keep:
            record("doctor", {**figures, "rows": told}, part=f"diagnosis, {half} half")


def healthy_looks(case: Case, work: Path) -> list[outcome.Look]:
    """The outcome of the healthy run that a row is held against."""
    mine = next(c for c in CASES if c.half == "reference" and c.data == case.data)
    looks: list[outcome.Look] = json.loads((work / mine.name / OUTCOME).read_text())["looks"]
    return looks


def diagnosed(case: Case, work: Path) -> Row | None:
    """What is true of a row, and what the doctor says of it."""
    path = work / case.name / OUTCOME
    if not path.exists():
        return None
    played, healthy = json.loads(path.read_text()), healthy_looks(case, work)
    looks, ended = played["looks"], played["ended"]
    ill = True if ended else truth.ill(looks, healthy)
    names = HIDDEN.get(case.fault, set()) | truth.seen(looks, healthy, ended) if ill else set()
    if case.fault == "underfitting":
        names -= {"mode collapse"}  # what has not begun to be learnt leaves most of the data out
    if (ill and (case.fault == "healthy" or not names)) or (not ill and case.fault in HIDDEN):
        ill = None  # of these nothing can be told for certain
    history = read(work / case.name)
    found = diagnose(history)
    # that a run was too short can be said when it is over, and not before
    began = truth.onset(looks, healthy) if ill and names != {"underfitting"} else None
    noticed = first_named(history, names if ill else set(Fault)) if ill is not None else None
    return {
        "half": case.half,
        "run": case.name,
        "meant": case.fault,
        "cause": case.cause,
        "recipe": Path(case.recipe).stem,
        "options": case.options,
        "ill": ill,
        "times worse": None if ended else round(truth.ratio(looks, healthy), 2),
        "true": sorted(names),
        "said": [finding.fault.value for finding in found],
        "detail": found[0].detail if found else "",
        "steps": history.steps,
        "began": began,
        "noticed": noticed,
        "delay": None if began is None or noticed is None else (noticed - began) / history.steps,
    }


def first_named(history: History, names: set[str]) -> int | None:
    """The first step after which the doctor, who sees no further, names one of these."""
    steps = sorted({step for curve in history.vitals.values() for step, _ in curve})
    for step in (*steps, history.step):
        if names & {finding.fault.value for finding in diagnose(history.until(step))}:
            return step
    return None


def rescue(
    work: Path = WORK, halves: tuple[str, ...] = ("report",), times: int = 3, workers: int = 2
) -> None:
    """Play the sick rows again with --rescue, and see what becomes of them.

    Args:
        work: where the rows were played.
        halves: which.
        times: treatments of a run, at most.
        workers: rows at a time.
    """
    os.nice(5)
    for half in halves:
        cases = [case for case in CASES if case.half == half and sickness(case, work)]
        with Pool(workers, maxtasksperchild=8) as pool:
            rows = []
            for row in pool.imap(partial(rescued, work=work, times=times), cases):
                rows.append(row)
                print(
                    f"{row['run']:34} {row['cause'][:40]:40} {row['before']:6.2f} -> {row['after']:6.2f} "
                    f"{'well' if row['well'] else ''} {row['treated']}",
                    flush=True,
                )
        figures = {
            "sick": len(rows),
            "within 1.5 times the healthy score": share(row["after"] <= truth.WELL for row in rows),
            "healthy by every measure": share(row["well"] for row in rows),
            "the same without those whose samples are at fault": share(
                row["after"] <= truth.WELL for row in rows if row["meant"] not in ("bad data", "memorisation")
            ),
            "treated": share(bool(row["treated"]) for row in rows),
        }
        print(json.dumps(figures, indent=1))
        record("doctor", {"times": times, **figures, "rows": rows}, part=f"rescue, {half} half")


def sickness(case: Case, work: Path) -> bool:
    """Whether a row was played, and fell ill."""
    row = diagnosed(case, work)
    return bool(row and row["ill"])


def rescued(case: Case, work: Path, times: int) -> Row:
    """A sick row, played with treatments: its quality over the healthy run's, before and after."""
    name = f"rescued/{case.name}"
    ended = play(case, work, name=name, rescue=times)
    before, after = (json.loads((work / n / OUTCOME).read_text())["looks"] for n in (case.name, name))
    healthy = healthy_looks(case, work)
    return {
        "run": case.name,
        "meant": case.fault,
        "cause": case.cause,
        "before": round(truth.ratio(before, healthy), 3),
        "after": round(truth.ratio(after, healthy), 3),
        "well": ended == "played" and truth.ill(after, healthy) is False,
        "treated": [treatment["words"] for treatment in treatments(work / name)],
    }


def summary(rows: Sequence[Row]) -> Row:
    """The figures of one half."""
    sick, well = ([row for row in rows if row["ill"] is ill] for ill in (True, False))
    delays = [row["delay"] for row in sick if row["delay"] is not None]
    return {
        "sick": len(sick),
        "healthy": len(well),
        "right fault named": share(bool(set(row["true"]) & set(row["said"])) for row in sick),
        "right fault named first": share(row["said"][:1] and row["said"][0] in row["true"] for row in sick),
        "something named": share(bool(row["said"]) for row in sick),
        "names said of a sick run": round(fmean(len(row["said"]) for row in sick), 2) if sick else 0.0,
        "names true of a sick run": round(fmean(len(row["true"]) for row in sick), 2) if sick else 0.0,
        "false alarms": share(bool(row["said"]) for row in well),
        "median delay": round(median(delays), 3) if delays else None,
        "with a delay": len(delays),
        "named before it began": share(delay < 0 for delay in delays),
        "healthy with an alarm on the way": share(row["noticed"] is not None for row in well),
    }


def share(of: Any) -> float:
    """How many are true."""
    every = [bool(one) for one in of]
    return round(fmean(every), 3) if every else 0.0


def table(rows: Sequence[Row]) -> str:
    """What was meant, against what was said first."""
    counts = Counter((row["meant"], (row["said"] or ["nothing"])[0]) for row in rows)
    said = sorted({name for _, name in counts})
    lines = [f"{'meant / said first':26}" + "".join(f"{name[:14]:>15}" for name in said)]
    for meant in sorted({meant for meant, _ in counts}):
        lines.append(f"{meant:26}" + "".join(f"{counts[meant, name] or '':>15}" for name in said))
    return "\n".join(lines)


def line(row: Row) -> str:
    """A row in words."""
    verdict = "left out"
    if row["ill"]:
        verdict = "right" if set(row["true"]) & set(row["said"]) else "WRONG"
    elif row["ill"] is False:
        verdict = "FALSE ALARM" if row["said"] else "right"
    delay = "" if row["delay"] is None else f" {row['delay']:+.2f}"
    true, said = ", ".join(row["true"]), ", ".join(row["said"])
    return f"{row['half']:6} {row['run']:34} {row['cause'][:40]:40} {verdict:11}{delay:6} {true} | {said}"


if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict({"make": make, "judge": judge, "rescue": rescue})
