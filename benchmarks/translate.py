"""What translations reach on real data, beside what costs little.

    python benchmarks/translate.py play emoji         trains what is not trained yet
    python benchmarks/translate.py score emoji        scores and records it
    python benchmarks/translate.py tasks              what there is

On one thread, so that several can be played at once: how long it took is recorded, in seconds of the
processor. A run that was killed goes on. Scores are those of ``ptarmigan score``, on pictures that were held
out, beside those of the identity, the mean image, bicubic enlarging and a regression U-Net that the judge
trains. Aims are in the tasks below.
"""

from __future__ import annotations

import json
import os
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import torch
import tyro
from record import record

from ptarmigan import api
from ptarmigan.evaluation import score as judge
from ptarmigan.media.files import write

WORK = Path("/tmp/translations")
DATA = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data"))
DUSK = "0001TP"
"""CamVid's pictures of dusk have names that begin so."""
SECONDS = "seconds.json"


@dataclass(frozen=True)
class Task:
    """A translation to be learnt.

    Attributes:
        aim: what is to be reached, in words.
        options: of every entry.
        entries: recipes with options of their own, by name.
        score: options of the judge.
    """

    aim: str
    options: Callable[[], dict[str, Any]]
    entries: dict[str, tuple[str, dict[str, Any]]]
    score: dict[str, Any] = field(default_factory=dict)


def emoji() -> dict[str, Any]:
    """Skin tones: 110 pairs to train, 22 to test."""
    return {"data": str(DATA / "emoji_skin_tone_pairs_72.zip"), "flip": True}


def camvid(direction: str) -> Callable[[], dict[str, Any]]:
    """Label maps and photos of streets, 160 × 120."""

    def options() -> dict[str, Any]:
        data = str(DATA / "camvid_160x120.zip")
        return {"data": data, "direction": direction, "labels": "A", "void": "11", "flip": True, "jitter": 16}

    return options


def photos(name: str, place: Callable[[str, str], str]) -> Path:
    """A folder of CamVid's photos; ``place`` names the folder of one, from its split and its file's name."""
    folder = WORK / "data" / name
    if not folder.exists():
        draft = folder.with_suffix(".part")
        with zipfile.ZipFile(DATA / "camvid_160x120.zip") as archive:
            for path in (PurePosixPath(member) for member in archive.namelist()):
                if path.parent.name == "photo" and path.suffix:
                    split = "test" if path.parts[-3] == "test" else "train"
                    file = draft / place(split, path.name) / path.name
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(archive.read(str(path)))
        draft.rename(folder)
    return folder


def dusk() -> dict[str, Any]:
    """Photos of streets by day and at dusk, unpaired; those of CamVid's test split are held out."""
    folder = photos("day-dusk", lambda split, name: split + ("B" if name.startswith(DUSK) else "A"))
    return {"data": str(folder), "flip": True, "jitter": 16}


def colour() -> dict[str, Any]:
    """CIFAR-10 in colours from greys."""
    return {"data": str(DATA / "cifar10_jpeg.zip"), "pair": "gray", "flip": True}


def enlarge() -> dict[str, Any]:
    """Photos of streets four times as high and wide."""
    return {"data": str(photos("streets", lambda split, name: split)), "pair": "lowres:4", "flip": True}


HELD = {
    "pixels": 1.0,
    "perceptual_weight": 0.5,
    "adversarial": 1e-3,
    "features": "squeezenet",
    "weights": str(DATA / "weights" / "imagenet_squeezenet_v1_0.safetensors"),
}
"""What holds a short run of SRGAN to its inputs: a lighter adversarial term than the published one."""

