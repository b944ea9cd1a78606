"""The card of a run: a page in Markdown that says what it is, how it is used and how good it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ptarmigan.core.text import printable
from ptarmigan.modalities.registry import from_json

SCORE = "`ptarmigan score RUN`, then push."


def card(
    config: Mapping[str, Any],
    scores: Mapping[str, Any] | None,
    repo: str,
    *,
    license: str = "",
    picture: bool = False,
    own: bool = False,
) -> str:
    """The card as Markdown, with front matter as the Hub reads it.

    Args:
        config: the description in the weights file.
        scores: as scores.json has them; None where there are none.
        repo: ``user/name``.
        license: of the weights.
        picture: ``samples.png`` is beside it.
        own: its recipe is a file of somebody's own.
    """
    recipe = str(config["recipe"])
    step = config.get("step")
    parts = [
        front_matter(recipe, license),
        f"# {inline(repo.split('/')[1])}",
        f"A run of `{inline(recipe)}`, trained with ptarmigan"
        + (f" for {step:,} steps" if isinstance(step, int) else "")
        + f". Its samples are {inline(from_json(config['space']).words)}.",
        "![Samples of the EMA weights](samples.png)" if picture else "",
        "## Use\n\n" + usage(repo, own),
        "## Scores\n\n"
        + (table(scores) if scores else "It has not been scored: `ptarmigan score RUN`, then push."),
        "## How it was made\n\n" + made(config),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def front_matter(recipe: str, license: str) -> str:
    """What the Hub reads; JSON is YAML."""
    known: dict[str, Any] = {"library_name": "ptarmigan", "tags": ["ptarmigan", "gan", printable(recipe)]}
    if license:
        known["license"] = printable(license)
    return "\n".join(["---", *(f"{name}: {json.dumps(value)}" for name, value in known.items()), "---"])


def usage(repo: str, own: bool) -> str:
    """How it is used, on the command line and in Python."""
    more = " --recipe mine.py" if own else ""
    note = (
        "Its recipe is a file of its author's, which is not here: ask for it, read it, and name it.\n\n"
        if own
        else ""
    )
    given = ", recipe='mine.py'" if own else ""
    return (
        f"{note}```bash\npip install 'ptarmigan[hub]'\nptarmigan sample hf://{repo}{more} --n 64\n```\n\n"
        "```python\nimport ptarmigan\n\n"
        f'samples = ptarmigan.load("hf://{repo}"{given}).sample(64, seed=0)\n```\n\n'
        "`hf://user/name@COMMIT` pins it. Only safetensors and JSON are read: no code comes from here."
    )


def table(scores: Mapping[str, Any]) -> str:
    """Scores beside those of real samples and of trivial generators, and how they were measured."""
    entries: Mapping[str, Any] = scores["scores"]
    others = list(dict.fromkeys(name for one in entries.values() for name in one.get("baselines") or {}))
    head = ["Score", "This run", "±", "Real samples", *map(inline, others), "Better when"]
    rows = [head, ["---"] * len(head)]
    for name, one in entries.items():
        beside = [(one.get("baselines") or {}).get(other) for other in others]
        numbers = map(number, [one.get("value"), one.get("error"), one.get("floor"), *beside])
        rows.append(
            [inline(name), *numbers, inline(str(one.get("direction") or "–").removesuffix(" is better"))]
        )
    count = f"Of {scores['samples']:,} samples. " if isinstance(scores.get("samples"), int) else ""
    protocols = list(dict.fromkeys(str(one.get("protocol") or "") for one in entries.values()))
    said = [f"- {inline(words)}" for words in protocols if words]
    without = "" if others else f"\n\nTrivial generators were not scored: {SCORE}"
    lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{lines}\n\n{count}How it was measured:\n\n" + "\n".join(said or ["- not known"]) + without


def made(config: Mapping[str, Any]) -> str:
    """The options and versions."""
    options = {name: value for name, value in config.get("options", {}).items() if name != "data"}
    words = json.dumps(options, ensure_ascii=True).replace("```", "'''")
    versions = config.get("versions") or {}
    said = ", ".join(f"{inline(name)} {inline(value)}" for name, value in versions.items())
    return f"```json\n{words}\n```" + (f"\n\nVersions: {said}." if said else "")


def number(value: object) -> str:
    """A number of a table."""
    return f"{value:.4g}" if isinstance(value, int | float) else "–"


def inline(words: object) -> str:
    """Text of anybody as Markdown that only shows it."""
    return re.sub(r"([\\`*_\[\]<>|#&!$~])", r"\\\1", printable(str(words)))
