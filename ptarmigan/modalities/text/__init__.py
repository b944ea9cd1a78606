"""Text: sentences of words or of characters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ptarmigan.data.glimpse import endings, file_of, text_of
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.modality import Description, Modality
from ptarmigan.modalities.text.files import LINES, OBJECTS, PACKED
from ptarmigan.modalities.text.grammar import NAMES
from ptarmigan.modalities.text.source import Text
from ptarmigan.modalities.text.space import TextSpace


def recognise(data: Any) -> str:
    """The named set, strings, a file of lines or of JSON lines, or a folder that holds mostly ``.txt`` files.

    A table with a column of text is a table: that it is text is said by ``--kind``.
    """
    if text_of(data) in NAMES:
        return f"the set {data}"
    if isinstance(data, list | tuple) and data and all(isinstance(one, str) for one in data):
        return f"{len(data):,} strings"
    path = file_of(data)
    if path is None or not path.suffix:
        return in_files(data)
    name = path.name.lower()
    form = Path(name.removesuffix(path.suffix.lower()) if name.endswith(PACKED) else name).suffix
    if form in LINES:
        return "a file of lines"
    return "a file of JSON lines" if form in OBJECTS else in_files(data)


def in_files(data: Any) -> str:
    """Why a folder or an archive holds text."""
    found = endings(data)
    count = sum(found[ending] for ending in LINES)
    return f"{count:,} text file{'s' * (count > 1)}" if 2 * count > found.total() else ""


def describe(options: Text) -> Description:
    """Count, lengths, vocabulary, duplicates and classes."""
    from ptarmigan.modalities.text.describe import describe_text

    return describe_text(options)


def example(place: Path) -> Any:
    """Sentences of a grammar, one a line."""
    from ptarmigan.modalities.text.grammar import sentences

    (place / "sentences.txt").write_text("\n".join(sentences(200)[0]) + "\n", encoding="utf-8")
    return str(place / "sentences.txt")


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """BLEU, self-BLEU, perplexities, a Fréchet distance and copies, beside n-gram samplers."""
    from ptarmigan.modalities.text.evaluate import evaluator as of_text

    return of_text(samples, request)


def between(
    real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """Both in one vocabulary, which holds every token of them."""
    from ptarmigan.modalities.text.evaluate import between as of_both

    return of_both(real, fake, request, options)


MODALITY = Modality(
    name="text",
    plural="sentences",
    takes=f"{', '.join(NAMES)}, a .txt file (a sentence a line), .jsonl, a folder of .txt files; with --kind "
    "text also a .csv, .tsv or .parquet file with a column of text",
    space=TextSpace,
    options=Text,
    recognise=recognise,
    sets=NAMES,
    look=describe,
    example=example,
    evaluator=evaluator,
    between=between,
    ending=".txt",
    scored_by=("held_out",),
    recipe="text.mle",
    recipes="ptarmigan.zoo.text",
)
