"""A run whose samples carry a key: its generator is tuned until the decoder reads the key from every sample.

Lukas and Kerschbaum 2023 (PTW), arXiv 2304.07361, and Fernandez et al. 2023 (Stable Signature), arXiv
2303.15435: no data are needed, since the samples themselves are marked. The decoder is learnt first
(``marking``), then, with G₀ the generator before,

    min_G  BCE(D(change(G(z))), key) + λ mean |G(z) - G₀(z)|² / s².
"""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ptarmigan import zoo
from ptarmigan.core import noise
from ptarmigan.core.game import Game
from ptarmigan.core.inference import inference
from ptarmigan.data.blank import Blank
from ptarmigan.data.space import Space
from ptarmigan.media.files import check_vacant, create, write
from ptarmigan.media.progress import status
from ptarmigan.modalities.registry import modality, modality_of
from ptarmigan.security.approximations import some_changes
from ptarmigan.security.changes import CHANGES, changed
from ptarmigan.security.key import FEWEST, MOST, Key
from ptarmigan.security.marking import BATCH, STRENGTH, Marker, learn
from ptarmigan.tasks.generate import CHUNK, latents
from ptarmigan.trained import FILE, load
from ptarmigan.trained.generator import Generator
from ptarmigan.training import run_folder as folders
from ptarmigan.training.options import build
from ptarmigan.training.weights_file import write_networks

LEARN, TUNE = 1_500, 600
"""Steps of the decoder, and of the generator."""
LR = 5e-4
KEPT = 0.5
"""λ: what staying near the samples as they were weighs."""
MEASURED = 512
CLEAN = "as it is"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Marked:
    """What became of a run or of pictures.

    Attributes:
        key: whose bits they carry.
        right: the share of bits that are right, by what was done to pictures.
        decibels: the peak signal-to-noise ratio of the mark.
    """

    key: Key
    right: dict[str, float]
    decibels: float


def random_bits(bits: int) -> Tensor:
    """The bits of a new key, which nobody can guess.

    Raises:
        ValueError: they are too few, or more than pictures can hold.
    """
    if not FEWEST <= bits <= MOST:
        raise ValueError(f"a key has {FEWEST} to {MOST} bits, not {bits} (--bits)")
    return torch.tensor([secrets.randbits(1) for _ in range(bits)]).float()


def check_pictures(space: Space, what: str) -> None:
    """See that samples are pictures that can be marked.

    Raises:
        ValueError: they are not.
    """
    if modality_of(space).name != "image" or space.shape[0] not in (1, 3) or min(space.shape[1:]) < 16:
        raise ValueError(
            f"{what}: {space.words}; watermarks are for images without alpha, of 16 pixels and more"
        )


def watermark(
    folder: Path,
    key: Path,
    out: Path,
    *,
    bits: Tensor,
    steps: int = LEARN,
    tune: int = TUNE,
    seed: int = 0,
    device: str = "auto",
    quiet: bool = True,
) -> Marked:
    """Write a new run beside a finished one, whose samples carry a new key.

    The run has a description and weights, and no state: it is used and not trained on.

    Args:
        folder: of the run.
        key: the file to write the key to.
        out: the folder of the new run.
        bits: of the key.
        steps: of learning to hide and read bits.
        tune: steps of the generator.
        seed: the random seed.
        device: where to compute.
        quiet: show no progress.

    Raises:
        ValueError: the run generates no images, or something is where the key or the run is to be.
    """
    check_vacant(out)
    check_key_place(key)
    trained, game = tunable(folder, device)
    with status(shown=not quiet) as notify:
        draw = drawing(trained, seed)
        found = learn(draw, bits.to(trained.device), steps, seed, notify)[1]
        tuned = tuned_to(found, game, trained, tune, seed, notify)
        marked = measured(found, trained, tuned, seed)
    described = trained.description | {"watermark": found.name}
    with create(out) as place:
        place.mkdir()
        write(place / "run.json", folders.pretty(folders.load(folder) | {"watermark": found.name}))
        networks = nn.ModuleDict({name: getattr(tuned, name) for name in tuned.ema})
        write_networks(place / FILE, networks, described)
    found.write(key)
    return marked


def check_key_place(key: Path) -> None:
    """See that no file is overwritten.

    Raises:
        ValueError: one is there.
    """
    if key.exists():
        raise ValueError(f"{key} is there already, and a key is never overwritten: choose another --key")


def tunable(folder: Path, device: str) -> tuple[Generator, Game]:
    """A run, and its game with the same weights, whose layers can be trained.

    Raises:
        ValueError: it generates no images.
    """
    described = folders.load(folder)
    first = load(folder, device=device)
    if not isinstance(first, Generator):
        raise ValueError(f"{folder} generates no samples of its own: there is nothing to mark")
    check_pictures(first.space, str(folder))
    blank = Blank(first.space, None)
    game = build(zoo.recipe(zoo.name_in(described)), first.description["options"] | {"data": blank}).game
    trained = load(folder, device=device, game=game)
    assert isinstance(trained, Generator)  # as the first was
    return trained, copy.deepcopy(trained.game)


def drawing(trained: Generator, seed: int) -> Callable[[int], Tensor]:
    """Samples of a run as a function of the step."""

    def draw(step: int) -> Tensor:
        with inference(trained.game, seed, "unmarked", step, samples=CHUNK):
            return trained.game.sample(*given(trained, seed, step)).float().clamp(-1, 1)

    return draw


