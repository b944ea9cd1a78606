"""Tables: rows of columns of numbers, dates and categories, some of them missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ptarmigan.data.glimpse import file_of, is_frame, names_in, text_of
from ptarmigan.data.reading import Reading
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.labelled import Labelled
from ptarmigan.modalities.modality import Description, Modality
from ptarmigan.modalities.table.source import CSV, NAMES, PARQUET, Table, holds_columns
from ptarmigan.modalities.table.space import TableSpace


def recognise(data: Any) -> str:
    """A data frame, a set by name, or a file whose columns have names."""
    if text_of(data) in NAMES:
        return f"the set {data}"
    if is_frame(data):
        return f"a data frame of {len(data.columns):,} columns"
    path = file_of(data)
    if path is None:
        return ""
    name = path.name.lower()
    if name.endswith(PARQUET):
        return "a Parquet file of columns" if holds_columns(path) else ""
    if not name.endswith(CSV):
        return ""
    if not name.endswith(".csv"):
        return "a file of columns"
    columns = names_in(path)
    return f"a csv of {len(columns):,} named columns" if columns else ""


def describe(options: Table) -> Description:
    """Every column: what it is taken for, missing cells, distinct values, and what it holds."""
    from ptarmigan.modalities.table.describe import described_table

    return Description(*described_table(options))


def example(place: Path) -> Any:
    """A csv of two columns of numbers and one of categories."""
    lines = [f"{20 + i % 40},{i * 1.5},{'ab'[i % 2]}" for i in range(64)]
    (place / "people.csv").write_text("\n".join(["age,income,group", *lines]) + "\n")
    return str(place / "people.csv")


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """Shapes, trends, a classifier, copies and distances."""
    from ptarmigan.modalities.table.evaluate import evaluator as of_rows

    return of_rows(samples, request)


def between(
    real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """Both in one space: what is a value in one of them is a value in all."""
    from ptarmigan.modalities.table.evaluate import between as of_both

    return of_both(real, fake, request, options)


def labelled(data: Any, out: Path, label: str, **options: Any) -> Labelled:
    """Samples with classes, some of them rare."""
    from ptarmigan.modalities.table.labelled import labelled as with_classes

    return with_classes(data, out, label, **options)


MODALITY = Modality(
    name="table",
    plural="rows of a table",
    takes="iris, wine, a .csv or .tsv whose first line names the columns, .parquet, or a data frame",
    space=TableSpace,
    options=Table,
    recognise=recognise,
    sets=NAMES,
    look=describe,
    example=example,
    evaluator=evaluator,
    labelled=labelled,
    ending=".csv",
    between=between,
    scored_by=("held_out", "target", *(field.name for field in fields(Reading))),
    recipe="table.tvae",
    recipes="ptarmigan.zoo.table",
)
