"""What data are taken for: by one modality, or refused with the words that help."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from torch.utils.data import TensorDataset

from ptarmigan.modalities.recognise import recognise
from ptarmigan.modalities.registry import from_json, modalities, modality, modality_of


def written(place: Path) -> dict[str, object]:
    """Data of many kinds, and what each is to be taken for, by name."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (6, 8, 8), np.uint8)
    (place / "photos").mkdir()
    Image.fromarray(pixels[0]).save(place / "photos" / "a.png")
    np.save(place / "pixels.npy", pixels)
    np.save(place / "colour.npy", rng.random((6, 8, 8, 3)))
    np.savez(place / "pixels.npz", images=pixels, labels=np.arange(6))
    np.save(place / "plane.npy", rng.normal(size=(9, 2)))
    np.savetxt(place / "plane.csv", rng.normal(size=(9, 2)), delimiter=",")
    np.savez(place / "rows.npz", X=rng.normal(size=(9, 4)), y=np.zeros(9))
    np.save(place / "waves.npy", 5 * rng.normal(size=(9, 20, 2)))
    pd.DataFrame({"age": [1, 2], "name": ["a", "b"]}).to_csv(place / "people.csv", index=False)
    pd.DataFrame({"age": [1, 2], "name": ["a", "b"]}).to_parquet(place / "people.parquet")
    pd.DataFrame({"image": [{"bytes": b"x", "path": "x"}], "label": [1]}).to_parquet(place / "images.parquet")
    return {
        "photos": "image",
        "pixels.npy": "image",
        "colour.npy": "image",
        "pixels.npz": "image",
        "images.parquet": "image",
        "plane.npy": "point",
        "plane.csv": "point",
        "rows.npz": "vector",
        "waves.npy": "series",
        "people.csv": "table",
        "people.parquet": "table",
    }


def test_files_are_taken_for_what_they_are(tmp_path: Path) -> None:
    for name, kind in written(tmp_path).items():
        found = recognise(str(tmp_path / name))
        assert found.modality.name == kind, name
        assert found.reason
        assert found.modality.plural in found.line


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("digits", "image"),
        ("stacked-mnist", "image"),
        ("ring", "point"),
        ("breast-cancer", "vector"),
        ("iris", "table"),
        ("sines", "series"),
        ("vowels", "sound"),
        ("rain", "field"),
    ],
)
def test_sets_that_have_a_name(name: str, kind: str) -> None:
    assert recognise(name).modality.name == kind


def test_what_lies_in_memory() -> None:
    import torch

    pixels = np.zeros((4, 8, 8, 3), np.uint8)
    assert recognise(pixels).modality.name == "image"
    assert recognise((pixels, np.arange(4))).modality.name == "image"
    assert recognise(TensorDataset(torch.zeros(4, 1, 8, 8))).modality.name == "image"
    assert recognise(np.zeros((4, 2))).modality.name == "point"
    assert recognise(pd.DataFrame({"a": [1.0]})).modality.name == "table"
    assert recognise([np.zeros((9, 2)), np.zeros((7, 2))]).modality.name == "series"


def test_what_nobody_takes_is_refused_with_what_each_takes(tmp_path: Path) -> None:
    (tmp_path / "notes.doc").write_text("hello")
    with pytest.raises(ValueError, match=r"no kind of data.*images: digits.*series: sines"):
        recognise(str(tmp_path / "notes.doc"))
    with pytest.raises(FileNotFoundError, match=r"there is no data .*nowhere"):
        recognise(str(tmp_path / "nowhere"))


def test_a_person_may_say_the_kind(tmp_path: Path) -> None:
    written(tmp_path)
    assert recognise(str(tmp_path / "people.csv"), "series").modality.name == "series"
    with pytest.raises(ValueError, match=r"there is no kind of data 'smell'; there are .*image"):
        recognise("digits", "smell")


def test_what_several_take_is_refused_with_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from ptarmigan.modalities import recognise as recognising

    greedy = replace(
        modality("table"), name="greedy", plural="anything", recognise=lambda data: "it is there"
    )
    monkeypatch.setattr(recognising, "modalities", lambda: (modality("image"), greedy))
    with pytest.raises(ValueError, match=r"could be images \(the set digits\); anything .*--kind image"):
        recognise("digits")


def test_a_space_of_no_modality_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown space 'SmellSpace': expected one of .*ImageSpace"):
        from_json({"kind": "SmellSpace"})
    with pytest.raises(ValueError, match="the description of a PointSpace does not fit it"):
        from_json({"kind": "PointSpace", "sides": 3})


def test_every_space_has_one_modality(tmp_path: Path) -> None:
    for each in modalities():
        place = tmp_path / each.name
        place.mkdir()
        space = each.options(each.example(place)).open(batch=1).space
        assert modality_of(space) is each
