"""The scores of a run on its page: a table with what real samples score, and how they went."""

from __future__ import annotations

from typing import Any

from ptarmigan.evaluation import written
from ptarmigan.media.plain import read_json
from ptarmigan.report.curves import Marks, draw, number, panel
from ptarmigan.report.html import Child, Markup, h, join, table
from ptarmigan.report.record import RunRecord
from ptarmigan.tasks.choice import task_of
from ptarmigan.training.run import Run
from ptarmigan.training.schema import Scores, check
from ptarmigan.training.settings import Settings

HEAD = ("Score", "Generated", "Real", "Better when")


def scores(record: RunRecord, run: Run | None, marks: Marks) -> Markup | None:
    """The section; None where nothing was scored."""
    found = latest(record, run)
    if found is None:
        return None
    entries: dict[str, Any] = found["scores"]
    protocols = {name: str(entry.get("protocol") or "").split("; ") for name, entry in entries.items()}
    shared = [
        part for part in next(iter(protocols.values()), []) if all(part in p for p in protocols.values())
    ]
    others = [*dict.fromkeys(name for entry in entries.values() for name in entry.get("baselines") or {})]
    rows = [
        _row(name, entry, others, [p for p in protocols[name] if p not in shared])
        for name, entry in entries.items()
    ]
    same = found.get("samples") == record.described["settings"].get("score_samples")
    floors = {name: entry.get("floor") for name, entry in entries.items()} if same else {}
    curves = [
        panel(name, number(curve[-1][1]), draw(name, curve, record.step, marks, floors.get(name)))
        for name, curve in record.scores.items()
        if len(curve) > 1
    ]
    count = found.get("samples")
    note = f"Of {count:,} samples" if isinstance(count, int) else "Of samples"
    return join(
        h("h2", "Scores"),
        h(
            "p",
            f"{note} from the EMA weights after step {found['step']:,}. Real: what real samples "
            "score in the same way, which is as good as a generator need be.",
            class_="soft",
        ),
        h("div", table(rows, (*HEAD[:-1], *map(_title, others), HEAD[-1]), class_="scores"), class_="wide"),
        [h("p", words) for words in _beaten(entries, others)],
        h("p", h("small", f"How it was measured: {'; '.join(shared)}."), class_="soft")
        if any(shared)
        else None,
        h("div", curves, class_="panels") if curves else None,
    )


def _row(name: str, entry: dict[str, Any], others: list[str], notes: list[str]) -> tuple[Child, ...]:
    label = join(name, h("small", "; ".join(notes)) if any(notes) else None)
    direction = str(entry.get("direction") or "").removesuffix(" is better")
    beside = [_format((entry.get("baselines") or {}).get(other)) for other in others]
    return label, _format(entry.get("value")), _format(entry.get("floor")), *beside, direction or "–"


def _beaten(entries: dict[str, Any], others: list[str]) -> list[str]:
    """Which trivial generators score better, and where."""
    found = {
        o: [name for name, entry in entries.items() if o in (entry.get("beaten by") or ())] for o in others
    }
    return [f"{_title(other)} scores better: {', '.join(names)}." for other, names in found.items() if names]


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]


def _format(value: object) -> str:
    return number(float(value)) if isinstance(value, int | float) else "–"


def latest(record: RunRecord, run: Run | None) -> dict[str, Any] | None:
    """What scores.json holds, or the last scores of training where these are later; then it holds them."""
    kept = _saved(record)
    logged = {name: curve[-1] for name, curve in record.scores.items() if curve}
    step = max((at for at, _ in logged.values()), default=-1)
    if not logged or (kept is not None and kept["step"] >= step):
        return kept
    values = {name: value for name, (_, value) in logged.items()}
    settings = record.described["settings"]
    if run is None:
        bare = {name: {"value": value} for name, value in values.items()}
        return {"step": step, "samples": settings.get("score_samples"), "scores": bare}
    n = settings.get("score_samples", Settings.score_samples)
    metrics = task_of(run.game, run.samples, seed=run.seed, n=n).metrics
    entries = {m.name: written.entry(m, values[m.name]) for m in metrics if m.name in values}
    said = {"step": step, "samples": n, "seed": run.seed, "scores": entries}
    return written.write_scores(record.folder, said)


def _saved(record: RunRecord) -> dict[str, Any] | None:
    try:
        kept: dict[str, Any] = read_json(record.folder / written.FILE)
        check(Scores, kept, written.FILE)
    except (OSError, ValueError):
        return None
    return kept
