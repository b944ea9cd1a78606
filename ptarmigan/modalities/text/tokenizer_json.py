"""``tokenizer.json``: a vocabulary in the form that ``tokenizers`` and ``transformers`` read, and back.

    tokenizers.Tokenizer.from_file("runs/pets/tokenizer.json").encode("the cat .").ids

The ids of a sentence are those of its row, with the end after the last token; a row has no end where a
sentence is as long as the longest, or longer.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ptarmigan.core.errors import one_line
from ptarmigan.media.plain import read_json
from ptarmigan.modalities.text.encoding import TextEncoding
from ptarmigan.modalities.text.tokens import CHARACTERS, EOS, SPECIAL, UNK, WORDS

NAME = "tokenizer.json"
BLANKS = r"[\s\x{1c}-\x{1f}\x{85}]+"
"""What stands between words, as ``str.split`` has it, for Oniguruma."""
CHARACTER = {"type": "Split", "pattern": {"Regex": r"(?m:.)"}, "behavior": "Isolated", "invert": False}


def tokenizer_json(space: TextEncoding) -> bytes:
    """The file of a space's vocabulary."""
    known = (*SPECIAL, *space.vocabulary)
    steps: list[dict[str, Any]] = [
        {"type": "Replace", "pattern": {"Regex": BLANKS}, "content": " "},
        {"type": "Strip", "strip_left": True, "strip_right": True},
        *([{"type": "Lowercase"}] if space.lower else []),
    ]
    characters = space.tokenizer == CHARACTERS
    whole = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [special(i) for i in range(len(SPECIAL))],
        "normalizer": {"type": "Sequence", "normalizers": steps},
        "pre_tokenizer": CHARACTER if characters else {"type": "WhitespaceSplit"},
        "post_processor": ended() if space.ends else None,
        "decoder": {"type": "Fuse"} if characters else None,
        "model": {
            "type": "WordLevel",
            "vocab": {token: i for i, token in enumerate(known)},
            "unk_token": SPECIAL[UNK],
        },
    }
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def special(i: int) -> dict[str, Any]:
    """A special token."""
    sides = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": i, "content": SPECIAL[i], **sides, "special": True}


def ended() -> dict[str, Any]:
    """An end after every sentence."""
    end, sentence = SPECIAL[EOS], {"Sequence": {"id": "A", "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [sentence, {"SpecialToken": {"id": end, "type_id": 0}}],
        "pair": [sentence, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {end: {"id": end, "ids": [EOS], "tokens": [end]}},
    }


def read_tokenizer(path: Path) -> tuple[tuple[str, ...], str]:
    """The tokens in such a file, and the tokenizer that makes them.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no tokenizer, or one of parts of words.
    """
    try:
        whole = read_json(path)
    except ValueError as error:
        raise ValueError(f"{path} is no tokenizer.json: {one_line(error)}") from None
    model, split = (part(whole, name) for name in ("model", "pre_tokenizer"))
    known, kind = part(model, "vocab"), str(model.get("type"))
    if kind in ("BPE", "Unigram", "WordPiece"):
        raise ValueError(
            f"{path} is a tokenizer of parts of words ({kind}), and these are not read: give one of "
            "whole words (WordLevel), or a .txt file, a word a line"
        )
    if kind != "WordLevel" or not all(type(i) is int for i in known.values()):
        raise ValueError(f"{path} is no tokenizer.json, as the library tokenizers writes it")
    tokens = [token for token in sorted(known, key=lambda token: int(known[token])) if token not in SPECIAL]
    if not tokens:
        raise ValueError(f"{path} knows no token")
    if split.get("type") == "Split":
        return tuple(tokens), CHARACTERS
    if wide := next((token for token in tokens if len(token.split()) != 1), None):
        raise ValueError(f"{path} has a word with a blank: {wide!r}")
    return tuple(tokens), WORDS


def part(whole: Any, name: str) -> dict[str, Any]:
    """An object in an object; an empty one where there is none."""
    found = whole.get(name) if isinstance(whole, dict) else None
    return found if isinstance(found, dict) else {}
