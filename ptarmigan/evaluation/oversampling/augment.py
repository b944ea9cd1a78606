"""Labelled rows or images with more of what is rare among them, and whether that helps."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ptarmigan.estimators.oversampler import GANOverSampler, up_to
from ptarmigan.evaluation.oversampling.trial import Trial, tried
from ptarmigan.evaluation.pair import of_kind
from ptarmigan.media.files import check_vacant
from ptarmigan.modalities.labelled import Codes, Labelled, Look, taken
from ptarmigan.modalities.recognise import recognise
from ptarmigan.modalities.registry import modalities


@dataclass(frozen=True, eq=False)
class Augmentation:
    """What came of filling up rare classes.

    Attributes:
        trial: what was measured; None where nothing was.
        made: how many samples were generated.
        looks: real samples of the class that counts, and generated ones, by what they are.
        page: where a page of it belongs.
        words: what was written.
    """

    trial: Trial | None
    made: int
    looks: dict[str, Look]
    page: Path
    words: str


def augment(
    data: str,
    *,
    label: str = "",
    out: str | os.PathLike[str] = "",
    class_: str = "",
    recipe: str | None = None,
    steps: int | None = None,
    ratio: float = 1.0,
    splits: int = 5,
    kind: str = "",
    categorical: tuple[str, ...] = (),
    size: str = "",
    crop: bool = False,
    seed: int = 0,
    device: str = "auto",
    say: Callable[[str], None] = lambda words: None,
) -> Augmentation:
    """Fill up rare classes, write what comes of it, and measure on repeated splits whether it helps.

    Args:
        data: a table, or images with classes, as everywhere.
        label: the column of a table that holds the classes.
        out: of a table a .csv or .parquet, in which a column ``synthetic`` says what is made; of images a
            folder with one for each class, in which names of files say so, or an .npz of x, y and synthetic;
            augmented.csv or augmented when empty.
        class_: the class that the measures are about; the rarest when empty.
        recipe: of the GAN; one that fits when None.
        steps: the length of its training; the recipe's own when None.
        ratio: how often a class is to be there at least, for each sample of the most frequent.
        splits: how many; 0 measures nothing.
        kind: image or table, where the data do not tell.
        categorical: columns that are categories although they hold numbers.
        size: HxW, to resize images to.
        crop: cut images to that shape instead of squeezing.
        seed: the random seed.
        device: where to train.
        say: is told what is done.

    Raises:
        FileNotFoundError: the data is not there.
        ValueError: it has no classes, or one only; or there is no such column, class or recipe.
    """
    if splits < 0:
        raise ValueError(f"--splits {splits}: it is 0 or more")
    of = recognise(data, kind).modality
    if of.labelled is None:
        others = " and ".join(each.plural for each in modalities() if each.labelled is not None)
        raise ValueError(f"{data}: {of.plural} have no classes that could be filled up, but {others} have")
    chosen = {"categorical": categorical, "size": size, "crop": crop}
    place = Path(out or f"augmented{of.ending}")
    page = place.parent / f"{place.stem or 'augmented'}.html"
    check_vacant(place)
    if splits:
        check_vacant(page)
    given = of.labelled(data, place, label, **of_kind(of, chosen, of.option_names))
    if len(given.names) < 2:
        raise ValueError(f"{data} has one class only ({given.names[0]}): there is nothing to tell apart")
    counts = np.bincount(given.c)
    if class_ and class_ not in given.names:
        raise ValueError(f"--class {class_}: there is no such class; there are {', '.join(given.names)}")
    rare = given.names.index(class_) if class_ else int(counts.argmin())
    options: dict[str, Any] = {"categorical": categorical} if categorical else {}
    how: dict[str, Any] = {"steps": steps, "options": options, "device": device, "random_state": seed}
    sampler = GANOverSampler(recipe, sampling_strategy=up_to(ratio), **how)
    found = None
    if splits:
        told: dict[str, Any] = {"splits": splits, "seed": seed, "say": say}
        found = tried(given.classifier, sampler, given.x, given.c, given.names, rare, **told)
    say("all samples: GAN")
    x, c = sampler.fit_resample(given.x, given.c)
    given.write(x, c, place)
    counted = ", ".join(f"{n:,} of {given.names[i]}" for i, n in sampler.sampling_strategy_.items() if n)
    words = f"samples: {place} ({len(given.c):,} real; made: {counted or 'none, all classes have as many'})"
    return Augmentation(found, len(c) - len(given.c), looks(given, x, c, rare), page, words)


def looks(given: Labelled, x: Any, c: Codes, rare: int) -> dict[str, Look]:
    """Real samples of a class and made ones, to be looked at; nothing where none were made."""
    places = np.flatnonzero(c == rare)
    real, made = places[places < len(given.c)], places[places >= len(given.c)]
    if not len(made):
        return {}
    name = given.names[rare]
    return {f"Real: {name}": given.show(taken(x, real)), f"Made: {name}": given.show(taken(x, made))}
