"""Pictures with captions, in every form in which people have them."""

from __future__ import annotations

import json
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ptarmigan.data.blank import Blank
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.text.tokens import CHARACTERS, PLAIN
from ptarmigan.tasks.caption.source import Captions

WORDS = {"a": "A red apple.", "b": "a green leaf", "c": "a red leaf"}
SHADES = {name: 60 * i + 30 for i, name in enumerate(WORDS)}


def draw(place: Path) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    for name, shade in SHADES.items():
        Image.fromarray(np.full((8, 8, 3), shade, np.uint8)).save(place / f"{name}.png")
    return place


def beside(place: Path) -> Path:
    draw(place)
    for name, words in WORDS.items():
        (place / f"{name}.txt").write_text(words + "\n", "utf-8")
    return place


def in_csv(place: Path) -> Path:
    rows = "".join(f'{name}.png,"{words}"\n' for name, words in WORDS.items())
    (draw(place) / "metadata.csv").write_text("file_name,text\n" + rows, "utf-8")
    return place


def in_lines(place: Path) -> Path:
    rows = (json.dumps({"file_name": f"{name}.png", "caption": words}) for name, words in WORDS.items())
    (draw(place) / "list.jsonl").write_text("\n".join(rows), "utf-8")
    return place / "list.jsonl"


def zipped(place: Path) -> Path:
    files = beside(place / "files")
    with zipfile.ZipFile(place / "all.zip", "w") as archive:
        for file in files.iterdir():
            archive.write(file, f"pictures/{file.name}")
    return place / "all.zip"


def in_shards(place: Path) -> str:
    files = draw(place / "files")
    for i, (name, words) in enumerate(WORDS.items()):
        ending, said = (("txt", words), ("json", json.dumps({"caption": words})))[i % 2]
        (files / f"{name}.{ending}").write_text(said, "utf-8")
        with tarfile.open(place / f"part-{i}.tar", "w") as archive:
            for file in sorted(files.glob(f"{name}.*")):
                archive.add(file, file.name)
    return str(place / "part-{0..2}.tar")


def in_parquet(place: Path) -> Path:
    pytest.importorskip("pyarrow")
    import pyarrow
    from pyarrow import parquet

    files = draw(place / "files")
    rows = [
        {"image": {"bytes": (files / f"{name}.png").read_bytes()}, "text": words}
        for name, words in WORDS.items()
    ]
    parquet.write_table(pyarrow.Table.from_pylist(rows), place / "all.parquet")
    return place / "all.parquet"


def pairs(samples) -> dict[str, int]:
    rows = np.arange(len(samples))
    given = samples.require_condition()
    raw = samples.source.read(rows)
    return dict(zip(given.space.titles(given.source.read(rows)), raw[:, 0, 0, 0].tolist(), strict=True))


@pytest.mark.parametrize("write", [beside, in_csv, in_lines, zipped, in_shards, in_parquet])
def test_every_picture_has_its_own_caption(write, tmp_path):
    samples = Captions(str(write(tmp_path / "data")), least=1).open(batch=2)
    assert pairs(samples) == {"a red apple": 30, "a green leaf": 90, "a red leaf": 150}
    assert samples.space == ImageSpace(8, 8, 3)
    assert samples.require_condition().space.tokenizer == PLAIN
    batch = samples.draw(0)
    assert batch.x.shape == (2, 3, 8, 8)
    assert batch.c.shape == (2, 3)
    samples.close()


def test_several_captions_take_turns_from_epoch_to_epoch(tmp_path):
    data = beside(tmp_path)
    (data / "a.txt").write_text("a red apple\na fruit\n", "utf-8")
    samples = Captions(str(data), least=1).open(batch=3)
    given = samples.require_condition()
    seen = {
        title for step in range(2) for title in given.space.titles(given.space.decode(samples.load(step).c))
    }
    assert seen == {"a red apple", "a fruit", "a green leaf", "a red leaf"}


