"""The comparison with the golden losses holds on any machine, and finds what changes them."""

from __future__ import annotations

import golden
import pytest

from ptarmigan import zoo
from ptarmigan.core.schedule import linear
from ptarmigan.training.options import build, defaults

WRITTEN = {"a": [1.0, 2.0], "b": [0.0, 1e-5]}


def test_rounding_is_no_change():
    rounded = {"a": [1.0, 2.0 + 1e-12], "b": [1e-17, 1e-5]}
    assert golden.changed(rounded, WRITTEN) == {}
    assert golden.changed(rounded, WRITTEN, tolerance=0.0).keys() == {"a", "b"}


@pytest.mark.parametrize(
    ("found", "terms"),
    [
        ({"a": [1.0, 2.0 + 1e-8], "b": [0.0, 1e-5]}, {"a"}),
        ({"a": [1.0, 2.0], "b": [0.0, 1.1e-5]}, {"b"}),
        ({"a": [1.0], "b": [0.0, 1e-5]}, {"a"}),
        ({"a": [1.0, 2.0]}, {"b"}),
        ({**WRITTEN, "c": [1.0]}, {"c"}),
    ],
)
def test_any_other_difference_is_a_change(found, terms):
    assert golden.changed(found, WRITTEN).keys() == terms


@pytest.mark.parametrize(
    ("name", "option"), [("translate.cut", "content"), ("translate.fastcut", "lr"), ("translate.style", "lr")]
)
def test_an_option_changed_by_a_thousandth_is_found(name, option):
    value = defaults(zoo.recipe(name))[option] * 1.001
    assert golden.changed(golden.losses(name, **{option: value}), golden.read()[name])


def test_a_schedule_that_differs_late_is_found(monkeypatch):
    def other(recipe, options):
        run = build(recipe, options)
        run.rate = linear(1.0, 0.0, begin=0.9)
        return run

    monkeypatch.setattr(golden, "build", other)
    found, written = golden.losses("translate.fastcut"), golden.read()["translate.fastcut"]
    assert golden.changed(found, written)
    first = {term: values[:15] for term, values in found.items()}
    assert golden.changed(first, {term: values[:15] for term, values in written.items()}) == {}


def test_losses_that_amplify_rounding_are_not_written(monkeypatch, tmp_path):
    monkeypatch.setattr(golden, "FILE", tmp_path / "golden.json")
    monkeypatch.setattr(golden, "OPTIONS", {})
    with pytest.raises(SystemExit, match="amplifies rounding"):
        golden.main(["translate.fastcut"])
    assert not golden.FILE.exists()


def test_the_check_says_how_far_losses_are_apart(monkeypatch, tmp_path):
    monkeypatch.setattr(golden, "FILE", tmp_path / "golden.json")
    golden.write({"toy.gan": WRITTEN})
    rounded, changed = ({**WRITTEN, "a": [1.0, 2.0 + by]} for by in (1e-12, 1e-8))
    assert golden.check({"toy.gan": WRITTEN}) == ""
    assert "another kind of machine" in golden.check({"toy.gan": rounded})
    assert "toy.gan: a by 5.0e-09" in golden.check({"toy.gan": changed})
    assert "another kind of machine" not in golden.check({"toy.gan": changed})
