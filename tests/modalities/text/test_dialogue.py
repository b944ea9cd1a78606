"""Answers to questions: learnt, asked for, saved, and refused where there is nothing to answer."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from ptarmigan import api
from ptarmigan.modalities.text.grammar import dialogues
from ptarmigan.modalities.text.source import Text
from ptarmigan.modalities.text.tokens import EOS, PAD
from ptarmigan.trained import load
from ptarmigan.training.options import build
from ptarmigan.zoo.text import dialogue, mle


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "talks"
    options = {"width": 48, "hidden": 96, "steps": 500, "batch": 32, "score_every": 0, "lr": 5e-3}
    api.train("text.dialogue", out=str(out), quiet=True, vitals=False, pretraining=0.8, **options)
    return out


def test_answers_are_to_the_question(run):
    trained, space = load(run), load(run).space
    raw = trained.sample(40, given="does the bird see the dog ?", temperature=0.5)
    lines = space.lines(raw)
    assert {line.split("\t")[0] for line in lines} == {"does the bird see the dog ?"}
    answers = [line.split("\t")[1].split() for line in lines]
    assert np.mean([{"bird", "dog"} <= set(answer) for answer in answers]) > 0.5
    np.testing.assert_array_equal(
        trained.sample(9, given="does the bird see the dog ?", temperature=0.5), raw[:9]
    )


def test_without_a_question_those_of_the_data_are_answered(run):
    space = load(run).space
    asked = {line.split("\t")[0] for line in space.lines(load(run).sample(50))}
    known = set(dialogues(4_000)[0])
    assert len(asked) > 10
    assert asked <= known


def test_what_is_said_on_the_command_line(run, tmp_path, cli):
    made = tmp_path / "a.jsonl"
    assert (
        cli(
            "sample", str(run), "--given", "does the cat see the dog ?", "--n", "3", "--out", str(made)
        ).returncode
        == 0
    )
    records = [json.loads(line) for line in made.read_text().splitlines()]
    assert [record["question"] for record in records] == ["does the cat see the dog ?"] * 3
    for given, words in (("", "the question is empty"), ("xyzzy plugh", "no word of the question")):
        found = cli("sample", str(run), "--given", given, "--out", str(tmp_path / "b.txt"))
        assert found.returncode == 2
        assert words in found.stderr
        assert len(found.stderr.strip().splitlines()) == 1


def test_data_without_questions_is_refused():
    with pytest.raises(ValueError, match="--question"):
        build(dialogue.recipe, {**dialogue.small, "data": "grammar"})
    with pytest.raises(ValueError, match="leave the other out"):
        Text(["a b", "c d"], question="q", label="l").open(batch=1)


def test_a_question_without_an_answer_is_left_out(tmp_path):
    lines = [{"question": "who ?", "text": "me ."}, {"question": "why ?", "text": ""}, {"question": "how ?"}]
    (tmp_path / "talk.jsonl").write_text("\n".join(map(json.dumps, lines)))
    samples = Text(str(tmp_path / "talk.jsonl"), question="question", least=1).open(batch=1)
    assert samples.space.lines(samples.source.read(np.arange(len(samples)))) == ["who ?\tme ."]
    assert "2 lines are empty" in samples.understood[-1]


def test_other_systems_learn_answers_alone_of_questions():
    with pytest.raises(ValueError, match=r"text\.dialogue"):
        build(mle.recipe, {**mle.small, "data": "dialogue"})


def test_padding_of_a_question_is_not_seen():
    game = build(dialogue.recipe, dict(dialogue.small)).game.eval()
    asked = torch.tensor([[4, 5, EOS, PAD, PAD, PAD, PAD]])[:, : game.question]
    memory = game.generator.encode(asked)
    states = torch.randn(1, 3, memory.shape[2])
    torch.testing.assert_close(
        game.generator.features(states, memory), game.generator.features(states, memory[:, :3])
    )
