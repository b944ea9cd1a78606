"""A recipe's signature as a form; what is filled in becomes arguments, and never a path."""

from __future__ import annotations

import pytest

from ptarmigan.core.errors import UsageError
from ptarmigan.studio.form import arguments, options
from ptarmigan.training.options import defaults
from ptarmigan.training.settings import Settings
from ptarmigan.zoo import recipe


@pytest.mark.parametrize(
    "name", ["toy.gan", "image.r1gan", "table.ctgan", "translate.pix2pix", "text.seqgan"]
)
def test_a_form_has_every_option_with_its_default_and_its_words(name):
    found = {each.name: each for each in options(name)}
    known = defaults(recipe(name)) | vars(Settings())
    assert found.keys() == known.keys()
    assert not [each.name for each in found.values() if not each.help]
    assert found["steps"].kind == "int"
    assert found["precision"].choices == ("auto", "fp32", "bf16")
    assert found["vitals"].kind == "bool"
    assert found["save_every"].kind == "int"
    assert found["data"].default in found["data"].choices


def test_what_is_filled_in_is_what_is_typed(tmp_path):
    (tmp_path / "mine.csv").touch()
    given = {
        "steps": "40",
        "lr": 0.01,
        "vitals": False,
        "compile": True,
        "data": "moons",
        "seed": 0,
        "save_every": "",
    }
    expected = ["toy.gan", "--steps=40", "--lr=0.01", "--no-vitals", "--compile", "--data=moons"]
    assert arguments("toy.gan", given) == expected
    assert arguments("toy.gan", {"data": "mine.csv"}, tmp_path) == [
        "toy.gan",
        f"--data={tmp_path / 'mine.csv'}",
    ]
    table = arguments("table.ctgan", {"categorical": "sex, class"})
    assert table == ["table.ctgan", "--categorical", "sex", "class"]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("../mine.py", {}),
        ("toy.nothing", {}),
        ("toy.gan", {"out": "x"}),
        ("toy.gan", {"data": "/etc/passwd"}),
        ("toy.gan", {"data": "../secret.csv"}),
        ("toy.gan", {"data": "https://example.org/x.csv"}),
        ("toy.gan", {"data": "--help"}),
        ("toy.gan", {"steps": "4; rm -rf /"}),
        ("toy.gan", {"steps": True}),
        ("toy.gan", {"lr": "nan"}),
        ("toy.gan", {"precision": "fp8"}),
        ("toy.gan", {"vitals": "yes"}),
        ("toy.gan", {"device": "~/x"}),
        ("toy.gan", {"separator": "a\nb"}),
        ("text.seqgan", {"held_out": "/etc/passwd"}),
        ("text.seqgan", {"held_out": "..\\secret"}),
        ("table.ctgan", {"categorical": "--rescue 3"}),
    ],
)
def test_what_is_no_value_of_its_kind_or_a_path_is_refused(name, given):
    with pytest.raises(UsageError):
        arguments(name, given)


def test_a_file_that_happens_to_lie_there_is_not_named_by_a_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert arguments("text.seqgan", {"held_out": "other"})
    (tmp_path / "other").touch()
    with pytest.raises(UsageError, match="a page names no files"):
        arguments("text.seqgan", {"held_out": "other"})