def test_pictures_without_a_caption_are_left_out_and_told(tmp_path):
    data = beside(tmp_path)
    (data / "b.txt").unlink()
    samples = Captions(str(data), least=1).open(batch=1)
    assert list(pairs(samples).values()) == [30, 150]
    assert "1 pictures have no caption" in samples.understood[0]


def test_splits_are_kept_and_classes_are_not(tmp_path):
    for part in ("train", "test"):
        beside(tmp_path / part / "things")
    samples = Captions(str(tmp_path), least=1).open(batch=1)
    assert (len(samples), len(samples.held_out)) == (3, 3)
    assert not samples.labelled
    assert samples.held_out is not samples.source


def test_equal_captions_stand_on_one_side_of_the_split():
    n = 120
    words = [f"thing number{i % 60}" for i in range(n)]
    raw = np.arange(n, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    samples = Captions((raw, words), least=1).open(batch=4)
    sides = [
        source.read(np.arange(len(source)))[:, 0, 0, 0] % 60 for source in (samples.source, samples.held_out)
    ]
    assert len(sides[1]) == 12
    assert not {*sides[0].tolist()} & {*sides[1].tolist()}


def test_captions_without_blanks_are_read_by_characters():
    raw = np.zeros((3, 8, 8, 1), np.uint8)
    samples = Captions((raw, ["红色的苹果", "绿叶", "红叶"]), least=1).open(batch=1)
    assert samples.require_condition().space.tokenizer == CHARACTERS


def test_networks_are_built_again_without_the_data():
    samples = Captions().open(batch=2)
    again = Captions(samples.blank).open(batch=2)
    assert again.space == samples.space
    assert again.require_inputs() == samples.require_inputs()
    with pytest.raises(ValueError, match="pictures with captions"):
        Captions(Blank(samples.space)).open(batch=2)


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda place: shutil.rmtree(place), "nothing|there is no data"),
        (lambda place: [file.unlink() for file in place.glob("*.txt")], "no picture has a caption"),
        (lambda place: (place / "metadata.csv").write_text("file_name,note\na.png,hm\n"), "no column"),
        (lambda place: (place / "metadata.csv").write_text("file_name,text\nx.png,hm\n"), "names no picture"),
        (lambda place: (place / "metadata.jsonl").write_text("{"), "line 1 is no JSON"),
        (lambda place: (place / "metadata.jsonl").write_text("[1]"), "no object"),
        (lambda place: (place / "a.txt").write_bytes(b"\xff\xfe\xff"), "UTF-8"),
    ],
)
def test_bad_data_are_one_line(break_it, words, tmp_path):
    data = beside(tmp_path / "data")
    break_it(data)
    with pytest.raises((ValueError, FileNotFoundError), match=words) as error:
        Captions(str(data)).open(batch=1)
    assert "\n" not in str(error.value)


def test_pickles_are_refused_with_what_to_do(tmp_path):
    (tmp_path / "captions.pickle").write_bytes(b"")
    with pytest.raises(ValueError, match=r"pickle.*write a \.csv"):
        Captions(str(tmp_path / "captions.pickle")).open(batch=1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("a mauve circle", "has not learnt 'mauve'"),
        ("", "is empty"),
        ("xyzzy", "no word"),
        ({"a": "b"}, "is given a sentence"),
        ("a red circle " * 9, "has 27 plain words"),
    ],
)
def test_sentences_that_cannot_be_given_are_one_line(given, words):
    space = Captions().open(batch=1).require_inputs()
    with pytest.raises(ValueError, match=words):
        space.given(given, 2)


def test_sentences_are_given_in_any_case_and_gone_through():
    space = Captions().open(batch=1).require_inputs()
    rows = space.given(["A red CIRCLE!", "a blue square"], 3)
    assert space.titles(rows) == ["a red circle", "a blue square", "a red circle"]
