"""What the documentation says is done, block by block.

Python blocks of a page share a namespace; ``ptarmigan`` lines of shell blocks are run between them, in a
folder of the page's own, in which no training is longer than sixty steps: that a command works is seen after
them. Two comments right above a block change that: ``<!-- not run: reason -->``, and
``<!-- file: mine.py -->``, which makes a file of it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, environment
from forked import Starter

PAGES = sorted(
    p for p in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")] if p.exists()
)
SECONDS, STEPS = 240, 60
NOT_OURS = ("make", "pip", "git", "cd", ".", "source")
FENCE = re.compile(
    r"(?:^<!-- (?P<order>not run|file): (?P<what>[^\n]+?) -->\n)?"
    r"^```(?P<language>python|bash|console|sh|shell)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int
    order: str | None = None
    what: str | None = None


def blocks(page: str) -> list[Block]:
    return [
        Block(m["language"], m["text"], page.count("\n", 0, m.start("text")) + 1, m["order"], m["what"])
        for m in FENCE.finditer(page)
    ]


def commands(block: Block) -> Iterator[list[str]]:
    """The commands of a shell block; a console's lines without ``$`` are what they print."""
    for line in block.text.replace("\\\n", " ").splitlines():
        if block.language == "console" and not line.startswith("$ "):
            continue
        words = shlex.split(line.removeprefix("$ "), comments=True)
        if words:
            yield words


def carry_out(page: Path, folder: Path, starter: Starter) -> None:
    """Do what the page says.

    Raises:
        AssertionError: a command failed, or is none that can be tried.
    """
    names: dict[str, Any] = {"__name__": "__docs__"}
    for block in blocks(page.read_text()):
        where = f"{page.name}:{block.line}"
        if block.order == "file":
            (folder / block.what).write_text(block.text)
        elif block.order == "not run":
            continue
        elif block.language == "python":
            exec(compile("\n" * (block.line - 1) + block.text, page.name, "exec"), names)
        else:
            for words in commands(block):
                shell(words, folder, where, starter)


def shell(words: list[str], folder: Path, where: str, starter: Starter) -> None:
    if words[0] in NOT_OURS:
        return
    assert words[0] == "ptarmigan", f"{where}: {words[0]} is not run: mark the block"
    done = starter(shortened(words[1:]), folder, environment(), SECONDS)
    assert done.returncode == 0, f"{where}: {shlex.join(words)}\n{done.stdout}\n{done.stderr}"


def shortened(words: list[str]) -> list[str]:
    """The same command, with as many steps as a test has time for."""
    said = ["", *words[:-1]]
    return [
        str(min(int(word), STEPS)) if before == "--steps" else word
        for before, word in zip(said, words, strict=True)
    ]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_page_does_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starter: Starter
) -> None:
    monkeypatch.chdir(tmp_path)
    carry_out(page, tmp_path, starter)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_page_links_to_what_is_there(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text())
    assert [t for t in targets if not (page.parent / t).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_block_of_the_page_escapes(page: Path) -> None:
    text = page.read_text()
    opened = re.findall(r"^\s*```(?:python|bash|console|sh|shell)\b", text, re.MULTILINE)
    assert len(blocks(text)) == len(opened)


@pytest.mark.parametrize(
    "text",
    [
        "```python\nassert 1 == 2\n```\n",
        "```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n",
        "```bash\nptarmigan trian image.dcgan\n```\n",
        "```bash\nptarmigan show \\\n  nothing.there\n```\n",
        "```console\n$ ptarmigan show nothing.there\nwhat it prints\n```\n",
        "```bash\nrm -rf runs\n```\n",
        "<!-- not run: reason -->\n\n```python\nassert False\n```\n",
    ],
)
def test_a_page_that_is_wrong_is_found(tmp_path: Path, text: str, starter: Starter) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(AssertionError):
        carry_out(page, tmp_path, starter)


def test_a_page_that_is_right_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starter: Starter
) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- file: mine.py -->\n```python\nanswer = 42\n```\n"
        "```python\nimport runpy\nfound = runpy.run_path('mine.py')\n```\n"
        "```python\nassert found['answer'] == 42\n```\n"
        "<!-- not run: needs a GPU -->\n```bash\nnvidia-smi\n```\n"
        "```console\n$ ptarmigan copy image.gan made.py  # a comment\nwhat it prints\n$ make test\n```\n"
        "```text\nnot python\n```\n"
    )
    monkeypatch.chdir(tmp_path)
    carry_out(page, tmp_path, starter)
    assert (tmp_path / "made.py").exists()
