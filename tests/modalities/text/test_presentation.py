"""Sentences as people see them: copies and repeats are marked, unknown words too, and nothing runs."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ptarmigan.modalities.text.presentation import COPY, REPEAT, WIDE, marks, shown
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.tokens import UNK
from ptarmigan.tasks.write import write_samples

SPACE = TextSpace(("a", "cat", "<script>", "sits", "猫"), 6, "words")


@pytest.fixture
def raw():
    return SPACE.number(["a cat sits", "a cat sits", "a dog sits", "<script> 猫", "cat"], SPACE.length)


def test_copies_and_repeats_are_marked(raw):
    assert marks(raw, None) == ["", REPEAT, "", "", ""]
    assert marks(raw, raw[3:]) == ["", REPEAT, "", COPY, COPY]


def test_html_marks_what_is_unknown_and_runs_nothing(raw):
    page = SPACE.html(raw)
    assert page.count("<li>") == 5
    assert "a <mark>&lt;unk&gt;</mark> sits" in page
    assert f"({REPEAT})" in page
    assert "<script>" not in page


def test_long_sentences_are_broken_and_strange_characters_are_shown():
    rows = list(shown(["word " * 60, "a\x1b[31m b\tc"], [COPY, ""], "black"))
    assert all(len(line) <= WIDE + 4 for line, _ in rows)
    assert any(COPY in line for line, _ in rows)
    assert rows[-1][0] == "a\\x1b[31m b → c"


def test_pictures_grow_with_the_sentences(raw):
    one, five = SPACE.render(raw[:1]), SPACE.render(raw)
    assert five.size[1] > one.size[1]
    assert np.asarray(five).min() < 100
    assert SPACE.render(raw, raw).size[1] > five.size[1]


@pytest.mark.parametrize("form", [".txt", ".jsonl", ".csv", ".npy"])
def test_what_is_written_a_few_at_a_time_is_whole(raw, tmp_path, form):
    out = tmp_path / f"made{form}"
    said = write_samples(SPACE, iter([raw[:2], raw[2:]]), 5, out)
    assert "5" in said
    if form == ".npy":
        np.testing.assert_array_equal(np.load(out), raw)
    elif form == ".txt":
        assert out.read_text(encoding="utf-8").splitlines() == SPACE.lines(raw)
    elif form == ".jsonl":
        lines = out.read_text(encoding="utf-8").splitlines()
        assert [json.loads(line)["text"] for line in lines] == SPACE.lines(raw)
        assert "猫" in lines[3]
    else:
        assert out.read_text(encoding="utf-8").splitlines()[1:] == SPACE.lines(raw)


def test_questions_stand_before_their_answers(tmp_path):
    space = replace(SPACE, question=3)
    raw = np.concatenate([space.number(["cat"], 3), space.number(["a cat sits"], 6)], 1)
    assert space.lines(raw) == ["cat\ta cat sits"]
    assert list(space.records(raw)) == [{"question": "cat", "text": "a cat sits"}]
    assert space.scored(raw).shape == (1, 6)
    assert (space.decode(space.encode(raw)) == raw).all()
    assert "cat → a cat sits" in space.html(raw)


def test_characters_are_joined_without_blanks():
    space = TextSpace(tuple("ab "), 5, "characters")
    assert space.texts(space.number(["ab  a", "b"], 5)) == ["ab a", "b"]
    assert (space.number(["x"], 5)[0, 0]) == UNK
