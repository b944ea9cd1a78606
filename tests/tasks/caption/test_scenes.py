"""Scenes are what their captions say, and that can be read off their pixels."""

from __future__ import annotations

import numpy as np
import pytest

from ptarmigan.tasks.caption import truth
from ptarmigan.tasks.caption.scenes import (
    UNSEEN,
    Scene,
    Shape,
    drawn,
    known,
    pictures,
    scene_of,
)

FEW = drawn(60, "held out")


def test_captions_say_what_is_drawn():
    found = truth.right(pictures(FEW, np.arange(60), 32, 32), list(known(FEW.captions)))
    assert {aspect: float(np.nanmean(values)) for aspect, values in found.items()} == dict.fromkeys(
        truth.ASPECTS, 1.0
    )


@pytest.mark.parametrize(
    ("aspect", "caption", "other"),
    [
        ("colour", "a red circle", "a blue circle"),
        ("form", "a red circle", "a red square"),
        ("size", "a small red circle", "a large red circle"),
        ("place", "a red circle in the top left", "a red circle in the bottom left"),
        ("relation", "a red circle above a blue square", "a red circle below a blue square"),
    ],
)
def test_each_aspect_can_be_wrong_alone(aspect, caption, other):
    told, shown = map(scene_of, (caption, other))
    centres = [(8.0, 8.0), (24.0, 8.0)] if "above" in caption else [(24.0, 8.0)]
    if aspect == "relation":
        centres = centres[::-1]
    shapes = [
        truth.Found(Shape(shape.form, shape.colour, shape.size), centre)
        for shape, centre in zip(shown.shapes, centres, strict=True)
    ]
    row = truth.compared(shapes, told)
    wrong = {name for name, value in row.items() if value == 0}
    assert wrong == {aspect, "everything"}


def test_a_picture_of_too_few_or_too_many_shapes_is_wrong_in_all_that_is_said():
    row = truth.compared([], Scene((Shape("circle", "red"),)))
    assert row["colour"] == row["everything"] == 0
    assert np.isnan([row["size"], row["place"], row["relation"]]).all()


def test_held_out_combinations_are_in_no_scene_to_learn_from():
    train, apart = (list(known(drawn(400, part).captions)) for part in ("train", "held out"))
    assert not any(scene.unseen for scene in train)
    assert [scene.unseen for scene in apart[:40]] == [i % 2 == 1 for i in range(40)]
    assert len(UNSEEN) == len({*UNSEEN})


@pytest.mark.parametrize("caption", FEW.captions[:10])
def test_captions_are_read_back(caption):
    assert scene_of(caption).caption == caption


@pytest.mark.parametrize("caption", ["", "a circle", "a red circle above", "a red circle on a plate"])
def test_other_sentences_are_no_captions_of_scenes(caption):
    assert scene_of(caption) is None
    with pytest.raises(ValueError, match="is no caption of a scene"):
        list(known([caption]))


def test_scenes_of_any_size_show_the_same():
    at = np.arange(20)
    for sides in ((24, 24), (64, 64)):
        found = truth.right(pictures(FEW, at, *sides), list(known(FEW.captions[:20])))
        assert np.nanmean(found["colour"]) == 1
        assert np.nanmean(found["place"]) == 1
