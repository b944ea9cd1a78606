"""The card of a run: a page in Markdown that says what it is, how it is used and how good it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ptarmigan.core.text import printable
from ptarmigan.evaluation.markdown import inline, table
from ptarmigan.modalities.registry import from_json


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
        "## Scores\n\n" + table(scores, "push"),
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


def made(config: Mapping[str, Any]) -> str:
    """The options and versions."""
    options = {name: value for name, value in config.get("options", {}).items() if name != "data"}
    words = json.dumps(options, ensure_ascii=True).replace("```", "'''")
    versions = config.get("versions") or {}
    said = ", ".join(f"{inline(name)} {inline(value)}" for name, value in versions.items())
    return f"```json\n{words}\n```" + (f"\n\nVersions: {said}." if said else "")