TASKS = {
    "emoji": Task(
        "L1 of pix2pix at most a quarter of the identity's, in 10 minutes of the processor",
        emoji,
        {
            "pix2pix": (
                "translate.pix2pix",
                {"width": 32, "batch": 2, "steps": 3_000, "lr": 1e-3, "dropout": 0.0},
            ),
        },
    ),
    "labels to photos": Task(
        "a lower Fréchet distance than the mean image and regression",
        camvid("AtoB"),
        {
            "pix2pix": ("translate.pix2pix", {"width": 32, "batch": 4, "steps": 1_200}),
        },
    ),
    "photos to labels": Task(
        "80 % of pixels right",
        camvid("BtoA"),
        {
            "pix2pix": (
                "translate.pix2pix",
                {"width": 32, "batch": 4, "steps": 4_000, "lr": 5e-4, "jitter": 48, "half_life": 8_000.0},
            ),
        },
    ),
    "day to dusk": Task(
        "80 % taken for dusk by a classifier, edges at least 0.8 as alike as the identity's",
        dusk,
        {
            "cyclegan": ("translate.cyclegan", {"width": 16, "steps": 1_000}),
            "cut": ("translate.cut", {"width": 16, "steps": 2_000}),
            "cut, content": ("translate.cut", {"width": 16, "steps": 1_200, "content": 10.0}),
        },
    ),
    "gray to colour": Task(
        "a perceptual distance below that of bicubic and regression",
        colour,
        {
            "pix2pix": ("translate.pix2pix", {"width": 32, "batch": 16, "steps": 1_500}),
            "pix2pix, distance": (
                "translate.pix2pix",
                {"width": 32, "batch": 16, "steps": 3_000, "weight": 400.0, "dropout": 0.0, "lr": 5e-4},
            ),
            "srgan": (
                "translate.srgan",
                {
                    "width": 24,
                    "growth": 12,
                    "blocks": 1,
                    "batch": 8,
                    "steps": 3_000,
                    "lr": 5e-4,
                    **HELD,
                },
            ),
        },
    ),
    "four times enlarged": Task(
        "a perceptual distance below that of bicubic and regression",
        enlarge,
        {
            "srgan": (
                "translate.srgan",
                {
                    "width": 32,
                    "growth": 16,
                    "blocks": 2,
                    "batch": 2,
                    "steps": 900,
                    "lr": 4e-4,
                    **HELD,
                },
            ),
        },
    ),
}


def play(
    task: tyro.conf.Positional[str], /, entries: tuple[str, ...] = (), seeds: tuple[int, ...] = (0,)
) -> None:
    """Train what is not trained yet.

    Args:
        task: which.
        entries: of it; all when none are named.
        seeds: one run each.
    """
    os.nice(5)
    torch.set_num_threads(1)
    for seed in seeds:
        for name in entries or tuple(TASKS[task].entries):
            trained(task, name, seed)


def trained(task: str, name: str, seed: int) -> Path:
    """The folder of a run, played to its end."""
    recipe, options = TASKS[task].entries[name]
    folder = WORK / f"{task} {name} {seed}".replace(",", "").replace(" ", "-")
    done = folder / SECONDS
    if not done.exists():
        begun, at = time.process_time(), len(list(folder.glob("state-*")))
        outcome = api.train(
            recipe,
            out=folder,
            quiet=True,
            device="cpu",
            precision="fp32",
            seed=seed,
            score_every=0,
            **(TASKS[task].options() | options),
        )
        if not outcome.complete:
            raise SystemExit(f"{folder}: {outcome.reason}")
        spent = None if at else round(time.process_time() - begun, 1)  # a run that went on took longer
        write(done, json.dumps(spent).encode())
    print(folder, "in", json.loads(done.read_text()), "s of the processor", flush=True)
    return folder


def score(
    task: tyro.conf.Positional[str], /, entries: tuple[str, ...] = (), seeds: tuple[int, ...] = (0,)
) -> None:
    """Score what is trained, and record it.

    Args:
        task: which.
        entries: of it; all when none are named.
        seeds: of the runs.
    """
    for name in entries or tuple(TASKS[task].entries):
        recipe, options = TASKS[task].entries[name]
        rows = []
        for seed in seeds:
            folder = trained(task, name, seed)
            found = judge.score_run(folder, **TASKS[task].score)
            seconds = json.loads((folder / SECONDS).read_text())
            rows.append({"seed": seed, "seconds of the processor": seconds, **found})
            print(json.dumps(rows[-1], indent=1))
        figures = {"aim": TASKS[task].aim, "recipe": recipe, "options": options, "runs": rows}
        record("translate", figures, part=f"{task}: {name}")


def tasks() -> None:
    """List what there is."""
    for name, task in TASKS.items():
        print(f"{name}: {', '.join(task.entries)}; {task.aim}")


if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict({"play": play, "score": score, "tasks": tasks})
