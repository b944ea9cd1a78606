"""What text holds, for people."""

from __future__ import annotations

import numpy as np

from ptarmigan.data.permutation import permute
from ptarmigan.modalities.describe import class_counts, counted
from ptarmigan.modalities.modality import Description
from ptarmigan.modalities.text.source import Text
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.tokens import UNK
from ptarmigan.modalities.text.vocabulary import lengths

PREVIEW = 24
COMMON = 10


def describe_text(options: Text) -> Description:
    """Count, lengths, vocabulary, unknown tokens, duplicates, classes, and how clean the split is."""
    samples = options.open(batch=1)
    space, source = samples.space, samples.source
    assert isinstance(space, TextSpace)
    raw = source.read(np.arange(len(source)))
    sentences = space.scored(raw)
    long = lengths(sentences)
    known = {row.tobytes() for row in raw}
    split = samples.held_out is not source
    others = samples.held_out.read(np.arange(len(samples.held_out))) if split else raw[:0]
    again = sum(row.tobytes() in known for row in others)
    classes = class_counts(source)
    rows = [
        ("kind", "text"),
        ("count", f"{len(raw):,}" + (f" and {len(others):,} held out" if split else "")),
        ("length", f"{long.min()} to {long.max()} {space.tokenizer}, {long.mean():.3g} on average"),
        ("questions", f"at most {space.question} {space.tokenizer}" if space.question else ""),
        ("vocabulary", f"{len(space.vocabulary):,}: {', '.join(space.vocabulary[:COMMON])}, …"),
        (
            "unknown",
            f"{(sentences == UNK).any(1).mean():.2%} of the sentences have a token that is not known",
        ),
        ("duplicates", f"{len(raw) - len(known):,} equal an earlier sample"),
        ("held out", f"{again:,} are among those to learn from" if split else ""),
        ("classes", f"{len(classes)}: {counted(classes)}" if classes else "no labels"),
    ]
    lines = [f"{name:<12}{value}" for name, value in rows if value]
    some = permute(np.arange(min(PREVIEW, len(raw))), len(raw), "preview")
    return Description([*lines, *samples.understood], space.render(raw[some]))
