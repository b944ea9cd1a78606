"""Text from files of any form, and what is said of those that hold none."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pandas as pd
import pytest

from ptarmigan.modalities.recognise import recognise
from ptarmigan.modalities.registry import from_json
from ptarmigan.modalities.text.source import Text
from ptarmigan.modalities.text.tokens import EOS, PAD, UNK

LINES = ["a cat sits .", "a dog sits .", "a cat sleeps in the sun .", "the dog sleeps ."]


def opened(data, **options):
    return Text(data, **({"least": 1} | options)).open(batch=1)


def texts(samples):
    return samples.space.lines(samples.source.read(np.arange(len(samples.source))))


def test_lines_come_back_as_they_were(tmp_path):
    (tmp_path / "pets.txt").write_text("\n".join(LINES))
    samples = opened(tmp_path / "pets.txt")
    assert texts(samples) == LINES
    assert samples.space.length == 7
    assert samples.space.words == "sentences of at most 7 words, of 9 known ones"
    assert samples.held_out is samples.source  # of so few none are held out


def test_one_sentence_in_ten_is_held_out_and_never_learnt():
    samples = opened([f"this is number {i} ." for i in range(200)])
    held = samples.space.lines(samples.held_out.read(np.arange(20)))
    assert len(samples.held_out) == 20
    assert len(samples.source) == 180
    assert not set(held) & set(texts(samples))


def test_the_file_beside_a_train_file_is_held_out(tmp_path):
    (tmp_path / "pets_train.txt").write_text("\n".join(LINES))
    (tmp_path / "pets_test.txt").write_text("a cat sits in the moon\n")
    samples = opened(str(tmp_path / "pets_train.txt"))
    assert samples.space.lines(samples.held_out.read(np.arange(1))) == ["a cat sits in the <unk>"]
    assert any("pets_test.txt" in line for line in samples.understood)


def test_rare_words_are_unknown_and_are_counted(tmp_path):
    samples = Text(LINES).open(batch=1)
    assert set(samples.space.vocabulary) == {"a", "cat", "dog", "sits", "sleeps", "the", "."}
    raw = samples.source.read(np.arange(4))
    assert (raw == UNK).sum() == 2
    assert "10.5 % of 19 are not" in samples.understood[-1]


def test_long_sentences_are_cut_and_full_ones_have_no_end():
    samples = opened(LINES, longest=4)
    raw = samples.source.read(np.arange(4))
    assert texts(samples)[2] == "a cat sleeps in"
    assert not (raw == EOS).any()
    assert not samples.space.ends
    assert "1 of 4 sentences are longer than --longest" in samples.understood[-1]


def test_chinese_is_read_by_characters_without_being_told(tmp_path):
    lines = ["我喜欢猫", "猫在睡觉", "他喜欢狗"]
    (tmp_path / "zh.txt").write_text("\n".join(lines), encoding="utf-8")
    samples = opened(tmp_path / "zh.txt")
    assert samples.space.tokenizer == "characters"
    assert texts(samples) == lines


def test_a_vocabulary_from_a_file(tmp_path):
    (tmp_path / "vocab.txt").write_text("a\ncat\nsits\n.\n")
    samples = opened(LINES, tokenizer=str(tmp_path / "vocab.txt"))
    assert texts(samples)[:2] == ["a cat sits .", "a <unk> sits ."]


def test_special_tokens_in_a_text_are_unknown():
    samples = opened(["a <eos> b", "a <pad> b", "b a c"])
    assert texts(samples)[:2] == ["a <unk> b", "a <unk> b"]


def test_columns_labels_and_questions(tmp_path):
    frame = pd.DataFrame(
        {
            "text": ["a cat .", "a dog .", None, "two dogs ."],
            "kind": ["one", "one", "one", "many"],
            "n": range(4),
        }
    )
    frame.to_csv(tmp_path / "pets.csv", index=False)
    frame.to_parquet(tmp_path / "pets.parquet")
    records = [json.dumps(row, ensure_ascii=False) for row in frame.to_dict("records")]
    (tmp_path / "pets.jsonl").write_text("\n".join(records).replace("NaN", "null"))
    for name in ("pets.csv", "pets.parquet", "pets.jsonl"):
        samples = opened(tmp_path / name, label="kind")
        assert texts(samples) == ["a cat .", "a dog .", "two dogs ."], name
        assert samples.space.classes == ("many", "one")
        assert samples.source.labels.tolist() == [1, 1, 0]
        asked = opened(tmp_path / name, question="kind")
        assert texts(asked)[2] == "many\ttwo dogs ."
        assert asked.space.question == 1


def test_folders_are_splits_and_classes(tmp_path):
    for path in ("train/pos/a.txt", "train/neg/b.txt", "test/pos/c.txt"):
        (tmp_path / "films" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "films" / path).write_text(f"this is {path} .\n\n")
    samples = opened(tmp_path / "films")
    assert samples.space.classes == ("neg", "pos")
    assert len(samples.source) == 2
    assert len(samples.held_out) == 1
    with zipfile.ZipFile(tmp_path / "films.zip", "w") as archive:
        for path in sorted((tmp_path / "films").rglob("*.txt")):
            archive.write(path, str(path.relative_to(tmp_path)))
    assert texts(opened(tmp_path / "films.zip")) == texts(samples)
    assert recognise(str(tmp_path / "films.zip")).modality.name == "text"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.txt", b"\n  \n\t\n", "holds no sentence"),
        ("utf16.txt", "a cat\n".encode("utf-16-le"), "but UTF-16 or UTF-32, or no text"),
        ("utf32.txt", "a cat\n".encode("utf-32"), "but UTF-16 or UTF-32, or no text"),
        ("latin.txt", "caf\xe9 au lait".encode("latin-1"), r"no UTF-8 text \(line 1\)"),
        ("bad.jsonl", b'{"text": "a"}\n{"text"', "line 2 is no JSON"),
        ("list.jsonl", b"[1, 2]", "line 1 is no object"),
        ("numbers.csv", b"a,b\n1,2\n", "no column of text"),
        ("two.csv", b"a,b\nx,y\nz,w\n", "which column holds the text"),
        ("rare.txt", b"each word once", "no word occurs 2 times"),
        ("film.mp4", b"x", "is no text"),
    ],
)
def test_what_holds_no_text_is_refused_in_a_line(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=words) as caught:
        Text(str(tmp_path / name)).open(batch=1)
    assert "\n" not in str(caught.value)


def test_options_that_do_not_fit_are_refused(tmp_path):
    (tmp_path / "pets.txt").write_text("\n".join(LINES))
    with pytest.raises(ValueError, match=r"--label is for tables and \.jsonl"):
        opened(tmp_path / "pets.txt", label="kind")
    with pytest.raises(FileNotFoundError):
        opened(tmp_path / "nowhere.txt")
    with pytest.raises(ValueError, match="expected words, characters, auto"):
        opened(LINES, tokenizer="bytes")
    with pytest.raises(ValueError, match="--longest is 2 or more"):
        opened(LINES, longest=1)


def test_a_text_with_byte_order_marks_and_a_packed_one(tmp_path):
    import gzip

    (tmp_path / "pets.txt").write_bytes("\n".join(LINES).encode("utf-16"))
    assert texts(opened(tmp_path / "pets.txt")) == LINES
    (tmp_path / "packed.txt.gz").write_bytes(gzip.compress("\n".join(LINES).encode("utf-8-sig")))
    assert texts(opened(tmp_path / "packed.txt.gz")) == LINES
    assert recognise(str(tmp_path / "packed.txt.gz")).modality.name == "text"


def test_a_table_is_text_where_a_person_says_so(tmp_path):
    pd.DataFrame({"text": LINES}).to_csv(tmp_path / "pets.csv", index=False)
    assert recognise(str(tmp_path / "pets.csv")).modality.name == "table"
    assert recognise(str(tmp_path / "pets.csv"), "text").modality.name == "text"
    assert recognise(LINES).modality.name == "text"


def test_whatever_a_network_gives_is_decoded():
    import torch

    space = opened(LINES).space
    x = torch.tensor([[4.0, float(EOS), 5.0, 99.0, float("nan"), -3.0, 4.2]])
    assert space.decode(x).tolist() == [[4, EOS, PAD, PAD, PAD, PAD, PAD]]


def test_a_space_with_questions_and_classes_is_kept():
    space = opened(LINES).space
    assert from_json(json.loads(json.dumps(space.to_json()))) == space


def test_embeddings_tell_words_and_their_order_apart():
    samples = opened([*LINES, "a dog sits on a cat .", "a cat sits on a dog ."])
    found = samples.space.embed(samples.space.encode(samples.source.read(np.arange(6))))
    distances = np.linalg.norm(found[:, None] - found[None], axis=2)
    assert distances[4, 5] > 0.5
    assert distances[0, 1] < distances[0, 3]


def test_a_data_frame_is_read_and_what_a_file_names_is_said() -> None:
    frame = pd.DataFrame({"text": ["a cat sat", "a dog ran"] * 20})
    samples = Text(frame).open(batch=2)
    assert len(samples) == 40
    assert samples.named == (
        "it names every token that occurs 2 times or more: --least 5 leaves out those of fewer",
    )
    assert Text().open(batch=2).named == ()


def test_a_string_of_json_may_hold_other_ends_of_lines_and_halves_of_surrogate_pairs(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a\u2028b"}\n{"text": "a\x85b"}\n{"text": "a \\ud800 b"}\n')
    samples = opened(tmp_path / "a.jsonl")
    assert texts(samples) == ["a b", "a b", "a \ufffd b"]
    samples.space.writers()[".txt"].write(tmp_path / "b.txt", iter([samples.source.read(np.arange(3))]), 3)
    assert (tmp_path / "b.txt").read_text(encoding="utf-8").splitlines()[2] == "a \ufffd b"


def test_a_huge_line_is_cut_and_a_huge_word_is_unknown():
    samples = opened(["a b " * 200_000, "a " + "x" * 2_000_000, "a b"], tokenizer="words")
    assert samples.space.length == 64
    assert set(samples.space.vocabulary) == {"a", "b"}
    assert texts(samples)[1] == "a <unk>"


def test_held_out_text_of_unknown_words_alone_is_refused_and_their_share_is_said(tmp_path):
    for name, line in (("train", "a b"), ("strange", "x y"), ("half", "a y")):
        (tmp_path / f"{name}.txt").write_text(line)
    with pytest.raises(ValueError, match="no token that the text to learn from has"):
        opened(tmp_path / "train.txt", held_out=str(tmp_path / "strange.txt"))
    half = opened(tmp_path / "train.txt", held_out=str(tmp_path / "half.txt"))
    assert "and 50 % of those held out" in half.understood[-1]
