"""tokenizer.json: what ``tokenizers`` makes of it is what we make of a sentence, and it is read again."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tokenizers import Tokenizer

from ptarmigan import api
from ptarmigan.modalities.text.source import Text
from ptarmigan.modalities.text.tokenizer_json import read_tokenizer, tokenizer_json
from ptarmigan.modalities.text.tokens import PAD

WORDS = ["The cat  is here .", "a\tdog , a Cat", "the dog is  the cat\u3000."]
CHINESE = ["一只猫在这里", "狗 在  那里", "猫不在"]


@pytest.mark.parametrize(
    ("texts", "options"),
    [
        (WORDS, {}),
        (WORDS, {"lower": True}),
        (WORDS, {"tokenizer": "characters"}),
        (CHINESE, {}),
        (["one two", "two one"], {}),
    ],
)
def test_tokenizers_makes_the_same_of_a_sentence(texts, options, tmp_path):
    space = Text(texts, least=1, **options).open(batch=1).space
    theirs = Tokenizer.from_str(tokenizer_json(space).decode())
    others = ["a fish is here .", "  the\x1ccat 猫 b\x85a", *texts]
    for text, row in zip(others, space.number(others, space.length), strict=True):
        found = theirs.encode(text)
        assert found.ids[: space.length] == row[row != PAD].tolist()
    ids = theirs.encode(texts[0]).ids
    assert [theirs.decode(ids)] == space.texts(np.array([ids], np.int32))
    (tmp_path / "tokenizer.json").write_bytes(tokenizer_json(space))
    assert read_tokenizer(tmp_path / "tokenizer.json") == (space.vocabulary, space.tokenizer)


def test_it_stands_beside_a_run_and_another_run_reads_it(tmp_path):
    (tmp_path / "pets.txt").write_text("\n".join(["a cat", "a dog", "the cat"] * 20))
    options = {"steps": 2, "width": 2, "hidden": 2, "batch": 4, "score_every": 0}
    api.train("text.mle", data=str(tmp_path / "pets.txt"), out=tmp_path / "run", **options)
    file = tmp_path / "run" / "tokenizer.json"
    assert Tokenizer.from_file(str(file)).encode("the dog").tokens == ["the", "dog", "<eos>"][:2]
    assert Text(["dog dog"], tokenizer=str(file)).open(batch=1).space.vocabulary == ("a", "cat", "dog", "the")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[1]", "is no tokenizer.json"),
        ("{", "is no tokenizer.json: Expecting"),
        (json.dumps({"model": {"type": "BPE", "vocab": {"a": 1}}}), "parts of words \\(BPE\\)"),
        (json.dumps({"model": {"type": "WordLevel", "vocab": {"a": "1"}}}), "is no tokenizer.json"),
        (json.dumps({"model": {"type": "WordLevel", "vocab": {"<pad>": 0}}}), "knows no token"),
        (json.dumps({"model": {"type": "WordLevel", "vocab": {"a b": 0}}}), "with a blank"),
    ],
)
def test_what_is_no_tokenizer_of_words_is_refused(content, why, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=why):
        Text(WORDS, tokenizer=str(path)).open(batch=1)
