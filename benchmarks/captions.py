"""Pictures of captions: whether they show what is said, also of combinations that no training caption has.

    python benchmarks/captions.py scenes [--minutes 10]
    python benchmarks/captions.py emoji [--minutes 20]

``scenes`` are built in, and what they show is read off the pixels: aims are .95 of colours, .9 of forms and
of sizes, .8 of relations, and unseen combinations within .1 of seen ones. ``emoji`` (``noto_emoji_32.zip``)
are 3,583 pictures with their Unicode names, which depend on the version of Python: they are written to tables
once, in the folder --place. All pictures of a base, whatever its skin tone, stand on one side of the
split, and words that are in fewer than three pictures are left out with these. Its aim is an R-precision on
held-out captions above that of training pictures of the nearest caption.
"""

from __future__ import annotations

import io
import json
import os
import re
import time
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import torch
import tyro
from PIL import Image
from record import record

import ptarmigan
from ptarmigan.core.noise import key
from ptarmigan.evaluation.score import score_run
from ptarmigan.media.pictures import on_white

SHARED = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data"))
EMOJI = SHARED / "noto_emoji_32.zip"
JOINERS = {0x200D, 0xFE0F, 0xFE0E}
TONES = {0x1F3FB + i: name for i, name in enumerate(("light", "pale", "medium", "brown", "dark"))}
FEWEST, SHARE = 3, 10
"""Pictures that a word is in, at least, and of so many bases one is held out."""
METRICS = ("r-precision", "spread", "frechet")
OPTIONS: dict[str, dict[str, Any]] = {"scenes": {}, "emoji": {"width": 16, "augmentation": 0.5}}
"""Options of the recipe."""


def main(
    data: tyro.conf.Positional[Literal["scenes", "emoji"]],
    minutes: float = 10,
    steps: int = 20_000,
    width: int = 0,
    n: int = 1_000,
    threads: int = 1,
    seed: int = 0,
    place: str = "",
    out: str = "",
    note: str = "",
) -> None:
    """The scores of ``image.text2image``, of real pictures, and of trivial ones.

    Args:
        data: which pictures.
        minutes: of training, at most; no limit when 0.
        steps: of training.
        width: of the networks; the benchmark's own when 0.
        n: samples that are scored.
        threads: of torch.
        seed: the random seed.
        place: a folder in which the emoji with their captions are kept.
        out: the folder of the run; one that is finished there is scored as it is.
        note: what is recorded beside.
    """
    torch.set_num_threads(threads)
    with TemporaryDirectory() as temporary:
        options = {"steps": steps, "seed": seed, **OPTIONS[data], **({"width": width} if width else {})}
        source = data if data == "scenes" else str(emoji(Path(place or temporary) / "emoji"))
        run, metrics = Path(out or temporary) / data, METRICS + (("truth",) if data == "scenes" else ())
        begun, there = time.process_time(), (run / "generator.safetensors").exists()
        if not there:
            how: dict[str, Any] = {"score_every": 0, "vitals": False, "threads": threads, "quiet": True}
            ptarmigan.train("image.text2image", data=source, out=run, minutes=minutes, **how, **options)
        spent = time.process_time() - begun
        scored = score_run(run, n=n, metrics=metrics)
        found = {
            "seed": seed,
            "options": options,
            "steps": scored["step"],
            "seconds of CPU": None if there else round(spent),
            **{name: values(each) for name, each in scored["scores"].items()},
        }
        print(json.dumps(found, indent=1), flush=True)
        record("captions", found, part=data, note=note)


def values(score: dict[str, Any]) -> dict[str, Any]:
    """A score with its error, that of real pictures, and those of trivial ones."""
    return {
        "value": score["value"],
        "error": score["error"],
        "real": score["floor"],
        "baselines": score["baselines"],
    }


def emoji(place: Path) -> Path:
    """The emoji on white, in folders of training and held-out pictures, each with a table of captions."""
    if place.exists():
        return place
    with zipfile.ZipFile(EMOJI) as archive:
        named = {name: caption for name in archive.namelist() if (caption := caption_of(name))}
        counts = Counter(word for caption in named.values() for word in {*caption.split()})
        kept = {
            name: caption
            for name, caption in named.items()
            if all(counts[word] >= FEWEST for word in caption.split())
        }
        parts: dict[str, list[str]] = {"train": [], "test": []}
        for name, caption in kept.items():
            part = "test" if key("emoji", base_of(name)) % SHARE == 0 else "train"
            target = place / part / name
            target.parent.mkdir(parents=True, exist_ok=True)
            on_white(Image.open(io.BytesIO(archive.read(name)))).save(target)
            parts[part].append(json.dumps({"file_name": name, "text": caption}))
    for part, lines in parts.items():
        (place / part / "metadata.jsonl").write_text("\n".join(lines) + "\n")
    return place


def codes(name: str) -> list[int]:
    """The code points of a file such as ``emoji_u1f44b_1f3fb.png``, without joiners."""
    found = re.findall(r"[0-9a-f]{2,}", Path(name).stem.removeprefix("emoji_u"))
    return [code for code in (int(one, 16) for one in found) if code not in JOINERS]


def base_of(name: str) -> str:
    """What all skin tones of an emoji share."""
    return "_".join(f"{code:x}" for code in codes(name) if code not in TONES)


def caption_of(name: str) -> str:
    """The Unicode names of an emoji's code points in lower case; empty where one has none."""
    words = [
        f"{TONES[code]} skin" if code in TONES else unicodedata.name(chr(code), "").lower()
        for code in codes(name)
    ]
    return " ".join(words) if all(words) else ""


if __name__ == "__main__":
    tyro.cli(main)
