"""Export a run: graphs that were held against torch, and how they are used and how good they are."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import torch

from ptarmigan import zoo
from ptarmigan.core.errors import UsageError
from ptarmigan.doctor import treatment
from ptarmigan.evaluation import written
from ptarmigan.exports import triton
from ptarmigan.exports.card import card
from ptarmigan.exports.functions import functions, takes_conditions
from ptarmigan.exports.graph import Captured, capture, case
from ptarmigan.exports.onnx import OPSET, Session, check_installed, to_onnx
from ptarmigan.exports.score import Exported, compare_scores
from ptarmigan.exports.verify import Compute, Verified, verify
from ptarmigan.media.files import check_vacant, create
from ptarmigan.media.plain import read_json
from ptarmigan.media.progress import status
from ptarmigan.modalities.registry import modality_of
from ptarmigan.trained import Trained
from ptarmigan.trained.directions import weights_of
from ptarmigan.trained.illustrator import Illustrator
from ptarmigan.training.options import defaults
from ptarmigan.training.provenance import versions
from ptarmigan.training.run import Run
from ptarmigan.training.run_folder import pretty
from ptarmigan.training.schema import Scores, check
from ptarmigan.training.settings import Settings

Format: TypeAlias = Literal["onnx", "pt2", "triton"]
KEPT = 4
"""Samples in check.npz."""
MOST = 1_000_000
"""Numbers of conditions in config.json."""


@dataclass(frozen=True, eq=False)
class Made:
    """A graph in the form in which it is written."""

    captured: Captured
    data: bytes
    compute: Compute
    verified: Verified


def export(
    trained: Trained,
    out: Path,
    to: Format = "onnx",
    *,
    folder: Path | None = None,
    verify_score: int = 0,
    run: Run | None = None,
    quiet: bool = True,
) -> list[str]:
    """Write a trained run as a folder of graphs that need no ptarmigan, and say in lines what was verified.

    Each is held against torch at batches of 1, 2, 7 and 64 before anything is written.

    Args:
        trained: the run, on the processor.
        out: a new folder.
        to: ``onnx``; ``pt2``, of torch.export; ``triton``, a model repository.
        folder: of the run, which has its scores.
        verify_score: of so many samples of the graphs the score is held against the run's; none when 0.
        run: with its data, where it was made in Python.
        quiet: show no progress.

    Raises:
        ValueError: something is at ``out``, an operation has no place in a graph, or the graph differs.
        MissingPackageError: what the format needs is not installed.
    """
    check_vacant(out)
    if to not in FILES:
        raise UsageError(f"--to {to}: expected {', '.join(FILES)}")
    if to != "pt2":
        check_installed()
    if verify_score and folder is None:
        raise UsageError("--verify-score needs the run's folder, which says where its data are")
    with status(shown=not quiet) as notify, still():
        config = described(trained, to)
        made: dict[str, Made] = {}
        for function in functions(trained):
            notify(f"exporting {function.name}")
            made[function.name] = make(capture(function), to, config)
        scores = kept_scores(folder)
        if verify_score and folder is not None:
            graphs = {name: Exported(one.captured, one.compute) for name, one in made.items()}
            found = compare_scores(folder, trained, graphs, verify_score, run=run, notify=notify)
            scores = written.plain_evaluation(found)
        with create(out) as place:
            write(place, made, config, to, scores, command(trained))
    lines = [f"{name}: {one.verified.words}" for name, one in made.items()]
    if verify_score:
        lines.append(f"scores of {verify_score:,} exported samples equal the run's within their errors")
    return [*lines, f"wrote {out}: {', '.join(FILES[to](name) for name in made)}"]


FILES = {
    "onnx": lambda name: f"{name}.onnx",
    "pt2": lambda name: f"{name}.pt2",
    "triton": lambda name: f"{name}/1/model.onnx",
}
"""The file of a function, by the format."""


def make(captured: Captured, to: Format, config: Mapping[str, Any]) -> Made:
    """A graph in a format, held against torch."""
    if to == "pt2":
        file = io.BytesIO()
        torch.export.save(captured.program, file)
        module = torch.export.load(io.BytesIO(file.getvalue())).module()

        def compute(given: Any) -> list[Any]:
            with torch.no_grad():
                return [one.numpy() for one in module(*given)]

        return Made(captured, file.getvalue(), compute, verify(captured.function, compute))
    said = {name: str(config[name]) for name in ("recipe", "words", "step", "digest")}
    data = to_onnx(captured, {**said, "ptarmigan": versions()["ptarmigan"]})
    session = Session(data)
    return Made(captured, data, session, verify(captured.function, session))


def write(
    place: Path,
    made: Mapping[str, Made],
    config: dict[str, Any],
    to: Format,
    scores: Mapping[str, Any] | None,
    command: str,
) -> None:
    """The folder."""
    for name, one in made.items():
        file = place / FILES[to](name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(one.data)
        config["functions"][name] = {
            "file": FILES[to](name),
            "words": one.captured.function.words,
            "inputs": [asdict(port) for port in one.captured.inputs],
            "outputs": [asdict(port) for port in one.captured.outputs],
            "verified": asdict(one.verified),
        }
        if to == "triton":
            text = triton.config(name, one.captured.inputs, one.captured.outputs)
            (place / name / "config.pbtxt").write_text(text)
    ports = {name: (one.captured.inputs, one.captured.outputs) for name, one in made.items()}
    text = card(config, ports, {name: one.verified for name, one in made.items()}, scores, command)
    (place / "README.md").write_text(text, encoding="utf-8")
    (place / "config.json").write_bytes(pretty(config))
    np.savez(place / "check.npz", **kept_cases(made))
    if to == "onnx":
        (place / "use.py").write_bytes((files("ptarmigan.exports") / "use.py").read_bytes())


def kept_cases(made: Mapping[str, Made]) -> dict[str, Any]:
    """A few inputs of every function, its noise, and what torch makes of them."""
    found = {}
    for name, one in made.items():
        known = case(one.captured.function, KEPT)
        for port, tensor in zip(one.captured.inputs, known.tensors, strict=True):
            found[f"{name}/in/{port.name}"] = tensor.numpy()
        for port, tensor in zip(one.captured.outputs, known.outputs, strict=True):
            found[f"{name}/out/{port.name}"] = tensor.numpy()
    return found


def described(trained: Trained, to: Format) -> dict[str, Any]:
    """What config.json says, but for the functions."""
    frequencies = trained.frequencies
    return {
        "format": to,
        "opset": None if to == "pt2" else OPSET,
        "recipe": trained.recipe,
        "kind": modality_of(trained.space).name,
        "words": trained.space.words,
        "step": int(trained.description.get("step") or 0),
        "classes": list(trained.space.classes),
        "conditions": conditions(trained),
        "frequencies": None if frequencies is None else frequencies.tolist(),
        "space": trained.space.to_json(),
        "inputs": trained.description.get("inputs"),
        "digest": weights_of(trained),
        "versions": versions(),
        "functions": {},
    }


def conditions(trained: Trained) -> dict[str, list[float]]:
    """What can be asked for, in words, and the condition that asks for it; nothing where that is too much."""
    space = trained.space
    if isinstance(trained, Illustrator):
        kept = trained.kept[: MOST // trained.kept.shape[1]]
        return dict(zip(trained.inputs.titles(kept), kept.tolist(), strict=True))
    asked = space.asked() if takes_conditions(trained.game) else []
    if not asked or len(asked) * space.condition(asked[0], 1).size > MOST:
        return {}
    return {in_words(given): space.condition(given, 1)[0].tolist() for given in asked}


def in_words(given: Any) -> str:
    """``sex=Female`` of values of columns; else as it is."""
    pairs = given.items() if isinstance(given, Mapping) else ()
    return ", ".join(f"{name}={value}" for name, value in pairs) or str(given)


def kept_scores(folder: Path | None) -> dict[str, Any] | None:
    """What a run's scores.json holds; None where there is none that can be read."""
    if folder is None or not (folder / written.FILE).exists():
        return None
    kept: dict[str, Any] = read_json(folder / written.FILE)
    check(Scores, kept, f"{folder / written.FILE} holds no scores")
    return kept


def command(trained: Trained) -> str:
    """What trained the run."""
    said = trained.description
    if said.get("command"):
        return str(said["command"])
    try:
        known = defaults(zoo.recipe(zoo.name_in(said)))
    except (ValueError, FileNotFoundError, KeyError):
        return "# this run was made in Python, and no command repeats it"
    given = {**said.get("options", {}), **said.get("settings", {})}
    return treatment.command(trained.recipe, given, known | vars(Settings()), "runs/again")


@contextmanager
def still() -> Iterator[None]:
    """A context in which torch's exporters log nothing: what is wrong is said in one line."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
