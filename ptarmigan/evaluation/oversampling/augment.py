"""Labelled rows or images with more of what is rare among them, and whether that helps."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.estimators.oversampler import GANOverSampler, up_to
from ptarmigan.evaluation.oversampling.classifiers import Codes, ImageJudge, Judge, TableJudge, taken
from ptarmigan.evaluation.oversampling.trial import Trial, tried
from ptarmigan.media.files import check_vacant, create
from ptarmigan.media.pictures import grid
from ptarmigan.media.png import png
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.table.source import CSV, NAMES, PARQUET, Table
from ptarmigan.report.augmentation import write_page
from ptarmigan.report.html import Child, Markup, image, table

SYNTHETIC = "synthetic"
"""The column that says which rows are made."""
PICTURES, ROWS, COLUMNS = 36, 8, 6
"""Shown on the page of what is real and of what is made."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Samples and their classes.

    Attributes:
        x: a frame, or images ``(n, height, width, channels)``.
        c: the number of the class of each.
        names: of the classes, sorted.
        judge: classifies such samples.
        write: puts samples, the numbers of their classes and how many of them are real where they belong.
        show: some samples, to be looked at.
    """

    x: Any
    c: Codes
    names: tuple[str, ...]
    judge: Judge
    write: Callable[[Any, Codes, Path], None]
    show: Callable[[Any], Markup]


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
    categorical: tuple[str, ...] = (),
    size: str = "",
    crop: bool = False,
    seed: int = 0,
    device: str = "auto",
    say: Callable[[str], None] = lambda words: None,
) -> tuple[Trial | None, str]:
    """Fill up rare classes, write what comes of it, and measure on repeated splits whether it helps.

    What is measured is also written as a page beside ``out``, whose name ends in .html.

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
        categorical: columns that are categories although they hold numbers.
        size: HxW, to resize images to.
        crop: cut images to that shape instead of squeezing.
        seed: names every random choice.
        device: where to train.
        say: is told what is done.

    Returns:
        What was measured, and lines that say what was written.

    Raises:
        FileNotFoundError: the data is not there.
        ValueError: it has no classes, or one only; or there is no such column, class or recipe.
    """
    if splits < 0:
        raise ValueError(f"--splits {splits}: it is 0 or more")
    rowwise = is_table(data, label)
    place = Path(out or ("augmented.csv" if rowwise else "augmented"))
    page = place.parent / f"{place.stem or 'augmented'}.html"
    check_vacant(place)
    if splits:
        check_vacant(page)
    given = rows(data, label, categorical, place) if rowwise else pictures(data, size, crop, place)
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
        found = tried(given.judge, sampler, given.x, given.c, given.names, rare, **told)
    say("all samples: GAN")
    x, c = sampler.fit_resample(given.x, given.c)
    given.write(x, c, place)
    counted = ", ".join(f"{n:,} of {given.names[i]}" for i, n in sampler.sampling_strategy_.items() if n)
    words = f"samples: {place} ({len(given.c):,} real; made: {counted or 'none, all classes have as many'})"
    if found is not None:
        write_page(page, data, found, len(c) - len(given.c), looks(given, x, c, rare))
        words += f"\nreport: {page}"
    return found, words


def looks(given: Labelled, x: Any, c: Codes, rare: int) -> dict[str, Markup]:
    """Real samples of a class and made ones, to be looked at; nothing where none were made."""
    places = np.flatnonzero(c == rare)
    real, made = places[places < len(given.c)], places[places >= len(given.c)]
    if not len(made):
        return {}
    name = given.names[rare]
    return {f"Real: {name}": given.show(taken(x, real)), f"Made: {name}": given.show(taken(x, made))}


def is_table(data: str, label: str) -> bool:
    """Whether it is rows; images have no column to name."""
    if label:
        return True
    if data in NAMES or data.lower().endswith(CSV):
        raise ValueError("name the column that holds the classes: --label")
    return False


def rows(data: str, label: str, categorical: tuple[str, ...], out: Path) -> Labelled:
    """The rows of a table, whose classes are in a column.

    Raises:
        ValueError: there is no such column, cells of it are missing, or ``out`` is no name of a table.
    """
    if not out.name.lower().endswith((".csv", *PARQUET)):
        raise ValueError(f"--out {out}: a table is written to a .csv or a .parquet")
    frame = Table(data).frame()
    names = {str(name): name for name in frame.columns}
    if label not in names:
        raise ValueError(f"--label {label}: there is no such column; there are {', '.join(names)}")
    if SYNTHETIC in names:
        raise ValueError(f"{data} has a column {SYNTHETIC!r} already: rename it")
    y = frame[names[label]]
    if y.isna().any():
        raise ValueError(f"--label {label}: {int(y.isna().sum()):,} cells are missing: drop their rows first")
    x = frame.drop(columns=names[label])
    found, first, c = np.unique(y.astype(str).to_numpy(str), return_index=True, return_inverse=True)

    def write(more: Any, codes: Codes, place: Path) -> None:
        real = np.arange(len(x))
        labels = y.iloc[np.concatenate([real, first[codes[len(x) :]]])].to_numpy()
        more.insert(frame.columns.get_loc(names[label]), names[label], labels)
        more = more.astype({names[label]: y.dtype}).assign(**{SYNTHETIC: np.arange(len(more)) >= len(x)})
        with create(place) as draft:
            if place.suffix.lower() == ".csv":
                more.to_csv(draft, index=False)
            else:
                more.to_parquet(draft, index=False)

    def show(some: Any) -> Markup:
        head = tuple(map(str, some.columns[:COLUMNS]))
        lines: list[tuple[Child, ...]] = [
            tuple(map(str, row)) for row in some.iloc[:ROWS, :COLUMNS].itertuples(index=False)
        ]
        return table(lines, head)

    return Labelled(x, c, tuple(map(str, found)), TableJudge(x, categorical), write, show)


def pictures(data: str, size: str, crop: bool, out: Path) -> Labelled:
    """Images with classes; those that a set holds out are not looked at.

    Raises:
        ValueError: they have no classes, or ``out`` is neither a folder nor an .npz.
    """
    if out.suffix.lower() not in ("", ".npz"):
        raise ValueError(f"--out {out}: images are written to a folder or an .npz")
    samples = Images(data, size=size, crop=crop).open(batch=1)
    samples.require_classes()
    labels, space = samples.source.labels, samples.space
    assert labels is not None
    assert isinstance(space, ImageSpace)
    occur, c = np.unique(labels, return_inverse=True)
    names = tuple(space.classes[i] for i in occur)
    x = samples.source.read(np.arange(len(samples)))

    def write(more: NDArray[Any], codes: Codes, place: Path) -> None:
        synthetic = np.arange(len(more)) >= len(x)
        with create(place) as draft:
            if place.suffix:
                with open(draft, "wb") as file:
                    np.savez(file, x=more, y=np.array(names)[codes], synthetic=synthetic)
                return
            for i, (pixels, code, made) in enumerate(zip(more, codes, synthetic, strict=True)):
                folder = draft / names[code].replace(os.sep, "_")
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{SYNTHETIC if made else 'real'}-{i:06d}.png").write_bytes(png(pixels))

    def show(some: NDArray[Any]) -> Markup:
        return image(grid(some[:PICTURES]), "samples in rows")

    return Labelled(x, c, names, ImageJudge(space), write, show)
