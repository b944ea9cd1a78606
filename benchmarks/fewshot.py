"""Few pictures: what to take where there are a hundred, and how much of it is copied.

    python benchmarks/fewshot.py --sets food --minutes 10 30 --seeds 0 1 2
    python benchmarks/fewshot.py --sets streets --minutes 10 30 --seeds 0 1 2

100 emoji of food and drink (32 pixels, on white) and 100 street photos of CamVid (64×64 pixels, cut from the
middle). The published protocol, the distance to the training pictures, is best where these are copied. So
beside it stand the distance to pictures of the same kind that were held out (39 and 233), how near samples
are to their nearest training picture, and how different those are that share one. Distances are of kernels
(KID, which needs no thousands of pictures) in features of SqueezeNet. Of each way 1,000 samples of the EMA
weights are scored; minutes are of all threads of the processor, over how many these are. ``transfer`` starts
from a run as long as the first mark on the rest of the emoji, or of the photos, whose time does not count.
The training pictures, noisy copies of them, a mixture of Gaussians and held-out pictures stand in the table.
"""

from __future__ import annotations

import io
import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import tyro
from clocked import Mark, clocked
from numpy.typing import NDArray
from PIL import Image
from record import commit, record, recorded
from safetensors.torch import save_file

from ptarmigan import zoo
from ptarmigan.metrics.baselines import gaussian_mixture, noisy_copy
from ptarmigan.metrics.features import Features
from ptarmigan.metrics.kernel import kid
from ptarmigan.metrics.search import nearest
from ptarmigan.modalities.image.extractors.squeezenet import squeezenet
from ptarmigan.tasks.generate import generate
from ptarmigan.training.options import build
from ptarmigan.training.run import Run
from ptarmigan.training.transfer import freeze_discriminator, start_from, weights

DATA = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data"))
NETWORK = DATA / "weights" / "imagenet_squeezenet_v1_0.safetensors"
TRAINED_ON, SAMPLES = 100, 1_000
FROZEN = 1
"""Layers of the discriminator that stand still after a transfer."""
FOOD = ((0x1F32D, 0x1F37F), (0x1F950, 0x1F96F), (0x1F9C0, 0x1F9CB), (0x1FAD0, 0x1FADB))
"""Unicode's ranges of food and drink."""

Pictures = NDArray[np.uint8]
Form = Callable[[Image.Image], Image.Image]

WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "default": ("image.r1gan", {}),
    "diffaugment": ("image.r1gan", {"augment": "diffaugment"}),
    "diffaugment, alike": ("image.r1gan", {"augment": "diffaugment", "alike": True}),
    "diffaugment, chain": ("image.r1gan", {"augment": "diffaugment", "chain": True}),
    "ada": ("image.r1gan", {"augment": "ada"}),
    "transfer": ("image.r1gan", {"augment": "diffaugment"}),
    "imle": ("image.imle", {}),
    "fastgan": ("image.fastgan", {}),
}
"""Recipes and their options; one that is not in the zoo is left out."""


@dataclass(frozen=True)
class Set:
    """Pictures ``(n, height, width, 3)``: to train on, held out, and of other kinds."""

    train: Pictures
    held_out: Pictures
    rest: Pictures


def food() -> Set:
    """Emoji, those of food and drink apart."""
    names, others = [], []
    with zipfile.ZipFile(DATA / "noto_emoji_32.zip") as archive:
        for name in sorted(archive.namelist()):
            code = name.removeprefix("emoji_u").removesuffix(".png")
            mine = "_" not in code and any(low <= int(code, 16) <= high for low, high in FOOD)
            (names if mine else others).append(name)
        of_kind, rest = (read(archive, some, on_white) for some in (names, others))
    of_kind = of_kind[np.random.default_rng(0).permutation(len(of_kind))]
    return Set(of_kind[:TRAINED_ON], of_kind[TRAINED_ON:], rest)


def streets() -> Set:
    """Photos of streets; those of its test part are other drives."""
    with zipfile.ZipFile(DATA / "camvid_160x120.zip") as archive:
        photos = sorted(name for name in archive.namelist() if "/photo/" in name)
        held = [name for name in photos if name.startswith("test/")]
        others = [name for name in photos if not name.startswith("test/")]
        chosen = np.random.default_rng(0).permutation(len(others))
        mine, rest = ([others[i] for i in part] for part in np.split(chosen, [TRAINED_ON]))
        return Set(*(read(archive, some, middle) for some in (mine, held, rest)))


SETS: dict[str, Callable[[], Set]] = {"food": food, "streets": streets}


def read(
    archive: zipfile.ZipFile, names: Sequence[str], form: Callable[[Image.Image], Image.Image]
) -> Pictures:
    """Pictures of an archive, in one form."""
    opened = (Image.open(io.BytesIO(archive.read(name))) for name in names)
    return np.stack([np.asarray(form(picture)) for picture in opened])


def on_white(picture: Image.Image) -> Image.Image:
    """Without transparency."""
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")


def middle(picture: Image.Image) -> Image.Image:
    """The middle square, at 64 pixels a side."""
    side, left = picture.height, (picture.width - picture.height) // 2
    square = picture.convert("RGB").crop((left, 0, left + side, side))
    return square.resize((64, 64), Image.Resampling.LANCZOS)


