"""Oversampling of rare classes of labelled rows or images, and whether it helps."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ptarmigan.data.reading import Reading, reading_of
from ptarmigan.estimators.oversampler import GANOverSampler, up_to
from ptarmigan.evaluation.oversampling.trial import Trial, run_trial
from ptarmigan.evaluation.pair import check_options
from ptarmigan.media.files import check_vacant
from ptarmigan.modalities.labelled import Codes, Labelled, Look, taken
from ptarmigan.modalities.recognise import recognise
from ptarmigan.modalities.registry import modalities


@dataclass(frozen=True, eq=False)
class Augmentation:
    """The result of oversampling rare classes.

    Attributes:
        trial: the comparison of methods; None where nothing was measured.
        generated: how many samples were generated.
        examples: real samples of the measured class, and generated ones, by what they are.
        page: the path of its page.
        words: what was written.
    """

    trial: Trial | None
    generated: int
    examples: dict[str, Look]
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
    reading: Reading = Reading(),
    say: Callable[[str], None] = lambda words: None,
) -> Augmentation:
    """Oversample rare classes, write the samples, and measure on repeated splits whether it helps.

    Args:
        data: a table, or images with classes, as for training.
        label: the column of a table that holds the classes.
        out: of a table a .csv or .parquet, whose column ``synthetic`` marks generated rows; of images a
            folder with one for each class, where names of files mark them, or an .npz of x, y and synthetic;
            augmented.csv or augmented when empty.
        class_: the class that is measured; the rarest when empty.
        recipe: of the GAN; a suitable one when None.
        steps: training steps; the recipe's default when None.
        ratio: the size of every class after oversampling, at least, as a share of the most frequent class.
        splits: the number of splits; 0 measures nothing.
        kind: image or table, where it is not clear from the data.
        categorical: columns that are categories although they hold numbers.
        size: HxW, to resize images to.
        crop: crop images to that shape instead of squeezing.
        seed: the random seed.
        device: auto, cpu, cuda, mps.
        reading: of a table, how a text file is read.
        say: is called with a line on what is being done.

    Raises:
        FileNotFoundError: the data is missing.
        ValueError: it has no classes, or only one; or there is no such column, class or recipe.
    """
    if splits < 0:
        raise ValueError(f"--splits {splits}: it is 0 or more")
    of = recognise(data, kind).modality
    if of.labelled is None:
        others = " and ".join(each.plural for each in modalities() if each.labelled is not None)
        raise ValueError(f"{data}: {of.plural} have no classes to oversample, but {others} have")
    chosen = {"categorical": categorical, "size": size, "crop": crop, **reading_of(reading)}
    place = Path(out or f"augmented{of.ending}")
    page = place.parent / f"{place.stem or 'augmented'}.html"
    check_vacant(place)
    if splits:
        check_vacant(page)
    given = of.labelled(data, place, label, **check_options(of, chosen, of.option_names))
    if len(given.names) < 2:
        raise ValueError(f"{data} has only one class ({given.names[0]}): there is nothing to classify")
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
        found = run_trial(given.classifier, sampler, given.x, given.c, given.names, rare, **told)
    say("all samples: GAN")
    x, c = sampler.fit_resample(given.x, given.c)
    given.write(x, c, place)
    counted = ", ".join(f"{n:,} of {given.names[i]}" for i, n in sampler.sampling_strategy_.items() if n)
    words = f"samples: {place} ({len(given.c):,} real; generated: {counted or 'none, no class is rare'})"
    return Augmentation(found, len(c) - len(given.c), examples(given, x, c, rare), page, words)


def examples(given: Labelled, x: Any, c: Codes, rare: int) -> dict[str, Look]:
    """Examples of real and of generated samples of a class; empty where none were generated."""
    places = np.flatnonzero(c == rare)
    real, generated = places[places < len(given.c)], places[places >= len(given.c)]
    if not len(generated):
        return {}
    name = given.names[rare]
    return {f"Real: {name}": given.show(taken(x, real)), f"Made: {name}": given.show(taken(x, generated))}