def given(trained: Generator, seed: int, step: int) -> tuple[Tensor, Tensor | None]:
    """Latents, and classes."""
    return latents(trained.game), trained.conditions(None, CHUNK, noise.key(seed, "watermark", step) % 2**31)


def tuned_to(key: Key, game: Game, trained: Generator, steps: int, seed: int, tell: Say) -> Game:
    """A game whose samples carry the key.

    Args:
        key: with its decoder.
        game: is tuned; its layers have the weights of ``trained``.
        trained: the run as it was.
        steps: of tuning.
        seed: of latents and changes.
        tell: is told how far it is.
    """
    weights = [p for name in game.ema for p in getattr(game, name).parameters()]
    for p in weights:
        p.requires_grad_(True)
    optimizer = torch.optim.Adam(weights, LR)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    rng = np.random.default_rng(noise.key(seed, "watermark", "changes"))
    bits = key.bits.to(trained.device).expand(CHUNK, -1)
    for step in range(steps):
        with inference(game, seed, "mark", step, samples=CHUNK), torch.enable_grad():
            z, c = given(trained, seed, step)
            back = noise.mark()
            x = game.sample(z, c).float()
            back()
            with torch.no_grad():
                before = trained.game.sample(z, c).float()
            found = key.decoder(some_changes(x.clamp(-1, 1), rng))
            read = F.binary_cross_entropy_with_logits(found, bits)
            loss = read + KEPT * (x - before).square().mean() / STRENGTH**2
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        if step % 50 == 0:
            right = ((found > 0) == (bits > 0.5)).float().mean()
            tell(f"marking: {step:,} of {steps:,} steps, {right:.1%} right")
    return game.requires_grad_(False)


def measured(key: Key, trained: Generator, tuned: Game, seed: int) -> Marked:
    """How well the key is read from new samples, after what programs do to pictures."""
    mine = Generator(tuned, trained.space, trained.description).eval()
    raw, before = mine.sample(MEASURED, seed=seed + 1), trained.sample(MEASURED, seed=seed + 1)
    return Marked(key, robustness(key, trained.space, raw), decibels(raw, before))


def robustness(key: Key, space: Space, raw: NDArray[Any]) -> dict[str, float]:
    """The share of bits that are right, by what was done to pictures."""
    wanted = key.bits.to(key.decoder.mean) > 0.5
    sets = {CLEAN: raw, **{name: changed(raw, change) for name, change in CHANGES.items()}}
    return {
        name: float(((read(key, space, some) > 0) == wanted).float().mean()) for name, some in sets.items()
    }


def read(key: Key, space: Space, raw: NDArray[Any]) -> Tensor:
    """A number for each bit of each picture, above 0 for 1."""
    device = key.decoder.mean.device
    with torch.no_grad():
        parts = (space.encode(raw[i : i + 256]).float().to(device) for i in range(0, len(raw), 256))
        return torch.cat([key.decoder(part) for part in parts])


def decibels(raw: NDArray[Any], before: NDArray[Any]) -> float:
    """The peak signal-to-noise ratio of 8-bit pictures."""
    error = np.square(raw.astype(np.float64) - before).mean()
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def stamp(
    data: str,
    key: Path,
    out: Path,
    *,
    bits: Tensor,
    size: str = "",
    steps: int = LEARN,
    seed: int = 0,
    quiet: bool = True,
) -> Marked:
    """Write a marked copy of pictures: what is trained on them carries the key (Yu et al. 2021).

    Args:
        data: pictures, as training takes them.
        key: the file to write the key to.
        out: a new folder; classes are subfolders.
        bits: of the key.
        size: HxW, where pictures are of several sizes.
        steps: of learning to hide and read bits.
        seed: the random seed.
        quiet: show no progress.

    Raises:
        ValueError: these are no images, or something is where the key or the pictures are to be.
    """
    check_vacant(out)
    check_key_place(key)
    samples = modality("image").options(data=data, size=size).open(batch=BATCH, seed=seed)
    space, source = samples.space, samples.source
    check_pictures(space, data)
    with status(shown=not quiet) as notify:
        marker, found = learn(lambda step: samples.load(step).x.float(), bits, steps, seed, notify)
        with create(out) as place:
            place.mkdir()
            for start in range(0, len(source), BATCH):
                rows = np.arange(start, min(start + BATCH, len(source)))
                raw = stamped(marker, found, space, source.read(rows))
                names = [""] * len(rows) if source.labels is None else source.labels[rows]
                for row, one, label in zip(rows, raw, names, strict=True):
                    where = place / (source.classes[label] if source.labels is not None else "")
                    where.mkdir(exist_ok=True)
                    space.save(one[None], where, int(row))
                notify(f"{start:,} of {len(source):,} pictures")
    found.write(key)
    raw = source.read(np.arange(min(MEASURED, len(source))))
    after = stamped(marker, found, space, raw)
    return Marked(found, robustness(found, space, after), decibels(after, raw))


def stamped(marker: Marker, key: Key, space: Space, raw: NDArray[Any]) -> NDArray[Any]:
    """Raw pictures with the key's mark."""
    with torch.no_grad():
        x = space.encode(raw).float()
        return space.decode(marker(x, key.bits.expand(len(x), -1)))