def main(
    sets: tuple[str, ...] = ("food", "streets"),
    ways: tuple[str, ...] = (),
    minutes: tuple[float, ...] = (10.0, 30.0),
    seeds: tuple[int, ...] = (0, 1, 2),
    threads: int = 2,
    pictures: Path = Path("/tmp/fewshot"),
) -> None:
    """Train what is not there yet, and record.

    Args:
        sets: food, streets.
        ways: which ones; all that are in the zoo when none are named.
        minutes: when to score.
        seeds: one run each.
        threads: of the processor.
        pictures: a folder for grids of samples.
    """
    torch.set_num_threads(threads)
    known = [way for way, (recipe, _) in WAYS.items() if recipe in zoo.names()]
    pictures.mkdir(parents=True, exist_ok=True)
    for name in sets:
        data, measure = SETS[name](), None
        for seed in seeds:
            for way in ways or known:
                rows = recorded("fewshot").get(name, {}).get("runs", [])
                if any((row["way"], row["seed"], row["of"]) == (way, seed, minutes[-1]) for row in rows):
                    continue
                measure = measure or measured(data, squeezenet(NETWORK))
                for mark, run in trained(way, data, minutes, seed, threads):
                    raw = samples(run, mark, seed)
                    run.space.render(raw[:64]).save(pictures / f"{name}-{way}-{mark.minutes:g}-{seed}.png")
                    row = {"way": way, "seed": seed, "minutes": mark.minutes, "of": minutes[-1]}
                    rows = [*rows, {**row, "steps": mark.step, **measure(raw), "commit": commit()}]
                    print(name, rows[-1], flush=True)
                figures = {"baselines": baselines(data, measure), "runs": rows}
                record("fewshot", figures, part=name)


def trained(
    way: str, data: Set, minutes: Sequence[float], seed: int, threads: int
) -> Iterator[tuple[Mark, Run]]:
    """A run, and its networks at every mark."""
    recipe, options = WAYS[way]
    run = build(zoo.recipe(recipe), {"data": data.train, "seed": seed, **options})
    if way == "transfer":
        with tempfile.TemporaryDirectory() as folder:
            print(start_from(run.game, source(data, minutes[0], threads, Path(folder) / "rest.safetensors")))
        print(freeze_discriminator(run, FROZEN))
    for mark in clocked(run, minutes, clock=lambda: time.process_time() / threads):
        yield mark, run


def source(data: Set, minutes: float, threads: int, path: Path) -> Path:
    """The weights of a run on the rest."""
    recipe, options = WAYS["default"]
    run = build(zoo.recipe(recipe), {"data": data.rest, **options})
    (mark,) = clocked(run, [minutes], clock=lambda: time.process_time() / threads)
    dense = torch.contiguous_format  # in bfloat16 they are channels last, which the file cannot hold
    save_file({name: value.clone(memory_format=dense) for name, value in weights(mark.game)}, path)
    return path


def samples(run: Run, mark: Mark, seed: int) -> Pictures:
    """What is scored."""
    return np.concatenate(list(generate(mark.game, run.space, SAMPLES, seed=seed)))


def measured(data: Set, features: Features) -> Callable[[Pictures], dict[str, float]]:
    """The measures of pictures, all in features."""
    size = float(np.sqrt(np.square(features(data.train), dtype=np.float64).mean()))

    def of(raw: Pictures) -> NDArray[Any]:
        return features(raw) / size  # a kernel's units are a power of theirs

    train, held_out = of(data.train), of(data.held_out)
    usual = float(np.median(nearest(train, held_out)[1]))
    apart = pairwise(train)

    def measure(raw: Pictures) -> dict[str, float]:
        mine = of(raw)
        which, distance = nearest(train, mine)
        return {
            "to the training pictures": round(kid(train, mine).value, 5),
            "to held-out pictures": round(kid(held_out, mine).value, 5),
            "to the nearest, over held-out ones'": round(float(np.median(distance)) / usual, 4),
            "of one nearest, apart": round(within(mine, which[:, 0]) / apart, 4),
        }

    return measure


def within(vectors: NDArray[Any], cluster: NDArray[Any]) -> float:
    """The mean distance of pairs of one cluster, over those of two or more (Ojha et al. 2021, 2104.06820)."""
    several = [vectors[cluster == each] for each in np.unique(cluster)]
    apart = [pairwise(each) for each in several if len(each) > 1]
    return float(np.mean(apart)) if apart else 0.0


def pairwise(vectors: NDArray[Any]) -> float:
    """The mean distance of two of the vectors."""
    found = torch.from_numpy(np.asarray(vectors, np.float64))
    return float(torch.pdist(found).mean())


def baselines(data: Set, measure: Callable[[Pictures], dict[str, float]]) -> dict[str, dict[str, float]]:
    """The measures of what is no GAN."""
    again = data.train[np.random.default_rng(0).integers(len(data.train), size=SAMPLES)]
    return {
        "the training pictures": measure(again),
        "noisy copies": measure(noisy_copy(data.train, SAMPLES)),
        "a mixture of Gaussians": measure(gaussian_mixture(data.train, SAMPLES)),
        "held-out pictures": measure(data.held_out),
    }


if __name__ == "__main__":
    tyro.cli(main)
